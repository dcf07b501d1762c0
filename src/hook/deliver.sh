# Delivery of one change: at most three attempts, within the budget, and at most one record as far as the external id can be looked for.

say_recorded() { # word
	say "$1: $label${change_id:+ (change $change_id)}"
}

remaining_seconds() {
	echo "$((deadline - $(tool date +%s)))"
}

# The time for one request: as much as asked for, as much as there is. Fails where there is none.
take_seconds() { # seconds
	seconds=$(remaining_seconds)
	[ "$seconds" -gt 0 ] || return 1
	[ "$seconds" -le "$1" ] || seconds=$1
}

deliver() { # idempotency key, external id as JSON, label, payload
	idempotency_key=$1 external_id=$2 label=$3 payload=$4
	reason='' change_id='' pause=1 may_be_recorded=no
	[ "${ALERT24_DEDUPE:-}" != always ] || may_be_recorded=yes
	for attempt in 1 2 3; do
		if is_recorded; then say_recorded 'Already recorded'; return; fi
		take_seconds 10 || break
		attempt_to_record
		case $verdict in
			recorded) say_recorded Recorded; return ;;
			refused) say_could_not "$label" "$reason"; return ;;
		esac
		[ "$attempt" -lt 3 ] || break
		wait_before_retry || break
	done
	# The last word: it may be recorded although no answer said so.
	if is_recorded; then say_recorded 'Already recorded'; return; fi
	say_could_not "$label" "${reason:-the time of ALERT24_TIMEOUT is used up}"
}

# Growing pauses, or the one that the server asks for, up to 20 s.
wait_before_retry() {
	wait_for=$pause
	pause=$((pause * 3))
	[ -z "$asked_for" ] || wait_for=$asked_for
	[ "$wait_for" -le 20 ] || wait_for=20
	[ "$(remaining_seconds)" -gt "$wait_for" ] || return 1
	# Left behind by a hook that is killed, it must not keep the log of the job open.
	tool sleep "$wait_for" >/dev/null 2>&1
}

# Sets `verdict`: recorded, refused (no use to try again) or failed; and `reason`.
attempt_to_record() {
	verdict=failed asked_for=''
	if [ "$client" = busybox_wget ] && [ "$is_proven" = no ]; then
		ask_without_key || return 0
		take_seconds 10 || return 0
	fi
	method=POST url=$api_url/api/v1/changes body=$payload ca_file=$trusted_ca
	headers="Content-Type: application/json${newline}Accept: application/json${idempotency_key:+${newline}Idempotency-Key: $idempotency_key}"
	secret_header="Authorization: Bearer $api_key"
	request "$answer_awk" 300000
	case $client,$client_status in
		curl,60 | gnu_wget,5) if find_private_ca; then request "$answer_awk" 300000; fi ;;
	esac
	judge_answer
}

# The certificates that the image trusts come first; where they do not do, those of the job's own authority.
find_private_ca() {
	[ -z "$trusted_ca" ] || return 1
	for file in "${SSL_CERT_FILE:-}" "${NODE_EXTRA_CA_CERTS:-}"; do
		if [ -f "$file" ] && [ -r "$file" ]; then
			trusted_ca=$file ca_file=$file
			return 0
		fi
	done
	return 1
}

# busybox's wget follows redirects and takes the key along, and in some images it does not check certificates. So it first asks without the key, and the
# key goes nowhere unless the answer is that of the address itself.
ask_without_key() {
	method=GET url=$api_url/api/v1/changes body='' ca_file=
	headers='' secret_header='Accept: application/json' known=$may_be_recorded
	request "$answer_awk" 300000
	judge_answer
	may_be_recorded=$known
	[ "$verdict" != recorded ] || verdict=failed
	if [ -n "$is_unverified" ]; then
		verdict=refused reason='the wget of this image, busybox, checks no certificates, and the key would go to anybody: add curl'
		return 1
	fi
	case $status in
		3??) return 1 ;;
		[1-9]??) is_proven=yes ;;
		*) return 1 ;;
	esac
}

# Whether a change that may have been recorded in spite of a failure is among the newest. A list that cannot be read tells nothing.
is_recorded() {
	[ "$client" != busybox_wget ] || [ "$is_proven" = yes ] || return 1
	[ "$may_be_recorded" = yes ] && [ "${ALERT24_DEDUPE:-}" != never ] && [ "$external_id" != '""' ] || return 1
	take_seconds 5 || return 1
	method=GET url="$api_url/api/v1/changes?limit=100" body='' ca_file=$trusted_ca
	headers='Accept: application/json' secret_header="Authorization: Bearer $api_key"
	hook_external_id=$external_id
	export hook_external_id
	request "$text_awk$read_json_awk$read_response_awk$find_change_awk" 1000000
	case $answer in found"$separator"*) change_id=${answer#*"$separator"} ;; *) return 1 ;; esac
}
