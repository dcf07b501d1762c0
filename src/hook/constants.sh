# What nearly every function uses.
newline='
'
tab=$(printf '\t')
return=$(printf '\r')
white_space=" $tab$newline$return"
# Between the parts of a line: a control character, which no part contains.
separator=$(printf '\037')
usual_ifs=" $tab$newline"
IFS=$usual_ifs
user_agent="alert24-notify/@version@ (hook)"
answer_awk=$text_awk$read_json_awk$read_response_awk$read_answer_awk
build_awk=$text_awk$merge_request_awk$change_awk$build_changes_awk
