# syntax=docker/dockerfile:1
# docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=true -t loadswarm:0.1.0 .
# Without a Docker daemon: npm run -s image -- --out loadswarm.tar

ARG NODE=26-slim
ARG DEBIAN=trixie-slim

FROM node:${NODE} AS build
# strip takes a fifth off Node; npm needs nothing to be built.
RUN apt-get update && apt-get install -y --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node k8s/image/assemble.ts /app && cp "$(command -v node)" /node && strip -s /node

FROM debian:${DEBIAN}
# What Node links to beside the base image's own libraries.
RUN apt-get update && apt-get install -y --no-install-recommends libatomic1 && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 65532 loadswarm \
  && useradd --uid 65532 --gid 65532 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin loadswarm
COPY --from=build /node /usr/local/bin/node
COPY --from=build /app /app
WORKDIR /app
# Compiled code is read from there; the file system may be read-only. What malloc is told: node/cli/heap.ts.
ENV NODE_COMPILE_CACHE=/app/.cache NODE_COMPILE_CACHE_PORTABLE=1 NODE_ENV=production MALLOC_MMAP_THRESHOLD_=32768
USER 65532:65532
# mesh, API (loopback unless told otherwise), probes and metrics
EXPOSE 7400 7480 7481
# Kubernetes has probes of its own. LOADSWARM_HEALTH says where they answer; without it they are the API's.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=6 \
  CMD ["node", "-e", "fetch('http://'+(process.env.LOADSWARM_HEALTH||process.env.LOADSWARM_API||'127.0.0.1:7480').replace(/\\[([\\d.]+)\\]/,'$1')+'/livez').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "node/main.ts"]
CMD ["agent"]
