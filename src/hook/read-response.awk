# Reads what curl -i or wget -S print: the header lines, then the body. A proxy or a `100 Continue` may have put other headers before them: the last
# ones count. What counts as a header or a status is what no body can imitate: -S of wget indents them, curl tells the status last. The client comes from
# the shell as hook_client.
BEGIN {
	learn_bytes()
	is_curl = ENVIRON["hook_client"] == "curl"
	in_headers = 1
}

{
	sub(/\r$/, "")
	last_line = $0
	if (is_status_line() && (in_headers || body_lines == 0)) start_headers()
	else if (in_headers && is_header()) read_header()
	else if (in_headers) {
		in_headers = 0
		# GNU wget prints no blank line between headers and body.
		if ($0 !~ /^ *$/) read_body()
	} else read_body()
}

# What curl was told to write last; 000 is no answer. It is absent from an answer that was cut at the limit.
END {
	if (is_curl && last_line ~ /^ALERT24 [0-9][0-9][0-9]$/) status = substr(last_line, 9) == "000" ? "" : substr(last_line, 9)
}

# After a final status there is no other, but that after the 200 of a proxy, which curl shows.
function is_status_line() {
	if (status != "" && status !~ (is_curl ? "^[12]" : "^1")) return 0
	return $0 ~ (is_curl ? "^HTTP/[0-9.]+ [0-9][0-9][0-9]" : "^ +HTTP/[0-9.]+ [0-9][0-9][0-9]")
}

function is_header() {
	return $0 ~ (is_curl ? "^[A-Za-z0-9_-]+:" : "^( +[A-Za-z0-9_-]+|wget):")
}

function start_headers() {
	in_headers = 1
	status = $2
	if (first_status == "") first_status = status
	retry_after = server_date = request_id = ""
}

function read_header(   name, value) {
	name = tolower($0)
	sub(/^ */, "", name)
	sub(/:.*/, "", name)
	value = $0
	sub(/^[^:]*:[ \t]*/, "", value)
	if (name == "retry-after") retry_after = value
	else if (name == "date") server_date = value
	else if (name == "x-request-id") request_id = value
	# What the wget of busybox says of itself.
	else if (name == "wget" && value ~ /TLS certificate validation not implemented/) is_unverified = 1
	else if (name == "wget" && value !~ /^server returned error/) complaint = value
}

function read_body() {
	body_lines++
	read_json_line($0)
}

# The pause that Retry-After asks for, in seconds; empty for none. A date counts from that of the server, and from the same day, because awk has no calendar.
function pause_asked_for(   seconds) {
	if (retry_after ~ /^[0-9]+$/) return length(retry_after) > 6 ? 999999 : retry_after + 0
	if (retry_after !~ /GMT$/ || server_date !~ /GMT$/) return ""
	seconds = seconds_of_day(retry_after) - seconds_of_day(server_date)
	return seconds < -43200 ? seconds + 86400 : seconds < 0 ? 0 : seconds
}

# `Sun, 06 Nov 1994 08:49:37 GMT`
function seconds_of_day(date,   parts) {
	split(date, parts, /[ :]/)
	return parts[5] * 3600 + parts[6] * 60 + parts[7]
}
