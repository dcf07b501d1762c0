# Settings. A mistake is added to `problems`; all of them are reported in one line, and nothing is sent.

add_problem() {
	cut=
	[ "${#1}" -le 1000 ] || cut=$ellipsis
	problems=$problems${problems:+; }$(printf '%.1000s%s' "$1" "$cut")
}

# Every setting that the job does not set itself takes the value of the component's input: closed sets and numbers stand in this script's first lines,
# texts come as ALERT24_DEFAULT_* variables, which GitLab fills without touching their quotes, backslashes and newlines.
apply_inputs() {
	for name in SERVICE_ID ENVIRONMENT SUMMARY DESCRIPTION TAGS CHANGED_BY API_URL RECORD_FAILURES CHANGE_TYPE RISK_LEVEL TIMEOUT LOOKUP DRY_RUN; do
		eval "ALERT24_$name=\${ALERT24_$name:-\${ALERT24_DEFAULT_$name:-}}"
		# Empty, it stays absent for a program that takes it for a value.
		if eval "test -n \"\$ALERT24_$name\""; then export "ALERT24_$name"; else unset "ALERT24_$name"; fi
	done
	# A line before the hook may have set these without export, and programs see what is exported alone.
	for name in API_KEY API_KEY_FILE EXTERNAL_ID SOURCE DEPLOY_JOB STATUS DEDUPE; do
		if eval "test -n \"\${ALERT24_$name:-}\""; then export "ALERT24_$name"; fi
	done
}

# true, false or a problem.
read_flag() { # name, value
	case $2 in
		'' | [Ff][Aa][Ll][Ss][Ee] | 0 | [Nn][Oo]) flag=false ;;
		[Tt][Rr][Uu][Ee] | 1 | [Yy][Ee][Ss]) flag=true ;;
		*) flag=false && add_problem "$1 must be true or false; got \"$2\"" ;;
	esac
}

read_choice() { # name, value, choices
	case " $3 " in
		*" $2 "*) ;;
		*) [ -z "$2" ] || add_problem "$1 must be one of $3; got \"$2\"" ;;
	esac
}

read_settings() {
	read_flag ALERT24_RECORD_FAILURES "${ALERT24_RECORD_FAILURES:-}" && records_failures=$flag
	read_flag ALERT24_DRY_RUN "${ALERT24_DRY_RUN:-}" && is_dry_run=$flag
	read_choice ALERT24_LOOKUP "${ALERT24_LOOKUP:-}" 'auto off'
	read_choice ALERT24_DEDUPE "${ALERT24_DEDUPE:-}" 'on-retry always never'
	read_choice ALERT24_STATUS "${ALERT24_STATUS:-}" 'success failed canceled timedout'
	read_timeout "${ALERT24_TIMEOUT:-60}"
	read_api_url "${ALERT24_API_URL:-https://app.alert24.net}"
	read_api_key
	[ "${GITLAB_CI:-}" = true ] || add_problem 'this is not a GitLab CI/CD job: GITLAB_CI is not true'
}

# Whole seconds: no shell counts others.
read_timeout() {
	budget=${1%%.*}
	case $1 in *.*) fraction=${1#*.} ;; *) fraction=0 ;; esac
	while [ "${budget#0}" != "$budget" ]; do budget=${budget#0}; done
	case $budget,$fraction in
		*[!0-9,]* | ????*,* | ,* | *,) ;;
		240,*[1-9]*) ;;
		*) [ "$budget" -gt 240 ] || return 0 ;;
	esac
	budget=60
	add_problem "ALERT24_TIMEOUT must be a number of seconds from 1 to 240; got \"$1\""
}

# The key must not cross a network in the clear, so http is for this machine alone.
read_api_url() {
	api_url=$1
	while [ "${api_url%/}" != "$api_url" ]; do api_url=${api_url%/}; done
	rest=${api_url#*://}
	host=${rest%%/*}
	case $api_url in
		*[!!-~]* | *[\"\'\\\<\>^\`\{\|\}]*) add_problem 'ALERT24_API_URL must be a URL such as https://app.alert24.net' ;;
		[Hh][Tt][Tt][Pp]*://*@*) add_problem 'ALERT24_API_URL must not hold a user name or password' ;;
		*[?#]* | */api/v1 | */api/v1/*) add_problem "ALERT24_API_URL must be the base URL alone, without /api/v1, query and fragment; got \"$1\"" ;;
		[Hh][Tt][Tt][Pp][Ss]://?*) ;;
		[Hh][Tt][Tt][Pp]://?*) is_loopback "$host" || add_problem "ALERT24_API_URL must begin with https://, or the API key would cross the network unencrypted; got \"$1\"" ;;
		*) add_problem "ALERT24_API_URL must be a URL such as https://app.alert24.net; got \"$1\"" ;;
	esac
}

is_loopback() {
	case $1 in
		localhost | localhost:* | '[::1]' | '[::1]':*) return 0 ;;
		127.*) case ${1%%:*} in *[!0-9.]*) return 1 ;; *.*.*.*) return 0 ;; esac ;;
	esac
	return 1
}

# ALERT24_API_KEY is the key or the path of a file that holds it (file variables and `secrets:` of GitLab). No message shows what might be the key.
read_api_key() {
	api_key=
	path=${ALERT24_API_KEY_FILE:-}
	given=${ALERT24_API_KEY:-}
	if [ -n "$path" ] && [ -n "$given" ]; then
		add_problem 'ALERT24_API_KEY and ALERT24_API_KEY_FILE are both set: keep the one that is meant'
		return
	fi
	case $given in /*) path=$given ;; ?*) [ -f "./$given" ] && path=./$given ;; esac
	if [ -n "$path" ]; then
		if [ ! -f "$path" ] || [ ! -r "$path" ]; then
			add_problem 'the file of the API key cannot be read'
			return
		fi
		given=$(tool head -c 4097 <"$path")
	elif [ -z "$given" ]; then
		return
	fi
	api_key=${given#"${given%%[!"$white_space"]*}"}
	api_key=${api_key%"${api_key##*[!"$white_space"]}"}
	case $api_key in
		'' | ? | ?? | ??? | ???? | ????? | ?????? | ???????) flaw='is empty or too short' ;;
		*[!!-~]*) flaw='holds spaces, line breaks or characters outside of ASCII' ;;
		*) [ "${#api_key}" -gt 4096 ] || return 0; flaw='is too long' ;;
	esac
	api_key=
	add_problem "the API key $flaw: an Alert24 key is ak_live_ and 32 letters and digits"
}
