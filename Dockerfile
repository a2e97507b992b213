# syntax=docker/dockerfile:1.7
# One image per app:   docker build --build-arg APP=fhir-writer -t sightline/fhir-writer:0.1.0 .
# The sandbox in one:  docker build --target sandbox -t sightline/sandbox .   (compose.yaml does this)
# The base is pinned by version; a release pins it by digest too: --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG CUDA_IMAGE=nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04

FROM ${NODE_IMAGE} AS source
WORKDIR /src
# onnxruntime-node would fetch CUDA libraries; its package holds the CPU ones.
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .

FROM source AS build
ARG APP
RUN test -d "apps/${APP:?--build-arg APP=<app> is missing}" \
 && npx nest build "${APP}" \
 && if [ -d "apps/${APP}/web" ]; then npx vite build "apps/${APP}/web"; fi \
 && mv "dist/apps/${APP}" /app \
 && npm prune --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE} AS app
ARG APP
LABEL org.opencontainers.image.title="sightline/${APP}" org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production WEB_DIR=/srv/sightline/app/web MODELS_DIR=/srv/sightline/models
WORKDIR /srv/sightline
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/models ./models
COPY --from=build /app ./app
# Numeric, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 8080
# Node is process 1 and takes SIGTERM itself: no shell, no npm in between.
CMD ["node", "--enable-source-maps", "app/main.js"]

# For NVIDIA hardware: docker build --target cuda --build-arg APP=xray-worker -t sightline/xray-worker:0.1.0-cuda .
# Written, and never run on such hardware. ONNX Runtime wants CUDA 12 and cuDNN 9; the driver is the node's.
FROM build AS build-cuda
RUN ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js

FROM ${CUDA_IMAGE} AS cuda
ARG APP
LABEL org.opencontainers.image.title="sightline/${APP}" org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production WEB_DIR=/srv/sightline/app/web MODELS_DIR=/srv/sightline/models EXECUTION_PROVIDERS=cuda,cpu
WORKDIR /srv/sightline
COPY --from=build-cuda /usr/local/bin/node /usr/local/bin/node
COPY --from=build-cuda /src/package.json ./
COPY --from=build-cuda /src/node_modules ./node_modules
COPY --from=build-cuda /src/models ./models
COPY --from=build-cuda /app ./app
USER 10001:10001
EXPOSE 8080
CMD ["node", "--enable-source-maps", "app/main.js"]

FROM source AS sandbox
RUN apt-get update \
 && apt-get install -y --no-install-recommends openjdk-17-jdk-headless maven ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /src/.sandbox /home/node/.m2 \
 && chown -R node:node /src /home/node/.m2
# PostgreSQL refuses to run as root.
USER node
CMD ["npm", "start"]

# Without --target, an app.
FROM app
