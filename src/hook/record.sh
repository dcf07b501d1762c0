# What is said is one line: without secrets, without what acts on a terminal, of bounded length. That nobody hears it changes nothing.
say() {
	export hook_line="$1"
	# shellcheck disable=SC2016 # no variables of the shell
	said=$(run_awk "$text_awk$redact_awk"'BEGIN { learn_bytes(); print fit(visible(redact(decode(ENVIRON["hook_line"], 0))), 2000) }')
	printf '%s\n' "${said:-alert24-notify: could not record the deployment because awk cannot be run}" 2>/dev/null || :
}

say_could_not() { # what, reason
	say "alert24-notify: could not record $1 because $2" >&2
}

# The hook as one sentence: where our command is, it does it all; else read the settings, find the outcome, build the changes, deliver each.
record_deployment() {
	apply_inputs
	if run_command; then return; fi
	prepare
	if [ -n "$problems" ]; then
		say_could_not 'the deployment' "$problems"
		return
	fi
	read_settings
	# Two seconds less: what is under way is ended in time, and so is the hook.
	deadline=$((started + (budget > 3 ? budget - 2 : budget)))
	read_outcome
	find_reason_not_to_record
	use_proxies
	is_proven=no trusted_ca=''
	if [ -z "$problems$reason_not_to" ]; then look_for_rollback; fi
	build_changes
	if [ -z "$reason_not_to" ] && [ "$is_dry_run" = false ] && [ -z "${ALERT24_API_KEY:-}${ALERT24_API_KEY_FILE:-}" ]; then
		add_problem 'ALERT24_API_KEY is empty (a protected variable reaches only protected branches and tags, one scoped to an environment only its jobs)'
	fi
	if [ -z "$problems$reason_not_to" ] && [ "$is_dry_run" = false ] && [ -z "$client" ]; then
		add_problem "$no_client"
	fi
	if [ -n "$problems" ]; then
		say_could_not 'the deployment' "$problems"
	elif [ -n "$reason_not_to" ]; then
		say "Not recorded: $reason_not_to"
	elif [ "$is_dry_run" = true ]; then
		print_changes
	else
		deliver_changes
	fi
}

# An image with our command gets its validation and everything else; only roll-backs it does not look for. One that cannot start (no Node) is as good as
# absent.
run_command() {
	command -v alert24-notify >/dev/null 2>&1 || return 1
	if is_rollback; then
		ALERT24_CHANGE_TYPE=rollback alert24-notify record
	else
		alert24-notify record
	fi
	case $? in 126 | 127) return 1 ;; esac
}

# In a subshell, because what the look-up sets and exports is not for the command.
is_rollback() (
	prepare
	[ -z "$problems" ] || return 1
	read_timeout "${ALERT24_TIMEOUT:-60}"
	deadline=$((started + budget))
	use_proxies
	look_for_rollback
	[ "$rollback" = yes ]
)

# Sets what everything needs; adds problems where the image lacks it.
prepare() {
	LC_ALL=C # characters are bytes, messages are English
	export LC_ALL
	problems=''
	choose_client
	check_tools
	[ -n "$problems" ] || started=$(tool date +%s)
}

# Sets `changes`, one a line, or adds problems.
build_changes() {
	changes=
	export hook_outcome="$outcome" hook_reason_not_to="$reason_not_to" hook_rollback="${rollback:-}" hook_note="${note:-}"
	built=$(run_awk "$build_awk") || add_problem 'awk, which builds the change, cannot be run or failed'
	old_ifs=$IFS IFS=$newline
	for line in $built; do
		case $line in
			problem"$separator"*) add_problem "${line#*"$separator"}" ;;
			change"$separator"*) changes=$changes${line#*"$separator"}$newline ;;
		esac
	done
	IFS=$old_ifs
}

deliver_changes() {
	IFS=$newline
	for change in $changes; do
		IFS=$separator
		# shellcheck disable=SC2086 # split at the separator; an absent idempotency key is an empty first part
		set -- $change
		IFS=$usual_ifs
		deliver "$@"
	done
}

# One object, or a list for several services.
print_changes() {
	list='' count=0
	IFS=$newline
	for change in $changes; do
		list=$list${list:+,}${change##*"$separator"}
		count=$((count + 1))
	done
	IFS=$usual_ifs
	if [ "$count" -gt 1 ]; then list="[$list]"; fi
	printf '%s\n' "$list" 2>/dev/null || :
}
