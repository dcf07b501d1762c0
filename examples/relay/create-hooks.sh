#!/bin/sh
# Prints the API calls that create the webhooks. It sends nothing. Set the variables of your calls when you run them:
# RELAY_URL, GITLAB_URL, GITLAB_TOKEN (scope api), SIGNING_TOKEN (whsec_…), BITBUCKET_TOKEN, BITBUCKET_SECRET.
cat <<'CALLS'
# A signing token for GitLab 19.0 and newer, and a secret for Bitbucket:
SIGNING_TOKEN="whsec_$(openssl rand -base64 32)"
BITBUCKET_SECRET="$(openssl rand -hex 24)"

# GitLab, all projects of a group (Premium; role Owner). Check that the response contains "signing_token_present": true.
curl --fail-with-body --request POST "$GITLAB_URL/api/v4/groups/<group id>/hooks" \
  --header "PRIVATE-TOKEN: $GITLAB_TOKEN" --header 'Content-Type: application/json' \
  --data '{"url":"'"$RELAY_URL"'/webhooks/gitlab","name":"alert24","deployment_events":true,"push_events":false,"enable_ssl_verification":true,"signing_token":"'"$SIGNING_TOKEN"'"}'

# GitLab, one project (Free; role Maintainer). "job_events":true reports more, by an event for each state of a job.
curl --fail-with-body --request POST "$GITLAB_URL/api/v4/projects/<project id>/hooks" \
  --header "PRIVATE-TOKEN: $GITLAB_TOKEN" --header 'Content-Type: application/json' \
  --data '{"url":"'"$RELAY_URL"'/webhooks/gitlab","name":"alert24","deployment_events":true,"push_events":false,"enable_ssl_verification":true,"signing_token":"'"$SIGNING_TOKEN"'"}'

# GitLab before 19.0: "token":"<secret>" in place of "signing_token".

# Bitbucket Cloud, one repository (permission: repository webhooks, write):
curl --fail-with-body --request POST "https://api.bitbucket.org/2.0/repositories/<workspace>/<repository>/hooks" \
  --header "Authorization: Bearer $BITBUCKET_TOKEN" --header 'Content-Type: application/json' \
  --data '{"description":"alert24","url":"'"$RELAY_URL"'/webhooks/bitbucket","active":true,"secret":"'"$BITBUCKET_SECRET"'","events":["repo:push","repo:commit_status_created","repo:commit_status_updated","pullrequest:fulfilled"]}'
CALLS
