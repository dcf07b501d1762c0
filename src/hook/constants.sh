# What nearly every function uses. Shell functions have no variables of their own; these carry facts from one file to another:
# settings.sh: problems, api_url, api_key, budget, records_failures, is_dry_run; outcome.sh: outcome, reason_not_to, rollback, note;
# http.sh: client, no_client, and of one request answer and client_status; judge.sh: verdict, reason, status, asked_for, change_id;
# record.sh: started, deadline, changes; deliver.sh: label, external_id, is_proven, trusted_ca.

# Exported by the job under these names, what they come to hold would be in the environment of every program, which has a limit.
unset answer body built change changes complaint config given headers label line list payload problems reason result said words
newline='
'
tab=$(printf '\t')
return=$(printf '\r')
white_space=" $tab$newline$return"
# Between the parts of a line: a control character, which no part contains.
separator=$(printf '\037')
# What stands where a text was cut, and where one looks for half a secret.
ellipsis=$(printf '\342\200\246')
usual_ifs=" $tab$newline"
IFS=$usual_ifs
user_agent="alert24-notify/@version@ (hook)"
answer_awk=$text_awk$read_json_awk$read_response_awk$read_answer_awk
build_awk=$text_awk$redact_awk$merge_request_awk$change_awk$build_changes_awk
