# Builds the image that the components run: `podman build .` or `docker build .`. docs/decisions/image.md has the
# reasons. Behind a mirror of the npm registry: --secret id=npmrc,src="$HOME/.npmrc".

# The only base. Renovate adds the digest to this line and updates it.
ARG ALPINE=docker.io/library/alpine:3.23

FROM $ALPINE AS base
# apk's log contains the time of the build.
RUN apk add --no-cache ca-certificates-bundle git nodejs && rm -f /var/log/apk.log

FROM base AS build
RUN apk add --no-cache npm
WORKDIR /build
COPY package.json package-lock.json ./
# npm by the path of its program: the link in /usr/bin is a broken copy in package stores that do not keep links.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc node /usr/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts
COPY . .
RUN node --import=tsx scripts/build.ts

FROM base
COPY --from=build /build/dist/*.js /build/dist/LICENSES.txt /usr/local/lib/alert24-notify/
# A new volume for the relay's store takes the owner of /data.
RUN mkdir /data && chown 1000:1000 /data && \
    ln -s ../lib/alert24-notify/alert24-notify.js /usr/local/bin/alert24-notify
ARG VERSION=0.0.0 REVISION=unknown CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="alert24-notify" \
      org.opencontainers.image.description="Records deployments of GitLab CI/CD and Bitbucket Pipelines in Alert24's change log." \
      org.opencontainers.image.source="https://gitlab.com/alert24/alert24-notify" \
      org.opencontainers.image.documentation="https://gitlab.com/alert24/alert24-notify/-/blob/main/README.md" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
# A number, because Kubernetes' runAsNonRoot accepts no name. Every other user works as well.
USER 1000:1000
# No ENTRYPOINT: GitLab starts a shell in the image, Bitbucket the command.
CMD ["alert24-notify"]
