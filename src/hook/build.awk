# Builds the change of one service from the job's variables, field by field as src/change does. Texts are bytes.
# From the shell: a24_key, a24_outcome, a24_text (from git), a24_kind (from GitLab), a24_index, a24_mode.
BEGIN {
	mode = ENVIRON["a24_mode"]; split("a24_key CI_JOB_TOKEN ALERT24_API_KEY", holder, " ")
	while (++i < 256) { code[c = sprintf("%c", i)] = i; control[i] = (i < 128 ? "" : "\302") c }
	if (mode == "encode") print encode(env("CI_ENVIRONMENT_NAME"))
	if (mode == "build") build()
}
# Prints the number of services, the external id, the Idempotency-Key, the change in words, the change; or why not.
function build(   count, id, message, name, given, i) {
	@shared_values@
	outcome = env("a24_outcome"); job = env("ALERT24_DEPLOY_JOB"); given = env("ALERT24_SUMMARY")
	env_name = first("ALERT24_ENVIRONMENT", env("CI_ENVIRONMENT_NAME"))
	if (!split(words_of[outcome], words, "|")) stop(unknown_outcome quote(outcome) unknown_outcome_end)
	if (env("CI_ENVIRONMENT_ACTION") == "stop" && job == "") stop(stops quote(env_name) stops_end)
	if (outcome != "success" && tolower(env("ALERT24_RECORD_FAILURES")) !~ /^(true|1|yes)$/)
		stop(unrecorded words[4] unrecorded_end)
	if (is_blank(env_name) || env_name ~ /^[$][{]?[A-Za-z0-9_]+[}]?$/) stop(no_environment)
	count = split_list(env("ALERT24_SERVICE_ID"), services, 0); service = fit(services[env("a24_index") + 0], 256)
	type = env("a24_kind") == "rollback" ? "rollback" : "deployment"
	if (env("ALERT24_CHANGE_TYPE") !~ /^(auto|)$/) type = env("ALERT24_CHANGE_TYPE")
	for (name in ENVIRON) if (name !~ /^a24_/) hide(name, env(name))
	tag = hide_values(env("CI_COMMIT_TAG")); message = first("a24_text", env("CI_COMMIT_MESSAGE"))
	for (i = length(message); i && substr(message, i, 1) ~ /[\r\n]/; i--) continue
	message = substr(message, 1, i)
	summary = given == "" ? build_summary() : (type outcome == "rollbacksuccess" ? rollback_prefix : words[3]) given
	add("summary", summary); add("service_id", service); add("change_type", type)
	add("description", build_description(env("ALERT24_DESCRIPTION")))
	add("source", first("ALERT24_SOURCE", "gitlab-ci"))
	if (env("CI_COMMIT_SHA") ~ /^[0-9A-Fa-f]+$/) add("commit_sha", env("CI_COMMIT_SHA"))
	add("commit_message", env("a24_text") == "" ? hide_values(message) : message)
	add("branch", hide_values(first("CI_COMMIT_BRANCH", env("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"))))
	add_merge_request(message, env("CI_PROJECT_URL"), env("CI_MERGE_REQUEST_IID"))
	add("pipeline_url", url(env("CI_PIPELINE_URL"))); add("environment", env_name)
	add("risk_level", first("ALERT24_RISK_LEVEL", outcome == "success" ? "" : "high"))
	add("changed_by", first("ALERT24_CHANGED_BY", env("GITLAB_USER_LOGIN")))
	id = fit(build_external_id(env("ALERT24_EXTERNAL_ID"), count), 4096); add("external_id", id)
	change = "{" change ",\"tags\":[" build_tags() "]}"; print count "\n" json(id)
	gsub(/[^!-~]|["\\]/, "_", id); print id ":" hash(change)
	if (service != "") service = " for service " quote(service)
	print escape(fit(summary, limit["summary"])) " in " quote(env_name) service "\n" change
}
function stop(line) { print line; exit }
function env(name) { return redact(ENVIRON[name] "") }
function first(name, other) { return env(name) != "" ? env(name) : other }
function is_blank(text) { return text !~ /[^ \t-\r]/ }
function url(text) { sub(/:\/\/[^\/?#]*@/, "://", text)
	return text ~ /^https?:\/\/[!-~]+$/ && length(text) <= limit["pipeline_url"] ? text : "" }
function add(field, text) {
	if (is_blank(text)) return
	change = change (change == "" ? "" : ",") "\"" field "\":" json(field in limit ? fit(text, limit[field]) : text)
}
function build_summary(   line, commit) {
	line = words[type == "rollback" ? 2 : 1] " " first("ALERT24_NAME", first("CI_PROJECT_NAME", "the project"))
	commit = first("CI_COMMIT_SHORT_SHA", substr(env("CI_COMMIT_SHA"), 1, 8))
	if (tag != "") commit = tag (commit == "" ? "" : " @ ") commit
	return commit == "" ? line : line (type == "rollback" ? " to " : tag == "" ? " @ " : " ") commit
}
function build_description(given,   text) {
	text = fact("Git tag: ", tag) fact("Job: ", job == "" ? url(env("CI_JOB_URL")) : "")
	text = text fact("Pipeline created: ", env("CI_PIPELINE_CREATED_AT"))
	text = text fact("Started: ", job == "" ? env("CI_JOB_STARTED_AT") : "")
	return given == "" ? substr(text, 2) : given text
}
function fact(name, text) { return is_blank(text) ? "" : "\n" name text }
function build_external_id(given, count,   id) {
	if (given != "") return given (count > 1 ? ":" encode(service) : "")
	id = "gitlab:" encode(first("CI_SERVER_FQDN", env("CI_SERVER_HOST"))) ":" encode(env("CI_PROJECT_ID"))
	id = id (job == "" ? ":job:" encode(env("CI_JOB_ID")) : ":pipeline:" encode(env("CI_PIPELINE_ID")))
	if (id ~ /::|:$/) return ""
	id = id (job == "" ? "" : ":" encode(job) ":" outcome) ":" encode(env_name)
	if (service != "") id = id ":" encode(service)
	if (env("ALERT24_CHANGE_TYPE") !~ /^(auto|deployment|rollback|)$/) id = id ":type=" type
	return id (env("ALERT24_SUMMARY") == "" ? "" : ":summary=" hash(env("ALERT24_SUMMARY")))
}
# The job's merge request, else the last line `See merge request …` of the message, else a subject that ends in `(!12)`.
function add_merge_request(message, base, number,   lines, i) {
	if (number != "") base = first("CI_MERGE_REQUEST_PROJECT_URL", base)
	for (i = split(message, lines, "\n"); i > 0 && number == ""; i--)
		if (index(lines[i], "See merge request ") == 1) number = find_number(trim(substr(lines[i], 19)))
	if (number == "" && match(trim(lines[1]), /[(][^() \t-\r]*![0-9]+[)]$/))
		number = find_number(substr(lines[1], RSTART + 1, RLENGTH - 2))
	if (number ~ /^[1-9][0-9]*$/) { add("pr_number", number); add("pr_url", url(base "/-/merge_requests/" number)) }
}
# `!12`, `group/project!12` or a URL: of this project only, because a message may quote another one.
function find_number(ref,   start, path) {
	start = url(env("CI_PROJECT_URL")) "/-/merge_requests/"; path = env("CI_PROJECT_PATH") "!"
	if (index(ref, start) == 1) ref = "!" substr(ref, length(start) + 1)
	else if (index(ref, path) == 1) ref = substr(ref, length(path))
	return ref ~ /^![1-9][0-9]*$/ ? substr(ref, 2) : ""
}
function build_tags(   list, is_tag, count, i, tags) {
	list[1] = "gitlab"; list[2] = env_name; list[3] = tag; list[4] = outcome == "success" ? "" : outcome
	count = split_list(env("ALERT24_TAGS"), list, 4)
	while (++i <= count)
		if (!is_blank(list[i]) && !is_tag[list[i] = fit(list[i], limit["tags"])]++)
			tags = tags (tags == "" ? "" : ",") json(list[i])
	return tags
}
# Appends the items between commas to the list, each once. Returns the size of the list.
function split_list(text, list, size,   items, is_listed, i, count) {
	count = split(text, items, ",")
	while (++i <= count) if ((text = trim(items[i])) != "" && !is_listed[text]++) list[++size] = text
	return size
}
# A long text stays as it is, because these patterns take quadratic time in some awks.
function trim(text) { if (length(text) < 2000) gsub(/^[ \t-\r]+|[ \t-\r]+$/, "", text); return text }
# Replaces the API key, any other key of Alert24, and the job's token.
function redact(text,   i) {
	gsub(/ak_live_[0-9A-Za-z]+/, "[redacted]", text)
	while (++i < 4) if (ENVIRON[holder[i]] ~ /^[^\/].......+$/) text = replace(text, ENVIRON[holder[i]], "[redacted]")
	return text
}
# GitLab and its runner expand $NAME in messages, branches and tags: replaces the values of the job's other variables.
function hide_values(text,   other, best, done) {
	do {
		if (best != "") text = replace(text, best, "[redacted]")
		done[best]; best = ""
		for (other in hidden) if (!(other in done) && index(text, other) && length(other) > length(best)) best = other
	} while (best != "")
	return text
}
# The runner expands a value once more, so that only the parts between its references are sure to arrive.
function hide(name, text,   most, parts, i) {
	most = toupper(name) ~ secret_name && name !~ harmless ? 3 : name "=" text ~ predefined ? 1000000 : 15
	if (text ~ password_url || fit(text, most) != text) hidden[text]
	i = split(trim(text), parts, "[$]([A-Za-z_][A-Za-z0-9_]*|[{][^}]*[}]|.)")
	for (; i > 0; i--) if (fit(parts[i], most) != parts[i]) hidden[parts[i]]
}
# Returns at most so many characters of a text; the last one is `…` if it is truncated.
function fit(text, most,   size, i, c, count, cut) {
	if (length(text) <= most) return text
	text = substr(text, 1, 4 * most + 4); size = length(text)
	while (++i <= size && count <= most)
		if (((c = code[substr(text, i, 1)]) < 128 || c > 191) && ++count == most) cut = i - 1
	return count > most ? substr(text, 1, cut) "\342\200\246" : text
}
function replace(text, find, by,   at, out) {
	for (; (at = index(text, find)); text = substr(text, at + length(find))) out = out substr(text, 1, at - 1) by
	return out text
}
function quote(text) { return json(fit(text, 200)) }
function json(text) { gsub(/["\\]/, "\\\\&", text); return "\"" escape(text) "\"" }
# Makes a text harmless in a log, in JSON's own way: control characters, and the marks of GitLab's collapsible sections.
function escape(text,   i) {
	for (i = text ~ /[^ -~]/ ? 1 : 160; i < 160; i += i == 31 ? 96 : 1) if (index(text, control[i]))
		text = replace(text, control[i], i == 9 ? "\\t" : i == 10 ? "\\n" : i == 13 ? "\\r" : sprintf("\\u%04x", i))
	return replace(replace(text, "section_start:", "section_start\\u003a"), "section_end:", "section_end\\u003a")
}
function encode(text,   i, c, out) {
	while (++i <= length(text))
		out = out ((c = substr(text, i, 1)) ~ "[A-Za-z0-9._~/-]" ? c : sprintf("%%%02X", code[c]))
	return out
}
function hash(text,   size, i, sum) {
	for (size = length(text); ++i <= size;) sum = (sum * 257 + code[substr(text, i, 1)]) % 4294967291
	return sprintf("%04x%04x", int(sum / 65536), sum % 65536)
}
