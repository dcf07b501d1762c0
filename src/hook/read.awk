# Reads a response as `curl --include` or `wget --server-response` prints it, behind build.awk. The last line is the
# hook's own: for curl the status and the seconds until it could send, then the client's exit status. Without that line
# the response was truncated. From the shell: a24_mode, a24_client, a24_find, a24_seconds.
NR > 1 { read_line(last) }
{ last = $0 }
END {
	mode = ENVIRON["a24_mode"]; is_curl = ENVIRON["a24_client"] == "curl"; count = split(last, parts, " ")
	is_whole = last ~ /^([0-9][0-9][0-9] [0-9.]+ )?[0-9]+$/; is_complete = is_whole && parts[count] == 0
	if (!is_whole) read_line(last)
	header_status = status
	if (is_whole && count == 3) status = parts[1] + 0
	is_json = body ~ /^[ \t\n]*[{]/ && final ~ /[}][ \t\r]*$/
	has_error = index(body, "\"error\"") || body ~ /"success"[ \t]*:[ \t]*false/
	if (mode == "deployments") print compare_deployments()
	else if (mode != "list") print judge() "\n" (mode == "probe" ? "" : doubt) "\n" retry_after + 0 "\n" show(request_id) "\n" show(id) "\n" escape(redact(reason))
	else print status !~ /^2/ ? "unreadable" : found ? "found" : has_list && is_json && is_complete ? "absent" : "unreadable"
}
function show(value) { return fit(escape(redact(value)), 100) }
# No body can imitate a header: wget indents headers, and after curl's empty line only those of a proxy or a 1xx go on.
function read_line(line,   name, is_curl) {
	is_curl = ENVIRON["a24_client"] == "curl"
	if (!in_body) sub(/\r$/, "", line)
	if (!in_body && line ~ /^ *HTTP\/[0-9.]+ [0-9][0-9][0-9]/ && (status < 200 || (ended && status < 300))) {
		sub(/^ *[^ ]+ /, "", line)
		status = substr(line, 1, 3) + 0; retry_after = request_id = ended = ""
	} else if (!in_body && !ended && line ~ (is_curl ? "^[A-Za-z0-9_-]+:" : "^(  [A-Za-z0-9_-]+|wget):")) {
		name = tolower(substr(line, 1, index(line, ":"))); sub(/^[^:]*:[ \t]*/, "", line)
		if (name ~ /^ *retry-after:/ && line ~ /^[0-9]+$/) retry_after = substr(line, 1, 6)
		if (name ~ /^ *x-request-id:/) request_id = line
		if (name == "wget:" && line !~ /^server returned error/) complaint = complaint line
	} else if (!in_body && is_curl && line == "") ended = 1
	else {
		in_body = 1
		if (line != "") final = line
		if (ENVIRON["a24_mode"] == "list") {
			if (line ~ /"data"[ \t]*:[ \t]*\[/) has_list = 1
			if (index(line, "\\/")) gsub(/\\\//, "/", line)
			if (index(line, ENVIRON["a24_find"])) found = 1
		}
		if (length(body) < 20000) body = body substr(line, 1, ENVIRON["a24_mode"] == "deployments" ? 4000000 : 20000) "\n"
	}
}
# Returns recorded, refused, retry, unconfirmed, untrusted (the certificate), or proven (a busybox that may get the key).
function judge(   remedy) {
	@remedies@
	reason = "Alert24 answered " status read_error()
	if (complaint ~ /certificate validation not implemented/) return refuse("the wget of this image, busybox, verifies no certificates: add curl to the image")
	if (!status || (status ~ /^2/ && is_whole && !is_complete)) return judge_silence(parts[count])
	if (mode == "probe" && status !~ /^3/) return "proven"
	if (status ~ /^2/) return judge_success()
	if (status == 407) return refuse("the proxy answered 407: check the user name and password in HTTP_PROXY")
	doubt = status ~ /^5[02]4$/ ? "timeout" : status ~ /^(409|5..)$/ ? "maybe" : ""
	if (status ~ /^(408|425|429|5..)$/) return "retry"
	return refuse(reason (status in remedy ? ": " remedy[status] : status < 400 ? ": " remedy[300] : ""))
}
function refuse(words) { reason = words; return "refused" }
# Only Alert24's own words count: a proxy, a captive portal or a sign-in page responds with 200, too.
function judge_success(   has_data) {
	has_data = match(body, /"data"[ \t\n]*:[ \t\n]*[^ \t\nn]/) && substr(body, 1, RSTART - 1) !~ /[{].*[{[]/
	if (!has_error && (request_id != "" || (is_json && has_data))) {
		if (match(body, /"data"[ \t\n]*:[ \t\n]*[{][^{}]*"id"[ \t\n]*:[ \t\n]*("[^"\\]*"|[0-9]+)/)) id = substr(body, RSTART, RLENGTH)
		sub(/.*"id"[ \t\n]*:[ \t\n]*/, "", id); gsub(/"/, "", id)
		return "recorded"
	}
	gsub(/<[^>]*>|[ \t\n]+/, " ", body); gsub(/  +/, " ", body); body = trim(fit(body, 100))
	reason = "the answer " status " does not confirm the change: " (body == "" ? "an empty page" : "a page that begins with " json(body))
	return doubt = "unconfirmed"
}
function read_error(   type, words) {
	if (body !~ /"error"[ \t\n]*:[ \t\n]*[{]/) return ""
	if (match(body, /"type"[ \t\n]*:[ \t\n]*"[^"\\]*"/)) type = substr(body, RSTART, RLENGTH - 1)
	sub(/.*"/, "", type)
	if (match(body, /"message"[ \t\n]*:[ \t\n]*"/)) words = substr(body, RSTART + RLENGTH, 2000)
	words = match(words, /^([^"\\]|\\.)+/) ? "\"" fit(substr(words, 1, RLENGTH), 200) "\"" : ""
	return type words == "" ? "" : " (" fit(type, 100) (type != "" && words != "" ? ": " : "") words ")"
}
# The client's exit status is the reason (https://curl.se/libcurl/c/libcurl-errors.html, GNU wget's manual).
function judge_silence(code,   is_sent) {
	is_sent = (count < 3 || parts[2] > 0) && complaint !~ /^(can't connect|bad address)/
	if (is_curl && header_status > 299) {
		reason = "the proxy refused the connection with " header_status (header_status == 407 ? ": check the user name and password in HTTPS_PROXY" : "")
		return header_status < 500 ? "refused" : "retry"
	}
	if (code == 97) return refuse("wget reads the key from a file, and no file can be written to /dev/shm, TMPDIR or /tmp: add curl to the image")
	if (is_curl ? code ~ /^(51|58|60|77|83|90|91)$/ : code == 5) {
		reason = "the server's certificate is not trusted: a private CA can be named by NODE_EXTRA_CA_CERTS or SSL_CERT_FILE"
		return "untrusted"
	}
	if (is_sent) doubt = code ~ (is_curl ? "^28$" : "^(4|143)$") ? "timeout" : "maybe"
	reason = "the connection failed (" first(complaint, "exit status " code " of " (is_curl ? "curl" : "wget")) ")"
	if (code ~ /^(28|143)$/) reason = "no " (is_sent ? "complete answer" : "connection") " within " ENVIRON["a24_seconds"] " s"
	return "retry"
}
# Compares this deployment with the newest successful ones to the environment (https://docs.gitlab.com/api/deployments/) by
# a job of the same name. A key with its quotation marks never occurs inside a text of JSON. Returns the kind and the newest.
function compare_deployments(   list, n, i, at, sha, name, newest, result) {
	name = "\"name\":" json(env("CI_JOB_NAME"))
	n = status == 200 && is_complete && env("CI_JOB_NAME") != "" ? split(body, list, "\"deployable\":") : 0
	for (i = 2; i <= n && result !~ /^r/; i++) {
		sha = list[i - 1]; sub(/.*"sha":"/, "", sha); sub(/".*/, "", sha); at = index(list[i], "\"name\":")
		if (sha !~ /^[0-9a-f]+$/ || substr(list[i], at, length(name)) != name || index(list[i], "{\"id\":" env("CI_JOB_ID") ",") == 1) continue
		if (newest == "") result = "deployment\n" (newest = sha)
		if (sha == env("CI_COMMIT_SHA")) sub(/^deployment/, sha == newest ? "redeployment" : "rollback", result)
	}
	return result
}
