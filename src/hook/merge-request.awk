# The number of the merge request that a commit message says it came from, as the commit templates of GitLab write it
# (https://docs.gitlab.com/user/project/merge_requests/commit_templates/): the last line `See merge request <reference>`, else a subject that ends
# in `(!123)`. The last line counts, because a revert quotes the one that it reverts above its own.
function find_merge_request(message,   lines, count, i, line, number, at) {
	count = split(message, lines, "\n")
	for (i = count; i > 0; i--) {
		if (substr(lines[i], 1, 18) != "See merge request ") continue
		number = number_of_reference(trim_end(substr(lines[i], 19)))
		if (number != "") return number
	}
	line = trim_end(lines[1])
	if (substr(line, length(line)) != ")") return ""
	line = substr(line, 1, length(line) - 1)
	if (line !~ /\(/) return ""
	while ((at = index(line, "(")) > 0) line = substr(line, at + 1)
	return line ~ /!/ && line !~ /\)/ ? number_of_reference(line) : ""
}

# `!12`, `group/project!12` or `https://host/group/project/-/merge_requests/12`, of this project only: a message may quote those of another.
function number_of_reference(reference,   path, prefix, number) {
	if (reference == "" || reference ~ /[ \t\013\014\r]/) return ""
	if (match(reference, /![1-9][0-9]*$/) && RLENGTH <= 21) {
		path = substr(reference, 1, RSTART - 1)
		return path == "" || path == decode(ENVIRON["CI_PROJECT_PATH"], 0) ? substr(reference, RSTART + 1) : ""
	}
	if (ENVIRON["CI_PROJECT_URL"] == "") return ""
	prefix = decode(ENVIRON["CI_PROJECT_URL"], 0) "/-/merge_requests/"
	number = substr(reference, length(prefix) + 1)
	return index(reference, prefix) == 1 && is_number(number) ? number : ""
}

# Less the white space at its end.
function trim_end(line) {
	line = decode(line, 0)
	sub(/[ \t\013\014\r]+$/, "", line)
	return line
}

function is_number(text) {
	return text ~ /^[1-9][0-9]*$/ && length(text) <= 20
}
