#!/bin/sh
# Runs one relay with a SQLite store in a volume. Expects the files secrets/api-key and secrets/gitlab-secrets, and
# rules.yaml.
set -eu
docker volume create alert24-relay
docker run --detach --name alert24-relay --restart unless-stopped \
  --memory 256m --read-only --cap-drop ALL --security-opt no-new-privileges \
  --publish 127.0.0.1:8080:8080 \
  --volume alert24-relay:/data \
  --volume "$PWD/rules.yaml:/etc/alert24/rules.yaml:ro" \
  --volume "$PWD/secrets:/run/secrets:ro" \
  --env ALERT24_API_KEY_FILE=/run/secrets/api-key \
  --env ALERT24_RELAY_STORE=/data/relay.sqlite \
  --env ALERT24_RELAY_RULES=/etc/alert24/rules.yaml \
  --env ALERT24_RELAY_GITLAB_SECRETS_FILE=/run/secrets/gitlab-secrets \
  registry.gitlab.com/alert24/alert24-notify:1.0.0 \
  alert24-notify serve
