# syntax=docker/dockerfile:1

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=optional --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY migrations ./migrations
COPY bench ./bench
RUN npm run build

# Without the optional packages: they are the embedded PostgreSQL (60 MB) and native speed-ups with a fallback.
FROM node:24-bookworm-slim AS packages
WORKDIR /packages
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=packages /packages/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY templates ./templates
USER node
EXPOSE 3000
# The start period covers connecting to a database that is itself starting.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npm in between: SIGTERM reaches the service itself. Without source maps: Node reads those of every package
# at start and keeps them, 15 MiB; `NODE_OPTIONS=--enable-source-maps` brings them back. Young generations of twice
# 64 MB: what is under way outlives small ones and is copied (docs/decisions/0048). Up to 100 MiB under load; with too little
# memory run `node dist/src/main.js`.
CMD ["node", "--max-semi-space-size=64", "dist/src/main.js"]
