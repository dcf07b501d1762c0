# The names begin with a24_ and no text is split at IFS: the job may have any variables, readonly ones among them.
# A backslash before a command keeps an alias of the job from replacing it.
a24_newline='
'
a24_print() { printf '%s\n' "$1" 2>/dev/null || :; }
a24_has() { command -v "$1" >/dev/null 2>&1; }
# Moves the first lines of a24_out to the variables of these names.
a24_take() { for a24_name; do eval "$a24_name=\${a24_out%%\"\$a24_newline\"*}"; a24_out=${a24_out#*"$a24_newline"}; done; }
# Sets a24_left, in seconds. /proc/uptime never jumps; if there is only the wall clock, the pauses bound the run, too.
a24_read_clock() {
	{ read -r a24_now </proc/uptime; } 2>/dev/null || a24_now=$(\date +%s)
	a24_random=${a24_now#*.} a24_now=${a24_now%%.*}
	a24_random=1${a24_random%% *} a24_left=$((a24_deadline - a24_now))
	[ "$a24_left" -lt "$((a24_budget - a24_slept))" ] || a24_left=$((a24_budget - a24_slept))
}
# Ends a command (after the seconds) that has no timeout of its own. The watcher keeps nothing open.
a24_within() {
	a24_limit=$1; shift; "$@" &
	a24_running=$!; { \sleep "0$a24_limit"; \kill "$a24_running"; } </dev/null >/dev/null 2>&1 4<&- &
	wait "$a24_running"; set -- "$?"; \kill "$!" 2>/dev/null; return "$1"
}
a24_print_headers() { # quotation mark
	for a24_header in "$a24_secret" 'Accept: application/json' 'Cache-Control: no-cache' \
		"${a24_body:+Content-Type: application/json}" "${a24_body:+Idempotency-Key: $a24_idempotency_key}"; do
		[ -z "$a24_header" ] || printf 'header = %s%s%s\n' "$1" "$a24_header" "$1"
	done
}
# curl reads its settings from its standard input, and not from ~/.curlrc. Nothing is on its argument list.
a24_curl() {
	printf '%s' "$a24_body" | { exec 4<&0; {
		printf 'url = "%s"\nrequest = %s\nmax-time = %s\nuser-agent = "%s"\n' "$a24_address" "$a24_method" "$a24_seconds" "$a24_agent"
		printf 'silent\ninclude\ngloboff\nconnect-timeout = 10\nheader = "Expect:"\n'
		printf 'write-out = "\\n%%{http_code} %%{time_pretransfer} "\n'
		a24_print_headers '"'
		[ -z "$a24_ca" ] || printf 'cacert = "%s"\n' "$a24_ca"
		[ -z "$a24_body" ] || printf 'data-binary = "@/dev/fd/4"\n'
	} | \curl -q --config -; }
}
# GNU wget reads the key from a file, which is removed before the key is written. A HOME could have .netrc and .wget-hsts.
a24_gnu_wget() {
	for a24_folder in /dev/shm "${TMPDIR:-/tmp}" ''; do
		[ -n "$a24_folder" ] || return 97
		a24_file=$(\mktemp "$a24_folder/alert24.XXXXXX") && exec 4<>"$a24_file" && \rm -f "$a24_file" && a24_print_headers '' >&4 &&
			printf '%s\n' "${a24_ca:+ca_certificate = $a24_ca}" "${a24_body:+post_data = $a24_body}" >&4 && break
	done
	export HOME=/nonexistent
	a24_within "$((a24_seconds + 1))" wget --config=/dev/fd/4 --quiet --server-response --output-document=- --content-on-error \
		--max-redirect=0 --tries=1 --timeout="$a24_seconds" --user-agent="$a24_agent" "$a24_address" 2>&1
}
# busybox's wget takes a header from its argument list only, and sends a request for https to the proxy for http.
a24_busybox_wget() {
	set -- -q -S -O - -Y off -U "$a24_agent" --header "$a24_secret" --header 'Cache-Control: no-cache' "$a24_address"
	[ -z "$a24_body" ] || set -- --header 'Content-Type: application/json' --header "Idempotency-Key: $a24_idempotency_key" \
		--post-data "$a24_body" "$@"
	a24_within "$((a24_seconds + 1))" wget "$@" 2>&1
}
# Sends a request and prints what read.awk makes of the response, which is read up to a limit.
a24_request() { # mode, method, URL, header with a secret, seconds, bytes
	export a24_mode="$1" a24_seconds="$5" a24_client a24_find
	a24_agent='alert24-notify/@version@ (hook)' a24_method=$2 a24_address=$3 a24_secret=$4 a24_body=''
	[ "$2" != POST ] || a24_body=$a24_change
	{
		"a24_$a24_client" 2>/dev/null; a24_status=$?
		[ "$a24_client" = curl ] || printf '\n'
		printf '%s\n' "$a24_status"
	} | \head -c "$6" | \awk "$a24_build_awk$a24_read_awk" 2>/dev/null
}
a24_send() { # mode, method, header with a secret
	a24_read_clock
	[ "$a24_attempts" -lt 2 ] && a24_limit=$((a24_left / 2)) || a24_limit=$((a24_left > 13 ? 10 : a24_left * 3 / 4))
	a24_out=$(a24_request "$1" "$2" "$a24_url/api/v1/changes" "$3" "$((a24_limit > 0 ? a24_limit : 1))" 300000)
	a24_take a24_verdict a24_possible a24_asked a24_request_id a24_id a24_reason
}
# Sets a24_found. Succeeds if the list of the newest changes contains this one.
a24_search() {
	a24_found=''
	case $a24_find,$a24_client$a24_proven,${ALERT24_DEDUPE:-} in '""',* | *,busybox_wget,* | *,never) return 1 ;; esac
	[ -n "$a24_doubt" ] || [ "${ALERT24_DEDUPE:-}" = always ] || return 1
	a24_read_clock
	[ "$a24_left" -gt 0 ] || return 1
	a24_found=$(a24_request list GET "$a24_url/api/v1/changes?limit=100" "$a24_authorization" "$((a24_left > 5 ? 5 : a24_left))" 16000000)
	[ "$a24_found" = found ] && a24_print "Already recorded: $a24_label"
}
# Sends the change until Alert24 confirms or rejects it, or until the budget is used up. Prints the result.
a24_deliver() {
	a24_attempts=0 a24_pause=1 a24_doubt='' a24_found='' a24_verdict='' a24_request_id='' a24_more='' a24_reason=$a24_problem
	while [ -z "$a24_problem" ]; do
		# busybox's wget follows redirects, and may not verify certificates: it gets the key after a response without it.
		[ "$a24_client$a24_proven" != busybox_wget ] || a24_send probe GET 'Accept: */*'
		[ "$a24_verdict" != proven ] || a24_proven=yes
		a24_search && return
		if [ "$a24_doubt,$a24_found" = timeout,absent ]; then
			# Alert24 may still be at work: a second list must lack the change, too.
			a24_doubt=late a24_asked=0 a24_delay=$((10 + a24_random % 6)) a24_more='; the list does not contain the change yet'
		else
			[ "$a24_found" != absent ] || a24_doubt=''
			a24_attempts=$((a24_attempts + 1)) a24_more='; the time of ALERT24_TIMEOUT is used up'
			[ "$a24_client$a24_proven" = busybox_wget ] || a24_send post POST "$a24_authorization"
			if [ "$a24_verdict$a24_ca" = untrusted ] && [ -r "${NODE_EXTRA_CA_CERTS:-${SSL_CERT_FILE:-}}" ]; then
				a24_ca=${NODE_EXTRA_CA_CERTS:-$SSL_CERT_FILE}
				a24_send post POST "$a24_authorization"
			fi
			case $a24_possible,$a24_doubt in timeout,* | unconfirmed,* | ?*,) a24_doubt=$a24_possible ;; esac
			case $a24_verdict in
				recorded) a24_print "Recorded: $a24_label${a24_id:+ (change $a24_id)}" && return ;;
				retry) ;;
				*) a24_more='' && break ;;
			esac
			a24_delay=$((a24_pause - a24_random % (a24_pause / 2 + 1))) a24_pause=$((a24_pause < 16 ? a24_pause * 2 : 16))
			[ "$a24_delay" -ge "$a24_asked" ] || a24_delay=$a24_asked
		fi
		a24_read_clock
		[ "$a24_asked" -lt "$a24_left" ] || a24_more=" asks to wait $a24_asked s, and $a24_left s are left"
		[ "$a24_delay" -lt "$a24_left" ] || break
		\sleep "$a24_delay" >/dev/null 2>&1
		a24_slept=$((a24_slept + a24_delay))
	done
	[ -n "$a24_problem" ] || ! a24_search || return 0
	case $a24_doubt,$a24_found in ,* | maybe,absent) a24_word=RECORDED ;; *) a24_word=CONFIRMED ;; esac
	[ "$a24_attempts" = 1 ] && a24_plural='' || a24_plural=s
	a24_print "NOT $a24_word: $a24_label: $a24_reason$a24_more ($a24_attempts attempt$a24_plural, request id ${a24_request_id:-not given})
{\"format\":\"alert24-notify undelivered change\",\"version\":2,\"created_at\":\"$a24_created_at\",\"change\":$a24_change}" >&2
}
# A setting that the job does not set has the value of the component's input. A line before may not have exported it.
for a24_name in @settings@; do
	eval "a24_value=\${ALERT24_$a24_name:-\${ALERT24_DEFAULT_$a24_name:-}}"
	[ -z "$a24_value" ] || eval "[ -n \"\${ALERT24_$a24_name:-}\" ] || ALERT24_$a24_name=\$a24_value; export ALERT24_$a24_name"
done
if a24_has alert24-notify; then
	NODE_OPTIONS='' NODE_DEBUG='' alert24-notify
	case $? in 126 | 127) ;; *) exit 0 ;; esac
fi
export LC_ALL=C a24_message='' a24_history='' a24_outcome="${ALERT24_STATUS:-${CI_JOB_STATUS:-success}}"
[ "$a24_outcome" != running ] || a24_outcome=success
a24_problem='' a24_ca='' a24_deadline=0 a24_slept=0 a24_proven='' a24_index=0 a24_count=1 a24_budget=${ALERT24_TIMEOUT%%.*}
a24_created_at=$(\date -u +%Y-%m-%dT%H:%M:%SZ 2>/dev/null)
case $a24_budget in
	[1-9] | [1-9][0-9] | 1[0-9][0-9] | 2[0-3][0-9] | 240) ;;
	*) a24_budget=60 a24_problem='ALERT24_TIMEOUT must be a number of seconds from 1 to 240' ;;
esac
a24_read_clock
a24_deadline=$((a24_now + (a24_budget > 3 ? a24_budget - 2 : a24_budget))) # a request under way ends in time
a24_client=curl
a24_has curl || case $(\wget --version 2>&1) in
	*GNU\ Wget2*) a24_problem='wget2, the wget of this image, follows redirects and sends the key along: add curl to the image' ;;
	*GNU\ Wget*) a24_client=gnu_wget ;;
	*BusyBox*) a24_client=busybox_wget ;;
	*) a24_problem='the image of this job has neither curl nor wget' ;;
esac
for a24_name in date head sleep; do a24_has "$a24_name" || a24_problem="the image of this job has no $a24_name"; done
# The key, or a file that contains it. Neither the key nor the URL may end its line in the settings of the client.
a24_key=${ALERT24_API_KEY:-} a24_file=${ALERT24_API_KEY_FILE:-} a24_blank=" 	$a24_newline$(printf '\r')"
case $a24_key in /*) a24_file=$a24_key ;; ?*) [ ! -f "./$a24_key" ] || a24_file=./$a24_key ;; esac
if [ -n "$a24_file" ]; then
	[ -f "$a24_file" ] && a24_key=$(\head -c 4097 "$a24_file" 2>/dev/null) || a24_key=''
	[ -n "$a24_key" ] || a24_problem='the file of the API key is empty or cannot be read'
fi
a24_key=${a24_key#"${a24_key%%[!"$a24_blank"]*}"}
export a24_key="${a24_key%"${a24_key##*[!"$a24_blank"]}"}"
case $a24_key in
	'') a24_problem=${a24_problem:-'@missing_key@'} ;;
	*[!!-~]* | *[\"\\]*) a24_key='' a24_problem='the API key contains characters that no key of Alert24 has' ;;
esac
a24_authorization="Authorization: Bearer $a24_key" a24_url=$ALERT24_API_URL
while [ "${a24_url%/}" != "$a24_url" ]; do a24_url=${a24_url%/}; done
case $a24_url in
	*[!!-~]* | *[\"\\@]*) a24_problem='ALERT24_API_URL must be a URL such as https://app.alert24.net' ;;
	[Hh][Tt][Tt][Pp][Ss]://?*) ;;
	http://127.0.0.1 | http://127.0.0.1[:/]* | http://localhost | http://localhost[:/]* | http://\[::1\]*) ;;
	*) a24_problem='ALERT24_API_URL must begin with https://, or the API key would cross the network unencrypted' ;;
esac
# wget reads these in lower case only.
export https_proxy="${https_proxy:-${HTTPS_PROXY:-}}" http_proxy="${http_proxy:-${HTTP_PROXY:-}}" no_proxy="${no_proxy:-${NO_PROXY:-}}"
# No variable reports a rollback, so that GitLab's deployments are requested. busybox's wget would show the token.
case ${ALERT24_CHANGE_TYPE:-auto},${ALERT24_LOOKUP:-auto},${ALERT24_DEPLOY_JOB:-},$a24_client,$a24_outcome,${ALERT24_RECORD_FAILURES:-} in
	auto,auto,,[cg]*,success,* | auto,auto,,[cg]*,?*,[Tt1Yy]*) a24_lookup=${CI_API_V4_URL:-},${CI_PROJECT_ID:-},${CI_JOB_TOKEN:-} ;;
	*) a24_lookup='' ;;
esac
case $a24_lookup in *[!!-~]* | *[\"\\]* | *,,* | *,) ;; http*)
	[ ! -r "${CI_SERVER_TLS_CA_FILE:-}" ] || a24_ca=$CI_SERVER_TLS_CA_FILE
	a24_query="environment=$(a24_mode=encode \awk "$a24_build_awk")&status=success&order_by=id&sort=desc&per_page=100"
	a24_history=$(a24_request deployments GET "$CI_API_V4_URL/projects/$CI_PROJECT_ID/deployments?$a24_query" \
		"JOB-TOKEN: $CI_JOB_TOKEN" "$((a24_budget > 3 ? 3 : 1))" 4000000)
	a24_ca='' ;;
esac
# git runs no pager, no gpg and no fetch here. A message too long for the environment of awk is left to GitLab to truncate.
if [ -e "${CI_PROJECT_DIR:-.}/.git" ] && a24_has git; then
	export GIT_NO_LAZY_FETCH=1 GIT_TERMINAL_PROMPT=0
	a24_message=$(a24_within 2 git --git-dir="${CI_PROJECT_DIR:-.}/.git" -c i18n.logOutputEncoding=UTF-8 -c protocol.allow=never \
		log -1 --no-patch --no-show-signature --format=%B "${CI_COMMIT_SHA:-none}^{commit}" -- 2>/dev/null) || a24_message=''
	[ "${#a24_message}" -lt 100000 ] || a24_message=''
fi
case $a24_url in http:*) export http_proxy='' all_proxy='' ALL_PROXY='' ;; esac # this machine alone
while [ "$a24_index" -lt "$a24_count" ]; do
	export a24_mode=build a24_index="$((a24_index + 1))" a24_message a24_history
	a24_out=$(\awk "$a24_build_awk" 2>/dev/null)
	a24_take a24_count a24_find a24_idempotency_key a24_label
	a24_change=$a24_out
	case $a24_count,${ALERT24_DRY_RUN:-} in
		,*) a24_print 'NOT RECORDED: the deployment: the image of this job has no awk' >&2 && exit 0 ;;
		NOT*) a24_print "$a24_count" >&2 && exit 0 ;;
		*[!0-9]*,*) a24_print "$a24_count" && exit 0 ;;
		*,[Tt][Rr][Uu][Ee] | *,1 | *,[Yy][Ee][Ss]) a24_print "$a24_change" ;;
		*) a24_deliver & ;; # each service within the whole budget
	esac
	[ "$((a24_index % 20))" != 0 ] || wait
done
wait
