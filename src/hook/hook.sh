# Names begin with a24_ and no text is split at IFS: the job may have readonly variables. A backslash skips an alias.
unset -f awk command curl date echo eval exec export git head kill mktemp printf return rm set shift sleep wait wget
{ set +x; } 2>/dev/null # a trace would show the key
set +aeuC -f; unalias -a; unset -f read
[ -z "$BASH_VERSION" ] || eval 'set +kET; shopt -u nocasematch; trap - DEBUG RETURN ERR'
(exec 3>&1) 2>/dev/null || exec >/dev/null; (exec 3>&2) || exec 2>/dev/null # a closed stream
# Closed sets, numbers, and a URL without a quote or a line break: no text of an input. They also work by `!reference`.
ALERT24_DEFAULT_RECORD_FAILURES=$[[ inputs.record_failures ]] ALERT24_DEFAULT_CHANGE_TYPE=$[[ inputs.change_type ]]
ALERT24_DEFAULT_RISK_LEVEL='$[[ inputs.risk_level ]]' ALERT24_DEFAULT_TIMEOUT=$[[ inputs.timeout ]]
ALERT24_DEFAULT_LOOKUP=$[[ inputs.lookup ]] ALERT24_DEFAULT_DRY_RUN=$[[ inputs.dry_run ]]
ALERT24_DEFAULT_API_URL=${ALERT24_DEFAULT_API_URL:-'$[[ inputs.api_url ]]'}
@programs@
a24_eol='
'
a24_say() { \printf '%s\n' "$1" 2>/dev/null || :; }
a24_has() { command -v "$1" >/dev/null 2>&1; }
# Moves the first lines of a24_out to the variables of these names.
a24_take() { for a24_name; do eval "$a24_name=\${a24_out%%\"\$a24_eol\"*}"; a24_out=${a24_out#*"$a24_eol"}; done; }
# Sets a24_left, in seconds. /proc/uptime never jumps. Where it is missing, the pauses bound the run.
a24_clock() {
	a24_now=0; { read -r a24_now </proc/uptime; } 2>/dev/null; a24_left=$((a24_end - ${a24_now%%.*}))
	[ "$a24_left" -lt "$((a24_budget - a24_slept))" ] || a24_left=$((a24_budget - a24_slept))
}
# Ends a command (after the seconds) that has no timeout of its own. The watcher keeps nothing open.
a24_within() {
	a24_max=$1; shift; "$@" &
	a24_child=$!; { \sleep "0$((a24_max + 1))"; \kill -9 "$a24_child"; } </dev/null >/dev/null 2>&1 3>&- 4<&- &
	\wait "$a24_child"; set -- "$?"; \kill -9 "$!" 2>/dev/null; return "$1"
}
# curl reads its settings from its standard input, and not from ~/.curlrc. Nothing is on its argument list.
a24_curl() {
	\printf '%s' "$a24_body" | { exec 4<&0; {
		\printf '%s = "%s"\n' url "$a24_address" max-time "$a24_time" header "$a24_auth" \
			header "$a24_type" header "$a24_cache" header "Idempotency-Key: $a24_idem" header Expect: \
			write-out '\n%{http_code} %{time_pretransfer} '
		\printf '%s\n' silent include globoff "${a24_ca:+cacert = \"$a24_ca\"}" "${a24_body:+data-binary = \"@/dev/fd/4\"}"
	} | \curl -q --config -; }
}
# GNU wget reads the key from a file that is removed before the key is written. HOME could have .netrc and .wget-hsts.
a24_gnu_wget() {
	a24_file=$(\mktemp /dev/shm/alert24.XXXXXX || \mktemp) && exec 4<>"$a24_file" && \rm -f "$a24_file" &&
		\printf 'header = %s\n' "$a24_auth" "$a24_type" "$a24_cache" "Idempotency-Key: $a24_idem" >&4 &&
		\printf '%s\n' "${a24_ca:+ca_certificate = $a24_ca}" "${a24_body:+post_data = $a24_body}" >&4 || return 97
	\export HOME=/dev/null; a24_within "$a24_time" wget --config=/dev/fd/4 -q -S -O - --content-on-error \
		--max-redirect=0 --tries=1 --timeout="$a24_time" "$a24_address" 2>&1
}
# busybox's wget takes a header from its argument list only, and sends a request for https to the proxy for http.
a24_busybox_wget() {
	set -- --header "$a24_auth" --header "$a24_type" --header "Idempotency-Key: $a24_idem" "$a24_address"
	[ -z "$a24_body" ] || set -- --post-data "$a24_body" "$@"
	a24_within "$a24_time" wget -q -S -O - -Y off --header "$a24_cache" "$@" 2>&1
}
# Prints read.awk's result of a request: mode, URL, seconds.
a24_ask() {
	\export a24_mode="$1" a24_time="$3" a24_tool a24_find a24_none
	a24_type='Content-Type: application/json' a24_cache='Cache-Control: no-cache' a24_max=16000000
	a24_address=$2 a24_body='' a24_auth="Authorization: Bearer $a24_key"
	[ "$1" != post ] || a24_body=$a24_change a24_max=300000
	[ "$1" != probe ] || a24_auth='Accept: */*'
	[ "$1" != history ] || a24_auth="JOB-TOKEN: $CI_JOB_TOKEN"
	case $2 in http:*) \export http_proxy='' all_proxy='' ALL_PROXY='' ;; esac
	{ "a24_$a24_tool" 2>/dev/null; a24_status=$?; [ "$a24_tool" = curl ] || a24_say; a24_say "$a24_status"; } |
		\head -c "$a24_max" | \awk "$a24_build$a24_read" 2>/dev/null
}
# Succeeds if a server was not trusted and a private CA was not tried. Sets a24_ca.
a24_trust() { [ "$1$a24_ca" = untrusted ] && a24_ca=${NODE_EXTRA_CA_CERTS:-$SSL_CERT_FILE} && [ -r "$a24_ca" ]; }
# The first attempt may take half of the time, a later one 10 s.
a24_send() {
	a24_clock
	[ "$a24_tries" -lt 2 ] && a24_max=$((a24_left / 2)) || a24_max=$((a24_left > 13 ? 10 : a24_left * 3 / 4))
	a24_out=$(a24_ask "$1" "$a24_list" "$((a24_max > 0 ? a24_max : 1))")
	: "${a24_out:=awk failed}"; a24_take a24_verdict a24_maybe a24_asked a24_trace a24_id a24_reason
}
# Succeeds if the list of the newest changes contains this one. Sets a24_found.
a24_search() {
	a24_found=''
	case $a24_find,$a24_tool$a24_safe,${ALERT24_DEDUPE:-on-retry},$a24_doubt in
		'""',* | *,busybox_wget,* | *,never,* | *,on-retry,) return 1 ;;
	esac
	a24_clock
	[ "$a24_left" -gt 0 ] && a24_found=$(a24_ask list "$a24_list?limit=100" "$((a24_left > 5 ? 5 : a24_left))")
	[ "$a24_found" = found ] && a24_say "Already recorded: $a24_label"
}
# Sends the change until Alert24 confirms or rejects it, or until the budget is used up. Prints the result.
a24_deliver() {
	a24_tries=0 a24_pause=1 a24_reason=$a24_flaw
	while [ -z "$a24_flaw" ]; do
		# busybox's wget follows redirects and may verify no certificate: it gets the key after a response without it.
		[ "$a24_tool$a24_safe" != busybox_wget ] || a24_send probe
		[ "$a24_verdict" != proven ] || a24_safe=yes
		a24_search && return
		[ "$a24_found" != absent ] || a24_doubt=''
		a24_tries=$((a24_tries + 1)) a24_more='; the time of ALERT24_TIMEOUT is used up'
		[ "$a24_tool$a24_safe" = busybox_wget ] || a24_send post
		a24_trust "$a24_verdict" && a24_send post
		case $a24_maybe,$a24_doubt in timeout,* | unconfirmed,* | ?*,) a24_doubt=$a24_maybe ;; esac
		[ "$a24_verdict" != recorded ] || { a24_say "Recorded: $a24_label${a24_id:+ (change $a24_id)}"; return; }
		[ "$a24_verdict" = retry ] || { a24_more=''; break; }
		[ "$a24_doubt" = timeout ] && a24_delay=12 || a24_delay=$a24_pause # a list counts later: Alert24 may still work
		a24_delay=$((a24_delay > a24_asked ? a24_delay : a24_asked)) a24_pause=$((a24_pause < 16 ? a24_pause * 2 : 16))
		a24_clock
		[ "$a24_asked" != "$a24_delay" ] || a24_more=" and asks to wait $a24_asked s, but only $a24_left s are left"
		[ "$a24_delay" -lt "$a24_left" ] || break
		\sleep "$a24_delay" >/dev/null 2>&1; a24_slept=$((a24_slept + a24_delay))
	done
	[ -n "$a24_flaw" ] || ! a24_search || return 0
	a24_word=CONFIRMED; case $a24_doubt,$a24_found in ,* | maybe,absent) a24_word=RECORDED ;;
		timeout,absent) a24_more='; the list does not contain the change yet' ;; esac
	[ "$a24_tries" = 1 ] || a24_s=s
	\printf 'NOT %s, request id %s)\n{"format":"%s","version":2,"created_at":"%s","change":%s}\n' \
		"$a24_word: $a24_label: $a24_reason$a24_more ($a24_tries attempt$a24_s" "${a24_trace:-not given}" \
		'alert24-notify undelivered change' "$a24_made" "$a24_change" >&2
}
# A setting that the job does not set has the value of the component's input. A line before may not have exported it.
for a24_name in @settings@; do
	eval ": \"\${ALERT24_$a24_name:=\$ALERT24_DEFAULT_$a24_name}\"; \export ALERT24_$a24_name"
done
a24_has alert24-notify && { NODE_OPTIONS='' NODE_DEBUG='' alert24-notify
	case $? in 126 | 127) ;; *) exit 0 ;; esac; }
\export LC_ALL=C a24_outcome="${ALERT24_STATUS:-${CI_JOB_STATUS:-success}}"
[ "$a24_outcome" != running ] || a24_outcome=success
a24_slept=0 a24_index=0 a24_all=1 a24_tool=curl a24_none='@no_client@'
a24_made=$(\date -u +%Y-%m-%dT%H:%M:%SZ 2>/dev/null) a24_budget=${ALERT24_TIMEOUT%%.*}
case $a24_budget in [1-9] | [1-9][0-9] | 1[0-9][0-9] | 2[0-3][0-9] | 240) ;; *) a24_budget=60 ;; esac
a24_end=0; a24_clock; a24_end=$(((a24_budget > 3 ? a24_budget - 2 : a24_budget) - a24_left)) # with a reserve
a24_has curl || case $(\wget --version 2>&1) in
	*GNU\ Wget\ *) a24_tool=gnu_wget ;; *BusyBox*) a24_tool=busybox_wget ;;
	*) a24_flaw=$a24_none ;; # wget2 sends the key along redirects
esac
for a24_name in date head sleep; do a24_has "$a24_name" || a24_flaw="the image of this job has no $a24_name"; done
# The key, or a file that contains it. Neither the key nor the URL may end its line in the settings of the client.
a24_key=$ALERT24_API_KEY a24_file=${ALERT24_API_KEY_FILE:-$ALERT24_API_KEY}
[ ! -f "$a24_file" ] || a24_key=$(\head -c 4097 "$a24_file" 2>/dev/null)
a24_key=$(a24_say "$a24_key" | \awk -v ORS= '{ gsub(/[ \t\r]/, "") } 1' 2>/dev/null); \export a24_key
case $a24_key,$a24_file in
	,) a24_flaw='@missing_key@' ;;
	,* | *[!A-Za-z0-9_.-]*,*) a24_key='' a24_flaw='the API key is invalid, or its file cannot be read' ;;
esac
a24_list=${ALERT24_API_URL%/}/api/v1/changes
a24_url=bad; case $ALERT24_API_URL/ in *[!!-~]* | *[\"\\@]*) ;;
	https://[!/]* | http://127.0.0.1[:/]* | http://localhost[:/]*) a24_url='' ;;
esac; [ -z "$a24_url" ] || a24_flaw='@invalid_url@'
\export https_proxy="${https_proxy:-$HTTPS_PROXY}" no_proxy="${no_proxy:-$NO_PROXY}"
# No variable reports a rollback, so that GitLab's deployments are requested. busybox's wget would show the token.
a24_lookup=${ALERT24_DEPLOY_JOB:+x}$ALERT24_CHANGE_TYPE,$ALERT24_LOOKUP,$a24_tool,$CI_JOB_TOKEN
case $a24_lookup,$CI_API_V4_URL in *[!!-~]* | *[\"\\]* | *,,*) ;; auto,auto,[cg]*,http*)
	a24_ca=$CI_SERVER_TLS_CA_FILE
	a24_newest="$CI_API_V4_URL/projects/$CI_PROJECT_ID/deployments?status=success&order_by=id&sort=desc&per_page=100"
	a24_newest="$a24_newest&environment=$(a24_mode=encode \awk "$a24_build")"
	while a24_kind=$(a24_ask history "$a24_newest" 2); a24_trust "$a24_kind"; do :; done; a24_ca='' ;;
esac
# git fetches and runs nothing here. GitLab truncates a message that is too long for the environment of awk.
a24_text=$(a24_within 1 git --git-dir="${CI_PROJECT_DIR:-.}/.git" -c protocol.allow=never \
	rev-list -1 --format=x%B "$CI_COMMIT_SHA^{commit}" 2>/dev/null) && [ "${#a24_text}" -lt 100000 ] || a24_text=''
a24_text=${a24_text#*"$a24_eol"x} # what follows the line `commit SHA`
while [ "$a24_index" -lt "$a24_all" ]; do
	\export a24_mode=build a24_index="$((a24_index + 1))" a24_text a24_kind
	a24_out=$(\awk "$a24_build" 2>/dev/null); a24_take a24_all a24_find a24_idem a24_label; a24_change=$a24_out
	case $a24_all,$ALERT24_DRY_RUN in
		,*) a24_say 'NOT RECORDED: the deployment: the image of this job has no awk' >&2; exit 0 ;;
		NOT*) a24_say "$a24_all" >&2; exit 0 ;;
		*[!0-9]*,*) a24_say "$a24_all"; exit 0 ;;
		*,[Tt][Rr][Uu][Ee] | *,1 | *,[Yy][Ee][Ss]) a24_say "$a24_change" ;;
		*) a24_deliver & ;; # each service within the whole budget
	esac
	[ "$((a24_index % 20))" != 0 ] || \wait
done; \wait || :
