# One change: the fields of https://alert24.net/docs/api-changes and no others; what is not known stays absent.
function add_change(service,   change_type, summary, external_id, label) {
	change_type = set["change_type"] != "" && set["change_type"] != "auto" ? set["change_type"] : ENVIRON["hook_rollback"] == "yes" ? "rollback" : "deployment"
	summary = set["summary"] != "" ? redact(set["summary"]) : fit_redacted(build_summary(change_type), 255)
	external_id = redact(build_external_id(service))
	decode(external_id, 4096)
	if (characters > 4096) problem("external_id must have at most 4096 characters; its environment, deploy job or service is too long")
	payload = ""
	add("summary", summary)
	add("service_id", service)
	add("change_type", change_type)
	add("description", fit_redacted(build_description(), 10000))
	add("source", set["source"] != "" ? set["source"] : "gitlab-ci")
	if (ENVIRON["CI_COMMIT_SHA"] ~ /^[0-9A-Fa-f]+$/ && length(ENVIRON["CI_COMMIT_SHA"]) >= 7 && length(ENVIRON["CI_COMMIT_SHA"]) <= 64) add("commit_sha", ENVIRON["CI_COMMIT_SHA"])
	add("commit_message", derived(without_last_newlines(ENVIRON["CI_COMMIT_MESSAGE"]), 10000))
	add("branch", derived(first_of("CI_COMMIT_BRANCH", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"), 255))
	add_merge_request()
	add("pipeline_url", url(ENVIRON["CI_PIPELINE_URL"]))
	add("environment", derived(environment, 255))
	add("risk_level", set["risk_level"] != "" ? set["risk_level"] : outcome == "success" ? "" : "high")
	add("changed_by", set["changed_by"] != "" ? set["changed_by"] : derived(ENVIRON["GITLAB_USER_LOGIN"], 255))
	add("external_id", external_id)
	payload = "{" payload ",\"tags\":" json_tags() "}"
	label = visible(summary) " in " shown(visible(redact(environment))) (service == "" ? "" : " for service " shown(visible(redact(service))))
	changes[++change_count] = percent_encode(external_id, "[!-~]") separator json(external_id) separator label separator payload
}

function add(field, text) {
	if (text != "") payload = payload (payload == "" ? "" : ",") "\"" field "\":" json(redact(text))
}

# What the CI says is made to fit; a blank text is an absent one.
function derived(text, limit) {
	return is_blank(text) ? "" : fit_redacted(text, limit)
}

# Twice, because what stands for half a secret may be longer than it.
function fit_redacted(text, limit) {
	return fit(redact(fit(text, limit)), limit)
}

# Half a URL leads nowhere.
function url(text) {
	return text ~ /^https?:\/\/[!-~]+$/ && length(text) <= 2048 ? text : ""
}

function first_of(name, other) {
	return ENVIRON[name] != "" ? ENVIRON[name] : ENVIRON[other]
}

# Not by sub(): a pattern anchored at the end is tried at each of 100,000 newlines.
function without_last_newlines(text,   size) {
	size = length(text)
	while (size > 0 && substr(text, size, 1) ~ /[\r\n]/) size--
	return substr(text, 1, size)
}

function build_summary(change_type,   verbs, project, commit) {
	verbs["success", 0] = "Deployed"
	verbs["failed", 0] = "Failed to deploy"
	verbs["canceled", 0] = "Canceled deployment of"
	verbs["timedout", 0] = "Timed out deploying"
	verbs["success", 1] = "Rolled back"
	verbs["failed", 1] = "Failed to roll back"
	verbs["canceled", 1] = "Canceled rollback of"
	verbs["timedout", 1] = "Timed out rolling back"
	project = ENVIRON["CI_PROJECT_NAME"] != "" ? ENVIRON["CI_PROJECT_NAME"] : "the project"
	commit = ENVIRON["CI_COMMIT_SHORT_SHA"] != "" ? ENVIRON["CI_COMMIT_SHORT_SHA"] : substr(ENVIRON["CI_COMMIT_SHA"], 1, 8)
	return verbs[outcome, change_type == "rollback"] " " project (commit == "" ? "" : " @ " commit)
}

# The text set by hand, then, one a line, what the API has no field for. Never the time of sending: the same deployment gives the same change.
function build_description(   text) {
	text = set["description"]
	text = add_fact(text, "Git tag", ENVIRON["CI_COMMIT_TAG"])
	if (deploy_job != "") return text
	text = add_fact(text, "Job", url(ENVIRON["CI_JOB_URL"]))
	text = add_fact(text, "Started", ENVIRON["CI_JOB_STARTED_AT"])
	if (ENVIRON["hook_note"] != "") text = text (text == "" ? "" : "\n") ENVIRON["hook_note"]
	return text
}

function add_fact(text, name, value) {
	if (is_blank(decode(value, 0))) return text
	return text (text == "" ? "" : "\n") name ": " value
}

# A deploy job is named by its own id, new with each retry and roll-back; a separate job knows only the pipeline and the name of the deploy job.
function build_external_id(service,   host, id) {
	if (set["external_id"] != "") return service_count > 1 ? set["external_id"] ":" service : set["external_id"]
	host = first_of("CI_SERVER_FQDN", "CI_SERVER_HOST")
	id = deploy_job == "" ? ENVIRON["CI_JOB_ID"] : ENVIRON["CI_PIPELINE_ID"]
	if (host == "" || ENVIRON["CI_PROJECT_ID"] == "" || id == "") return ""
	id = "gitlab:" id_part(host) ":" id_part(ENVIRON["CI_PROJECT_ID"]) ":" (deploy_job == "" ? "job:" : "pipeline:") id_part(id)
	if (deploy_job != "") id = id ":" id_part(deploy_job) (outcome == "success" ? "" : ":" outcome)
	return id ":" id_part(environment) (service == "" ? "" : ":" id_part(service))
}

function id_part(text) {
	return replace_all(replace_all(decode(text, 0), "%", "%25"), ":", "%3A")
}

# CI_MERGE_REQUEST_IID, not _ID: the number that people see. It exists in merge request pipelines only.
function add_merge_request(   number, base) {
	base = ENVIRON["CI_PROJECT_URL"]
	number = ENVIRON["CI_MERGE_REQUEST_IID"]
	if (number != "" && ENVIRON["CI_MERGE_REQUEST_PROJECT_URL"] != "") base = ENVIRON["CI_MERGE_REQUEST_PROJECT_URL"]
	if (number == "") number = find_merge_request(ENVIRON["CI_COMMIT_MESSAGE"])
	if (number == "") return
	if (!is_number(number)) return
	add("pr_number", number)
	if (base != "") add("pr_url", url(base "/-/merge_requests/" number))
}

# Two that differed in a secret alone are one.
function json_tags(   i, tag, list, is_listed) {
	for (i = 1; i <= tag_count; i++) {
		tag = redact(tags[i])
		if (tag in is_listed) continue
		is_listed[tag] = 1
		list = list (i == 1 ? "" : ",") json(tag)
	}
	return "[" list "]"
}
