# Builds the changes of one deployment, one for each service, from the variables of the job. Prints a line `problem`, text for each mistake in what was set
# by hand; where there is none, a line `change`, idempotency key, external id (JSON), description for the log, payload for each change. The parts of
# a line are separated by the control character 037, which no part contains. From the shell: hook_outcome, hook_reason_not_to (where nothing is to be
# recorded, mistakes are reported all the same), hook_api_key (to be redacted), hook_rollback and hook_note (what the look-up told).
BEGIN {
	learn_bytes()
	separator = sprintf("%c", 31)
	outcome = ENVIRON["hook_outcome"]
	# Absent, the running job is the deploy job itself.
	deploy_job = decode(ENVIRON["ALERT24_DEPLOY_JOB"], 255)
	reject_reference("ALERT24_DEPLOY_JOB", deploy_job)
	if (characters > 255) problem("ALERT24_DEPLOY_JOB must have at most 255 characters")
	read_fields()
	read_tags()
	service_count = read_list("ALERT24_SERVICE_ID", services)
	for (i = 1; i <= service_count; i++) check_service(services[i])
	if (ENVIRON["hook_reason_not_to"] == "") add_changes()
	for (i = 1; i <= problem_count; i++) print "problem" separator redact(problems[i])
	if (problem_count == 0) for (i = 1; i <= change_count; i++) print "change" separator changes[i]
}

function add_changes(   i) {
	if (tag_count > 50) problem("tags must hold at most 50 texts; got " tag_count)
	if (service_count == 0) add_change("")
	for (i = 1; i <= service_count; i++) add_change(services[i])
}

function problem(text) {
	problems[++problem_count] = visible(text)
}

function shown(text) {
	return "\"" fit(text, 200) "\""
}

# A value set by hand is sent exactly, or refused.
function by_hand(name, limit, field,   text) {
	text = decode(ENVIRON[name], limit)
	if (text == "") return ""
	reject_reference(name, text)
	if (is_blank(text)) problem(field " must not be blank (from " name ")")
	if (characters > limit) problem(field " must have at most " limit " characters (from " name ")")
	return text
}

function one_of(name, field, choices,   text) {
	text = ENVIRON[name]
	if (text == "" || index(" " choices " ", " " text " ") && text !~ / /) return text
	gsub(/ /, ", ", choices)
	problem(field " must be one of " choices "; got " shown(text) " (from " name ")")
	return text
}

# Items between commas, trimmed, each once.
function read_list(name, list,   items, count, i, item, seen, size) {
	count = split(ENVIRON[name], items, ",")
	for (i = 1; i <= count; i++) {
		item = decode(trim(items[i]), 0)
		if (item == "" || item in seen) continue
		seen[item] = 1
		list[++size] = item
	}
	return size + 0
}

# What is nothing but `$NAME` would be recorded as it stands: no such variable was defined.
function reject_reference(name, text) {
	if (text ~ /^\$([0-9A-Za-z_]+|\{[0-9A-Za-z_]+\})$/) problem(name " is " shown(text) ": a variable that is not defined in this job")
}

function check_service(id) {
	reject_reference("ALERT24_SERVICE_ID", id)
	decode(id, 255)
	if (characters > 255) problem("service_id must have at most 255 characters (from ALERT24_SERVICE_ID)")
	if (id ~ /[ \t\n\013\014\r]/ || index(id, "/")) problem("service_id must be one id without spaces and slashes; got " shown(id) " (from ALERT24_SERVICE_ID)")
}

function read_fields(   raw) {
	set["summary"] = by_hand("ALERT24_SUMMARY", 255, "summary")
	set["change_type"] = one_of("ALERT24_CHANGE_TYPE", "change_type", "auto deployment config_change infrastructure code database_migration feature_flag rollback scaling security_patch other")
	set["description"] = by_hand("ALERT24_DESCRIPTION", 10000, "description")
	set["source"] = by_hand("ALERT24_SOURCE", 50, "source")
	set["risk_level"] = one_of("ALERT24_RISK_LEVEL", "risk_level", "low medium high critical")
	set["changed_by"] = by_hand("ALERT24_CHANGED_BY", 255, "changed_by")
	set["external_id"] = by_hand("ALERT24_EXTERNAL_ID", 4096, "external_id")
	raw = by_hand("ALERT24_ENVIRONMENT", 255, "environment")
	environment = raw != "" ? raw : decode(ENVIRON["CI_ENVIRONMENT_NAME"], 0)
	if (ENVIRON["hook_reason_not_to"] == "" && is_blank(environment)) problem("no environment is known: set ALERT24_ENVIRONMENT, or give the job an `environment:`; left out, Alert24 would record production")
}

function read_tags(   given, count, i) {
	add_tag(derived("gitlab", 255))
	add_tag(derived(environment, 255))
	add_tag(derived(ENVIRON["CI_COMMIT_TAG"], 255))
	if (outcome != "success") add_tag(outcome)
	count = read_list("ALERT24_TAGS", given)
	for (i = 1; i <= count; i++) {
		reject_reference("ALERT24_TAGS", given[i])
		decode(given[i], 255)
		if (characters > 255) problem("tags[" (i - 1) "] must have at most 255 characters (from ALERT24_TAGS)")
		add_tag(given[i])
	}
	if (count > 50) problem("tags must hold at most 50 texts; got " count " (from ALERT24_TAGS)")
}

function add_tag(tag) {
	if (tag == "" || tag in has_tag) return
	has_tag[tag] = 1
	tags[++tag_count] = tag
}
