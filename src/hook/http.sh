# Requests. A request is described by `method`, `url`, `headers` (one a line, no secret in them but the one that `secret_header` names), `body`,
# `seconds`, `ca_file`; what comes back is header lines and body as text, for an awk program to read.

# A program from PATH, or of a busybox that has no links.
tool() {
	if command -v "$1" >/dev/null 2>&1; then "$@"; else busybox "$@"; fi
}

# An awk program that may have to redact the key.
run_awk() ( # program
	export hook_api_key="$api_key"
	tool awk "$1" 2>/dev/null
)

has_tool() {
	command -v "$1" >/dev/null 2>&1 && return 0
	command -v busybox >/dev/null 2>&1 && busybox --list 2>/dev/null | busybox grep -qx "$1"
}

# wget reads the variables of proxies in lower case only.
use_proxies() {
	https_proxy=${https_proxy:-${HTTPS_PROXY:-}}
	http_proxy=${http_proxy:-${HTTP_PROXY:-}}
	no_proxy=${no_proxy:-${NO_PROXY:-}}
	export https_proxy http_proxy no_proxy
}

choose_client() {
	client=
	if command -v curl >/dev/null 2>&1; then client=curl && return; fi
	has_tool wget || return
	case $(tool wget --version 2>&1) in *GNU\ Wget*) client=gnu_wget ;; *) client=busybox_wget ;; esac
}

# Runs a client and an awk program that reads its answer. Sets `answer` to what the awk program prints, and `client_status` to the client's exit status,
# which a pipeline would lose. An answer is read up to 2 MB: an endless one must not fill the memory.
request() { # awk program
	result=$({ { send_request 2>/dev/null; printf 'exit%s%s\n' "$separator" "$?" >&3; } | tool head -c 2000000 | tool awk "$1"; } 3>&1 2>/dev/null)
	answer='' client_status=''
	old_ifs=$IFS IFS=$newline
	for line in $result; do
		case $line in
			exit"$separator"*) client_status=${line#*"$separator"} ;;
			*) answer=$line ;;
		esac
	done
	IFS=$old_ifs
}

send_request() {
	case $client in
		curl) request_by_curl ;;
		gnu_wget) request_by_gnu_wget ;;
		busybox_wget) request_by_busybox_wget ;;
	esac
}

# Ends what has no time-out for the whole, such as wget at a server that sends a byte a second. Not by `timeout`: that of busybox keeps the pipe open for
# a second after its command. The watcher keeps nothing open, and takes its sleep along when it is told to go.
within() { # seconds, command…
	limit=$1
	shift
	sleep_command='sleep'
	command -v sleep >/dev/null 2>&1 || sleep_command='busybox sleep'
	exec 5<&0
	"$@" <&5 2>&1 &
	running=$!
	(
		sleeper=
		trap 'kill $sleeper; exit' TERM
		$sleep_command "$limit" &
		sleeper=$!
		wait "$sleeper"
		kill "$running"
	) </dev/null >/dev/null 2>&1 3>&- 4<&- 5<&- &
	watcher=$!
	wait "$running"
	set -- "$?"
	kill "$watcher"
	return "$1"
}

# curl reads its settings from its standard input and the body from another: nothing is on the argument list. ~/.curlrc, which might ask for redirects
# or a log, is not read (-q).
request_by_curl() {
	printf '%s' "$body" | {
		exec 4<&0
		{
			printf 'url = %s\nrequest = %s\nmax-time = %s\nuser-agent = %s\n' "$url" "$method" "$seconds" "$user_agent"
			printf 'silent\ninclude\ngloboff\nmax-redirs = 0\nheader = Expect:\nheader = %s\n' "$secret_header"
			# The status of the server itself: among the headers are those of a proxy, too, and it says 200 before anything is sent.
			printf 'write-out = \\nALERT24 %%{http_code}\\n\n'
			list_headers
			if [ -n "$ca_file" ]; then printf 'cacert = %s\n' "$ca_file"; fi
			if [ -n "$body" ]; then printf 'data-binary = @/dev/fd/4\n'; fi
		} | tool sed '/^write-out/!s/[\\"]/\\&/g; s/ = \(.*\)/ = "\1"/' | curl -q --config -
	}
}

list_headers() {
	(
		IFS=$newline
		for header in $headers; do printf 'header = %s\n' "$header"; done
	)
}

# GNU wget takes its settings from a regular file only, so the key is in one for as long as it takes to open and remove it. HOME is elsewhere, or wget
# would write ~/.wget-hsts and read ~/.netrc.
request_by_gnu_wget() {
	config=$(make_private_file) || return 97
	{
		printf 'header = %s\n' "$secret_header"
		list_headers
		if [ -n "$ca_file" ]; then printf 'ca_certificate = %s\n' "$ca_file"; fi
		if [ -n "$body" ]; then printf 'post_data = %s\n' "$body"; fi
	} >"$config"
	exec 4<"$config"
	tool rm -f "$config"
	HOME=/nonexistent
	export HOME
	within "$((seconds + 1))" wget --config=/dev/fd/4 --quiet --server-response --output-document=- --content-on-error --max-redirect=0 \
		--tries=1 --timeout="$seconds" --user-agent="$user_agent" "$url"
}

make_private_file() {
	umask 077
	for directory in /dev/shm "${TMPDIR:-/tmp}" "${CI_PROJECT_DIR:-/nonexistent}.tmp"; do
		tool mktemp "$directory/alert24.XXXXXX" 2>/dev/null && return 0
	done
	return 1
}

# busybox's wget has no way to take a header but its argument list, follows redirects (see refuse_redirects) and shows no body and no headers of errors.
request_by_busybox_wget() {
	set -- -q -S -O - -U "$user_agent" --header "$secret_header"
	old_ifs=$IFS IFS=$newline
	for header in $headers; do set -- "$@" --header "$header"; done
	IFS=$old_ifs
	if [ -n "$body" ]; then
		case $(tool wget --help 2>&1) in
			*--post-file*) set -- "$@" --post-file /dev/stdin ;;
			*) set -- "$@" --post-data "$body" ;;
		esac
	fi
	# It knows no proxy for https: it would hand the request, key and all, to that for http.
	case $url in [Hh][Tt][Tt][Pp][Ss]:*) set -- "$@" -Y off ;; esac
	set -- wget "$@" "$url"
	command -v wget >/dev/null 2>&1 || set -- busybox "$@"
	printf '%s' "$body" | within "$seconds" "$@"
}
