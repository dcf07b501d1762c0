# Builds the image that the component runs. `podman build .` or `docker build .`; see "Image" in CONTRIBUTING.md.
# Behind a mirror of the npm registry: --secret id=npmrc,src="$HOME/.npmrc".
# One base, pinned by Node's exact version: it is where Alpine comes from, too.
FROM docker.io/library/node:24.21.0-alpine3.23 AS base

FROM base AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --ignore-scripts
COPY . .
# With this Node and no other, since V8's compiled code of the bundle is good for no other.
RUN /usr/local/bin/node --import=tsx scripts/build.ts
RUN /usr/local/bin/node --import=tsx scripts/build-image-files.ts
COPY --from=base / root/
RUN /usr/local/bin/node --import=tsx scripts/assemble-image.ts root

FROM scratch
COPY --from=build /build/root/ /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ARG VERSION=0.0.0 REVISION=unknown CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="alert24-notify" \
      org.opencontainers.image.description="Records deployments of GitLab CI/CD and Bitbucket Pipelines in Alert24's change log." \
      org.opencontainers.image.source="https://gitlab.com/alert24/alert24-notify" \
      org.opencontainers.image.documentation="https://gitlab.com/alert24/alert24-notify/-/blob/main/README.md" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
# A number, so that Kubernetes can tell that it is not root. Any other works as well.
USER 1000:1000
# No ENTRYPOINT: GitLab starts a shell in the image, Bitbucket the command.
CMD ["alert24-notify"]
