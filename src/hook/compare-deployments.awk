# What the newest successful deployments to this environment (https://docs.gitlab.com/api/deployments/) say of this one: `rollback` where its commit
# was deployed before and another one since, `redeployment` where the newest has the same commit; then the commit of the newest. Only deployments
# by a job of this name count: in a monorepo several deploy to the same environment, each something else.
function on_value(path, value,   parts) {
	split(path, parts, ".")
	if (parts[2] == "sha" || parts[2] == "status") of[parts[1], parts[2]] = value
	if (parts[2] "." parts[3] "." parts[4] == "deployable.id.") of[parts[1], "job"] = value
	if (parts[2] "." parts[3] "." parts[4] == "deployable.name.") of[parts[1], "name"] = plain(substr(value, 1, 2000))
	if (parts[1] ~ /^[0-9]+$/ && parts[1] + 1 > count) count = parts[1] + 1
}

END {
	sha = ENVIRON["CI_COMMIT_SHA"]
	name = ENVIRON["CI_JOB_NAME"] ""
	if (status != 200 || sha == "" || name == "") exit
	for (i = 0; i < count; i++) {
		if (of[i, "name"] "" != name || of[i, "status"] != "success" || of[i, "job"] == ENVIRON["CI_JOB_ID"] || of[i, "sha"] !~ /^[0-9a-f]+$/) continue
		if (newest == "") newest = of[i, "sha"]
		if (of[i, "sha"] == sha) { kind = newest == sha ? "redeployment" : "rollback"; break }
	}
	if (kind != "") print kind, newest
}
