# Reads the output of `curl --include` or `wget --server-response`, behind build.awk. The last line is the hook's:
# curl's status and seconds until it could send, and the exit status. Without that line the response was truncated.
BEGIN { is_curl = ENVIRON["a24_tool"] == "curl"; is_list = mode == "list" }
NR > 1 { read_line(last) } { last = $0 }
END {
	count = split(last, parts, " "); exited = parts[count]; header_status = status
	is_whole = last ~ /^([0-9][0-9][0-9] [0-9.]+ )?[0-9]+$/; is_complete = is_whole && exited == 0
	if (!is_whole) read_line(last)
	else if (count == 3) status = parts[1] + 0
	gsub(/"[ \t\n]*:[ \t\n]*/, "\":", body); is_json = body ~ /^[ \t\n]*[{]/ && final ~ /[}][ \t\r]*$/
	if (mode == "history") print status == 200 && is_complete ? find_rollback() : judge()
	else if (is_list) print status !~ /^2/ ? "" : found ? "found" : has_list && is_json && is_complete ? "absent" : ""
	else print judge() "\n" doubt "\n" retry_after + 0 "\n" show(request_id) "\n" show(id) "\n" escape(redact(reason))
}
function show(text) { return fit(escape(redact(text)), 100) }
# No body can imitate a header: wget indents headers, and after curl's empty line only those of a proxy or a 1xx go on.
function read_line(line,   name) {
	if (!in_body) sub(/\r$/, "", line)
	if (!in_body && line ~ /^ *HTTP\/[0-9.]+ [0-9][0-9][0-9]/ && (status < 200 || (ended && status < 300))) {
		sub(/^ *[^ ]+ /, "", line); status = substr(line, 1, 3) + 0; retry_after = request_id = ended = ""
	} else if (!in_body && !ended && line ~ (is_curl ? "^[A-Za-z0-9_-]+:" : "^(  [A-Za-z0-9_-]+|wget):")) {
		name = tolower(substr(line, 1, index(line, ":"))); sub(/^[^:]*:[ \t]*/, "", line)
		if (name ~ /^ *retry-after:/ && line ~ /^[0-9]+$/) retry_after = substr(line, 1, 6)
		if (name ~ /^ *x-request-id:/) request_id = line
		if (name == "wget:" && line !~ /^server returned error/) note = note line
	} else if (!in_body && is_curl && line == "") ended = 1
	else {
		in_body = 1; if (line != "") final = line
		if (is_list && index(line, "\\/")) gsub(/\\\//, "/", line)
		if (is_list && index(line, ENVIRON["a24_find"])) found = 1
		if (line ~ /"data"[ \t]*:[ \t]*\[/) has_list = 1
		if (length(body) < 20000) body = body substr(line, 1, mode == "history" ? 4000000 : 20000) "\n"
	}
}
# Returns recorded, refused, retry, unconfirmed, untrusted (the certificate) or proven (a busybox may get the key).
function judge(   remedy) {
	@remedies@
	reason = "Alert24 answered " status read_error()
	if (exited == 97 || note ~ /certificate validation not implemented/) { reason = ENVIRON["a24_none"]; return "refused" }
	if (!status || (status ~ /^2/ && is_whole && !is_complete)) return judge_silence()
	if (mode == "probe" && status !~ /^3/) return "proven"
	if (status ~ /^2/) return judge_success()
	doubt = status ~ /^5[02]4$/ ? "timeout" : status ~ /^(409|5..)$/ ? "maybe" : ""
	if (status ~ /^(408|425|429|5..)$/) return "retry"
	reason = reason (status in remedy ? ": " remedy[status] : status < 400 ? ": " remedy[300] : ""); return "refused"
}
# Only Alert24's own words count: a proxy, a captive portal or a sign-in page responds with 200, too.
function judge_success(   has_data) {
	has_data = is_json && match(body, /"data":[^n]/) && substr(body, 1, RSTART - 1) !~ /[{].*[{[]/
	if (match(body, /"data":[{][^{}]*"id":("[^"\\]*"|[0-9]+)/)) id = substr(body, RSTART, RLENGTH)
	sub(/.*"id":/, "", id); gsub(/"/, "", id)
	if ((request_id != "" || has_data) && body !~ /"error":|"success":false/) return "recorded"
	gsub(/<[^>]*>|[ \t\n]+/, " ", body); gsub(/  +/, " ", body); body = trim(fit(body, 100))
	reason = "the answer " status " does not confirm the change: "
	reason = reason (body == "" ? "an empty page" : "a page that begins with " json(body))
	return doubt = "unconfirmed"
}
function read_error(   type, words) {
	if (match(body, /"type":"[^"\\]*"/)) type = fit(substr(body, RSTART + 8, RLENGTH - 9), 100)
	if (match(body, /"message":"/)) words = substr(body, RSTART + 11, 2000)
	words = match(words, /^([^"\\]|\\.)+/) ? "\"" fit(substr(words, 1, RLENGTH), 200) "\"" : ""
	return body !~ /"error":[{]/ || type words == "" ? "" : " (" type (type != "" && words != "" ? ": " : "") words ")"
}
# The client's exit status is the reason (https://curl.se/libcurl/c/libcurl-errors.html, GNU wget's manual).
function judge_silence(   is_sent) {
	is_sent = (count < 3 || parts[2] > 0) && note !~ /^(can't connect|bad address)/
	reason = "the proxy refused the connection with " header_status
	if (header_status == 407) reason = reason ": check the user name and password in HTTPS_PROXY"
	if (is_curl && header_status > 299) return header_status < 500 ? "refused" : "retry"
	reason = untrusted; if (exited ~ (is_curl ? "^(51|60|77|83|90|91)$" : "^5$")) return "untrusted"
	if (is_sent && mode == "post") doubt = exited ~ (is_curl ? "^28$" : "^(4|137)$") ? "timeout" : "maybe"
	if (note == "") note = "exit status " exited " of " (is_curl ? "curl" : "wget")
	reason = "no " (is_sent ? "complete response" : "connection") " within " ENVIRON["a24_time"] " s"
	if (exited !~ /^(28|137)$/) reason = "the connection failed (" note ")"
	return "retry"
}
# Returns `rollback` if a job of this name deployed this commit, and another one later, according to the list of the
# newest deployments (https://docs.gitlab.com/api/deployments/). No text in JSON contains a key in quotation marks.
function find_rollback(   list, n, i, at, sha, name, is_older) {
	name = "\"name\":" json(env("CI_JOB_NAME"))
	n = split(body, list, /"deployable":[{]/)
	for (i = 2; i <= n; i++) {
		sha = list[i - 1]; sub(/.*"sha":"/, "", sha); sub(/".*/, "", sha); at = index(list[i], "\"name\":")
		if (substr(list[i], at, length(name)) != name || index(list[i], "\"id\":" env("CI_JOB_ID") ",") == 1) continue
		if (sha == env("CI_COMMIT_SHA")) return is_older ? "rollback" : ""
		is_older = 1
	}
}
