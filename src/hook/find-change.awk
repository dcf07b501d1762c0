# The id of the change, among those listed, whose external id is the one in hook_external_id (a JSON string); nothing where there is none.
BEGIN {
	wanted = ENVIRON["hook_external_id"]
	wanted = plain(substr(wanted, 2, length(wanted) - 2))
}

function on_value(path, value,   parts) {
	if (split(path, parts, ".") != 3 || parts[1] != "data") return
	if (parts[3] == "id") ids[parts[2]] = plain(substr(value, 1, 1000))
	# No character takes more than six bytes for each of its own.
	if (parts[3] == "external_id" && length(value) <= 6 * length(wanted) && plain(value) == wanted) found = parts[2]
}

END {
	if (status ~ /^2/ && found != "") print "found" sprintf("%c", 31) fit(visible(decode(ids[found], 0)), 100)
}
