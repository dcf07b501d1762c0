# What an answer means.

# The parts that read-answer.awk prints.
split_answer() {
	old_ifs=$IFS IFS=$separator
	# shellcheck disable=SC2086 # split at the separator
	set -- $answer
	IFS=$old_ifs
	status=${1:-} first_status=${2:-} asked_for=${3:-} change_id=${4:-} words=${5:-} complaint=${6:-} is_unverified=${7:-}
	# A redirect that was followed is no answer of the address that was asked.
	case $first_status in 3??) status=$first_status ;; esac
}

judge_answer() {
	split_answer
	reason="Alert24 answered $status$words"
	case $status in
		2??) verdict=recorded ;;
		'') judge_silence ;;
		407) verdict=refused reason='the proxy answered 407: check the user name and password in HTTPS_PROXY' ;;
		429) verdict=failed ;;
		5??) verdict=failed may_be_recorded=yes ;;
		401) verdict=refused reason="$reason: check ALERT24_API_KEY: it may be mistyped, expired or revoked" ;;
		403) verdict=refused reason="$reason: the key needs the scope write" ;;
		404) verdict=refused reason="$reason: check ALERT24_SERVICE_ID, that the key belongs to the same organization, and ALERT24_API_URL" ;;
		3??) verdict=refused reason="$reason: a redirect, which is not followed: ALERT24_API_URL must be the final address" ;;
		*) verdict=refused ;;
	esac
}

# No answer: the client's exit status says why (https://curl.se/libcurl/c/libcurl-errors.html, GNU wget's manual).
judge_silence() {
	verdict=failed
	case $client,$client_status in
		curl,5 | curl,6) reason='its address or the proxy'\''s is not known to DNS' ;;
		curl,7) reason='no connection could be made' ;;
		curl,28 | *,143) may_be_recorded=yes reason="there was no answer within $seconds s" ;;
		curl,35) reason='the TLS handshake failed' ;;
		curl,51 | curl,58 | curl,60 | curl,77 | curl,83 | curl,9[01] | gnu_wget,5) verdict=refused reason='the TLS certificate is not trusted' ;;
		curl,[134]) verdict=refused reason="curl cannot use ALERT24_API_URL (curl's exit status $client_status)" ;;
		gnu_wget,97) verdict=refused reason='wget takes the key from a file only, and none can be written to /dev/shm, TMPDIR or /tmp: add curl to the image' ;;
		gnu_wget,4) may_be_recorded=yes reason="the connection failed, or there was no answer within $seconds s" ;;
		*) may_be_recorded=yes reason="no answer came (${complaint:-exit status $client_status of ${client#*_}})" ;;
	esac
}
