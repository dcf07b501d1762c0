# Requests by wget, which has no way to take a key safely but GNU wget's configuration file.

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

# GNU wget takes its settings from a regular file only, so the key is in one for as long as it takes to open and remove it. HOME is elsewhere, or wget
# would write ~/.wget-hsts and read ~/.netrc.
request_by_gnu_wget() {
	config=$(write_private_file "$(list_wget_settings)") || return 97
	exec 4<"$config"
	tool rm -f "$config"
	HOME=/nonexistent
	export HOME
	within "$((seconds + 1))" wget --config=/dev/fd/4 --quiet --server-response --output-document=- --content-on-error --max-redirect=0 \
		--tries=1 --timeout="$seconds" --user-agent="$user_agent" "$url"
}

list_wget_settings() {
	printf 'header = %s\n' "$secret_header"
	list_headers
	if [ -n "$ca_file" ]; then printf 'ca_certificate = %s\n' "$ca_file"; fi
	if [ -n "$body" ]; then printf 'post_data = %s\n' "$body"; fi
}

# Prints the name of the file: in the first directory that takes the text whole, because /dev/shm may be full.
write_private_file() ( # text
	umask 077
	for directory in /dev/shm "${TMPDIR:-/tmp}" "${CI_PROJECT_DIR:-/nonexistent}.tmp"; do
		file=$(tool mktemp "$directory/alert24.XXXXXX" 2>/dev/null) || continue
		{ printf '%s\n' "$1" >"$file"; } 2>/dev/null && echo "$file" && return
		tool rm -f "$file"
	done
	return 1
)

# busybox's wget has no way to take a header but its argument list, follows redirects (see ask_without_key) and shows no body and no headers of errors.
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
