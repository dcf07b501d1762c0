# How the deployment ended. GitLab tells it to an after_script alone; `running`, or nothing, is what a script sees, and there everything has gone well.
read_outcome() {
	outcome=${ALERT24_STATUS:-${CI_JOB_STATUS:-running}}
	case $outcome in
		success | failed | canceled | timedout) ;;
		running) outcome=success ;;
		"${ALERT24_STATUS:-}") ;; # read_settings has said so
		*) add_problem "CI_JOB_STATUS is \"$outcome\", which is no outcome that is known: nothing is recorded; set ALERT24_STATUS to success, failed, canceled or timedout" ;;
	esac
}

# Why nothing is to be recorded; empty where something is.
find_reason_not_to_record() {
	reason_not_to=
	if [ "${CI_ENVIRONMENT_ACTION:-}" = stop ] && [ -z "${ALERT24_DEPLOY_JOB:-}" ]; then
		reason_not_to="this job stops the environment \"${CI_ENVIRONMENT_NAME:-}\", which is no deployment"
		return
	fi
	[ "$records_failures" = false ] || return 0
	case $outcome in
		failed) reason_not_to='the deployment failed' ;;
		canceled) reason_not_to='the deployment was canceled' ;;
		timedout) reason_not_to='the deployment timed out' ;;
		*) return 0 ;;
	esac
	reason_not_to="$reason_not_to; set ALERT24_RECORD_FAILURES=true (component input record_failures) to record such deployments"
}

# Asks GitLab whether this deployment is a roll-back: no variable tells it (https://gitlab.com/gitlab-org/gitlab/-/issues/6187). One request with the job's
# token, 3 s, best effort. Not by busybox's wget, which would show the token on its argument list.
look_for_rollback() {
	rollback='' note=''
	case ${ALERT24_CHANGE_TYPE:-auto},${ALERT24_LOOKUP:-auto},${ALERT24_DEPLOY_JOB:-} in auto,auto,) ;; *) return 0 ;; esac
	case $client in curl | gnu_wget) ;; *) return 0 ;; esac
	case ${CI_API_V4_URL:-} in *[!!-~]* | *[\"\'\\]*) return 0 ;; http://?* | https://?*) ;; *) return 0 ;; esac
	case ${CI_PROJECT_ID:-} in '' | *[!0-9]*) return 0 ;; esac
	[ -n "${CI_JOB_TOKEN:-}" ] && [ -n "${CI_ENVIRONMENT_NAME:-}" ] && [ -n "${CI_COMMIT_SHA:-}" ] || return 0
	# shellcheck disable=SC2016 # no variables of the shell
	name=$(tool awk "$text_awk"'BEGIN { learn_bytes(); print percent_encode(ENVIRON["CI_ENVIRONMENT_NAME"], "[0-9A-Za-z._~-]") }')
	take_seconds 3 || return 0
	method=GET body=''
	url="$CI_API_V4_URL/projects/$CI_PROJECT_ID/deployments?environment=$name&status=success&order_by=id&sort=desc&per_page=100"
	headers='Accept: application/json'
	secret_header="JOB-TOKEN: $CI_JOB_TOKEN"
	ca_file=
	[ ! -r "${CI_SERVER_TLS_CA_FILE:-}" ] || ca_file=$CI_SERVER_TLS_CA_FILE
	request "$text_awk$read_json_awk$read_response_awk$compare_deployments_awk" 2000000
	case $answer in
		rollback*) rollback=yes note="Rolled back from: ${answer#* }" ;;
		redeployment*) note='Re-deployment: the newest deployment before has the same commit' ;;
	esac
}
