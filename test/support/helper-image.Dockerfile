# The image that gitlab-ci-local copies files with. It calls bash. If the image has only sh, a script replaces bash.
FROM docker.io/firecow/gitlab-ci-local-util:latest
RUN command -v bash || { printf '#!/bin/sh\nexec /bin/sh "$@"\n' >/bin/bash && chmod +x /bin/bash; }
