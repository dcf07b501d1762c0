# Builds the change of one service from the job's variables, field by field as src/change does. Texts are bytes: LC_ALL=C.
# From the shell: a24_key, a24_outcome, a24_message (from git), a24_history (from GitLab), a24_index, a24_mode.
BEGIN {
	for (i = 1; i < 256; i++) code[byte[i] = sprintf("%c", i)] = i
	for (i = 0; i < 32; i++) key_pattern = key_pattern "[0-9A-Za-z]"
	secret[1] = ENVIRON["a24_key"]; secret[2] = ENVIRON["CI_JOB_TOKEN"]
	secret[3] = ENVIRON["ALERT24_API_KEY"] ~ /^\// ? "" : ENVIRON["ALERT24_API_KEY"]
	if (ENVIRON["a24_mode"] == "encode") print encode(ENVIRON["CI_ENVIRONMENT_NAME"])
	if (ENVIRON["a24_mode"] == "build") build()
}
# Prints the number of services, the external id as JSON, the Idempotency-Key, the change in words, and the change; or one
# line about why there is no change.
function build(   count, id, history, message, name, given, i) {
	@shared_values@
	outcome = env("a24_outcome"); job = env("ALERT24_DEPLOY_JOB")
	environment = first(env("ALERT24_ENVIRONMENT"), env("CI_ENVIRONMENT_NAME"))
	if (!split(words_of[outcome], words, "|")) stop(unknown_outcome quote(outcome) unknown_outcome_end)
	if (ENVIRON["CI_ENVIRONMENT_ACTION"] == "stop" && job == "") stop(stops quote(environment) stops_end)
	if (outcome != "success" && tolower(ENVIRON["ALERT24_RECORD_FAILURES"]) !~ /^(true|1|yes)$/) stop(words[4])
	if (is_blank(environment) || environment ~ /^[$][{]?[A-Za-z0-9_]+[}]?$/) stop(unknown_environment)
	count = split_list(env("ALERT24_SERVICE_ID"), services, 0); service = services[ENVIRON["a24_index"] + 0]
	split(ENVIRON["a24_history"], history, "\n")
	type = first(env("ALERT24_CHANGE_TYPE"), "auto"); given = env("ALERT24_SUMMARY")
	if (type == "auto") type = history[1] == "rollback" ? "rollback" : "deployment"
	for (name in ENVIRON) if (name !~ /^a24_/) values[name] = env(name)
	for (name in values) { hide(name, values[name]); hide(name, trim(values[name])); hide(name, expand(values[name])) }
	tag = hide_values(env("CI_COMMIT_TAG")); message = first(env("a24_message"), env("CI_COMMIT_MESSAGE"))
	for (i = length(message); i > 0 && substr(message, i, 1) ~ /[\r\n]/; i--) continue
	message = substr(message, 1, i)
	if (given != "") summary = (type outcome == "rollbacksuccess" ? rollback_prefix : words[3]) given
	else summary = build_summary(first(env("CI_COMMIT_SHORT_SHA"), substr(env("CI_COMMIT_SHA"), 1, 8)))
	add("summary", summary); add("service_id", service); add("change_type", type)
	add("description", build_description(env("ALERT24_DESCRIPTION"), history))
	add("source", first(env("ALERT24_SOURCE"), "gitlab-ci"))
	if (env("CI_COMMIT_SHA") ~ /^[0-9A-Fa-f]+$/) add("commit_sha", env("CI_COMMIT_SHA"))
	add("commit_message", ENVIRON["a24_message"] == "" ? hide_values(message) : message)
	add("branch", hide_values(first(env("CI_COMMIT_BRANCH"), env("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"))))
	add_merge_request(message, env("CI_PROJECT_URL"), env("CI_MERGE_REQUEST_IID"))
	add("pipeline_url", url(env("CI_PIPELINE_URL"))); add("environment", environment)
	add("risk_level", first(env("ALERT24_RISK_LEVEL"), outcome == "success" ? "" : "high"))
	add("changed_by", first(env("ALERT24_CHANGED_BY"), env("GITLAB_USER_LOGIN")))
	id = build_external_id(env("ALERT24_EXTERNAL_ID"), count); add("external_id", id)
	change = "{" change ",\"tags\":[" build_tags() "]}"
	print count "\n" json(id)
	gsub(/[^!-~]|["\\]/, "_", id)
	print id ":" hash(change) "\n" escape(fit(summary, limit["summary"])) " in " quote(environment) (service == "" ? "" : " for service " quote(service)) "\n" change
}
function stop(line) { print line; exit }
function env(name) { return redact(ENVIRON[name]) }
function first(value, other) { return value != "" ? value : other }
function is_blank(value) { return value !~ /[^ \t\n\013\014\r]/ }
# A URL is sent whole or not at all.
function url(value) { return value ~ /^https?:\/\/[!-~]+$/ && length(value) <= limit["pipeline_url"] ? value : "" }
function add(field, value) {
	if (is_blank(value)) return
	change = change (change == "" ? "" : ",") "\"" field "\":" json(field in limit ? fit(value, limit[field]) : value)
}
function build_summary(commit,   line) {
	line = words[type == "rollback" ? 2 : 1] " " first(env("ALERT24_NAME"), first(env("CI_PROJECT_NAME"), "the project"))
	if (tag != "") commit = tag (commit == "" ? "" : " @ ") commit
	return commit == "" ? line : line (type == "rollback" ? " to " : tag == "" ? " @ " : " ") commit
}
function build_description(given, history,   text) {
	text = fact("Git tag: ", tag) (job == "" ? fact("Job: ", url(env("CI_JOB_URL"))) : "")
	text = text fact("Pipeline created: ", env("CI_PIPELINE_CREATED_AT"))
	text = text (job == "" ? fact("Started: ", env("CI_JOB_STARTED_AT")) : "") fact("Previous commit: ", history[2])
	if (history[1] == "redeployment") text = text "\nRe-deployment of the same commit"
	return given == "" ? substr(text, 2) : given text
}
function fact(name, value) { return is_blank(value) ? "" : "\n" name value }
function build_external_id(given, count,   id) {
	if (given != "") return given (count > 1 ? ":" encode(service) : "")
	id = "gitlab:" encode(first(env("CI_SERVER_FQDN"), env("CI_SERVER_HOST"))) ":" encode(env("CI_PROJECT_ID"))
	id = id (job == "" ? ":job:" encode(env("CI_JOB_ID")) : ":pipeline:" encode(env("CI_PIPELINE_ID")))
	if (id ~ /::|:$/) return ""
	id = id (job == "" ? "" : ":" encode(job) ":" outcome) ":" encode(environment) (service == "" ? "" : ":") encode(service)
	if (env("ALERT24_CHANGE_TYPE") !~ /^(auto|deployment|rollback|)$/) id = id ":type=" type
	return id (env("ALERT24_SUMMARY") == "" ? "" : ":summary=" hash(env("ALERT24_SUMMARY")))
}
# The job's merge request, else the last line `See merge request …` of the message, else a subject that ends in `(!12)`.
function add_merge_request(message, base, number,   lines, i) {
	if (number != "") base = first(env("CI_MERGE_REQUEST_PROJECT_URL"), base)
	for (i = split(message, lines, "\n"); i > 0 && number == ""; i--)
		if (index(lines[i], "See merge request ") == 1) number = find_number(trim(substr(lines[i], 19)))
	if (number == "" && match(trim(lines[1]), /[(][^() \t\013\014\r]*![0-9]+[)]$/))
		number = find_number(substr(lines[1], RSTART + 1, RLENGTH - 2))
	if (number !~ /^[1-9][0-9]*$/) return
	add("pr_number", number)
	if (base != "") add("pr_url", url(base "/-/merge_requests/" number))
}
# `!12`, `group/project!12` or a URL: of this project only, because a message may quote another one.
function find_number(reference,   start) {
	start = env("CI_PROJECT_URL") "/-/merge_requests/"
	if (index(reference, start) == 1) reference = "!" substr(reference, length(start) + 1)
	start = env("CI_PROJECT_PATH")
	if (index(reference, start "!") == 1) reference = substr(reference, length(start) + 1)
	return reference ~ /^![1-9][0-9]*$/ ? substr(reference, 2) : ""
}
function build_tags(   list, is_tag, count, i, value, out) {
	list[1] = "gitlab"; list[2] = environment; list[3] = tag; list[4] = outcome == "success" ? "" : outcome
	count = split_list(env("ALERT24_TAGS"), list, 4)
	for (i = 1; i <= count; i++) {
		value = is_blank(list[i]) ? "" : fit(list[i], limit["tags"])
		if (value != "" && !is_tag[value]++) out = out (out == "" ? "" : ",") json(value)
	}
	return out
}
# Adds the items between commas to a list of a size, each once. Returns its new size.
function split_list(value, list, size,   items, is_listed, i, count) {
	count = split(value, items, ",")
	for (i = 1; i <= count; i++) if ((value = trim(items[i])) != "" && !is_listed[value]++) list[++size] = value
	return size
}
# A long text stays as it is, because these patterns take quadratic time in some awks.
function trim(value) {
	if (length(value) < 2000) gsub(/^[ \t\n\013\014\r]+|[ \t\n\013\014\r]+$/, "", value)
	return value
}
# Replaces the API key, any other key of Alert24, and the job's token.
function redact(value,   i) {
	if (index(value, "ak_live_")) gsub("ak_live_" key_pattern, "[redacted]", value)
	for (i = 1; i < 4; i++) if (length(secret[i]) > 7) value = replace(value, secret[i], "[redacted]")
	return value
}
# GitLab and its runner expand $NAME in messages, branches and tags: replaces the values of the job's other variables.
function hide_values(value,   other, best, done) {
	do {
		if (best != "") value = replace(value, best, "[redacted]")
		done[best]; best = ""
		for (other in hidden) if (!(other in done) && index(value, other) && length(other) > length(best)) best = other
	} while (best != "")
	return value
}
function hide(name, value,   longest) {
	longest = toupper(name) ~ secret_name && name !~ harmless_name ? 3 : name ~ predefined_name ? 1000000 : 15
	if (value ~ url_with_password || fit(value, longest) != value) hidden[value]
}
# The runner expands a value once more: `$$` becomes `$`, and an unknown name becomes nothing.
function expand(value,   name, out) {
	while (match(value, /[$]([{][^}]*[}]|[A-Za-z_][A-Za-z0-9_]*|[*#$@!?0-9-])/)) {
		name = substr(value, RSTART + 1, RLENGTH - 1); gsub(/[{}]/, "", name)
		out = out substr(value, 1, RSTART - 1) (name == "$" ? "$" : name in values ? values[name] : "")
		value = substr(value, RSTART + RLENGTH)
	}
	return out value
}
# Returns at most so many characters of a text; the last one is `…` if it is truncated.
function fit(value, characters,   size, i, c, count, cut) {
	if (length(value) <= characters) return value
	size = length(value = substr(value, 1, 4 * characters + 4))
	for (i = 1; i <= size && count <= characters; i++) {
		c = code[substr(value, i, 1)]
		if ((c < 128 || c > 191) && ++count == characters) cut = i - 1
	}
	return count > characters ? substr(value, 1, cut) "\342\200\246" : value
}
function replace(value, find, by,   at, out) {
	for (; (at = index(value, find)) > 0; value = substr(value, at + length(find))) out = out substr(value, 1, at - 1) by
	return out value
}
function quote(value) { return json(fit(value, 200)) }
function json(value) { gsub(/["\\]/, "\\\\&", value); return "\"" escape(value) "\"" }
# Makes a text harmless in a log, in JSON's own way: control characters, and the marks of GitLab's collapsible sections.
function escape(value,   i) {
	for (i = value ~ /[^ -~]/ ? 1 : 128; i < 128; i += i == 31 ? 96 : 1) if (index(value, byte[i]))
		value = replace(value, byte[i], i == 9 ? "\\t" : i == 10 ? "\\n" : i == 13 ? "\\r" : sprintf("\\u%04x", i))
	return replace(replace(value, "section_start:", "section_start\\u003a"), "section_end:", "section_end\\u003a")
}
# Percent-encodes what has a meaning in an id or a URL.
function encode(value,   i, c, out) {
	for (i = 1; i <= length(value); i++) {
		c = substr(value, i, 1); out = out (c ~ /[A-Za-z0-9._~-]/ || c == "/" ? c : sprintf("%%%02X", code[c]))
	}
	return out
}
function hash(value,   size, i, sum) {
	size = length(value)
	for (i = 1; i <= size; i++) sum = (sum * 257 + code[substr(value, i, 1)]) % 4294967291
	return sprintf("%04x%04x", int(sum / 65536), sum % 65536)
}
