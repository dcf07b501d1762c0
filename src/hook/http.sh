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

# Sets `client`, or why there is none. wget2 is none: it takes the key along redirects, whatever it is told.
choose_client() {
	client='' no_client='the image of this job has neither curl nor wget'
	if command -v curl >/dev/null 2>&1; then client=curl && return; fi
	has_tool wget || return 0
	case $(tool wget --version 2>&1) in
		*GNU\ Wget2*) no_client='wget2, the wget of this image, follows redirects and takes the key along: add curl' ;;
		*GNU\ Wget*) client=gnu_wget ;;
		*) client=busybox_wget ;;
	esac
}

# Whether all programs are there that any image with a shell has; what is missing is a problem.
check_tools() {
	missing=
	for name in awk date head sed sleep ${client:+$([ "$client" = gnu_wget ] && echo mktemp rm)}; do
		has_tool "$name" || missing="$missing${missing:+, }$name"
	done
	[ -z "$missing" ] || add_problem "the image of this job has no $missing"
}

# Runs a client and an awk program that reads its answer. Sets `answer` to what the awk program prints, and `client_status` to the client's exit status,
# which a pipeline would lose. An answer is read up to a limit: an endless one must not fill the memory.
request() { # awk program, bytes
	export hook_client="$client"
	result=$({ { send_request 2>/dev/null; printf 'exit%s%s\n' "$separator" "$?" >&3; } | tool head -c "$2" | tool awk "$1"; } 3>&1 2>/dev/null)
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
