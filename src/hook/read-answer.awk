# What Alert24 answered to a new change: status, the first status where a redirect was followed, pause asked for, id, the words for the log, what wget
# complained of, and whether it said that it checks no certificate.
END {
	separator = sprintf("%c", 31)
	words = error_message == "" ? "" : ": " cut(visible(decode(error_message, 0)), 300)
	if (request_id != "") words = words " (request id " cut(visible(decode(request_id, 0)), 100) ")"
	print status separator first_status separator pause_asked_for() separator cut(visible(decode(change_id, 0)), 100) separator words separator cut(visible(decode(complaint, 0)), 200) separator is_unverified
}

function on_value(path, value) {
	if (path == "data.id") change_id = plain(substr(value, 1, 1000))
	else if (path == "error.message" || path == "error" || path == "message") error_message = plain(substr(value, 1, 5000))
}

function cut(text, limit) {
	return fit(text, limit)
}
