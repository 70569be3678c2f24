// Owns /metrics: what the server and the process are doing, for Prometheus.
// I1: label values come from closed lists (routes, verbs, codes), never from a request's text.
import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Store, Unsubscribe } from '../store/store.ts';
import { type Access, plainAccess } from './access.ts';
import type { ServerOptions } from './deps.ts';
import type { Fairness } from './fairness/fairness.ts';
import { observeFairness } from './fairness/fairness-metrics.ts';
import type { ConnectionGuard } from './limits.ts';
import { isTrue, queryOf } from './query.ts';
import { addRoute } from './routes/context.ts';
import type { Streams } from './streams.ts';

export interface Metrics {
  readonly registry: Registry;
  close(): void;
}

interface MetricsInput {
  readonly store: Pick<Store, 'agents'>;
  readonly streams: Streams;
  readonly guard: ConnectionGuard;
  readonly fairness: Fairness;
  readonly backupRoutine: ServerOptions['backupRoutine'];
}

/** Keeps count of connected agents without asking the database. */
const countAgents = async (
  store: Pick<Store, 'agents'>,
): Promise<{ readonly connected: Set<string>; readonly stop: Unsubscribe }> => {
  const connected = new Set<string>();
  const stop = store.agents.onChange((node, row) => {
    if (row?.connected === true) connected.add(node);
    else connected.delete(node);
  });
  for (const row of await store.agents.list()) if (row.connected) connected.add(row.node);
  return { connected, stop };
};

const gauge = (registry: Registry, name: string, help: string, read: () => number): void => {
  const metric: Gauge = new Gauge({
    name,
    help,
    registers: [registry],
    collect: (): void => metric.set(read()),
  });
};

const verbOf = (access: Access | undefined, method: string, watch: boolean): string => {
  if (access?.kind !== 'resource') return method;
  if (access.verb === 'read') return watch ? 'watch' : 'list';
  return access.verb;
};

const resourceOf = (access: Access | undefined): string => {
  if (access?.kind !== 'resource') return access?.kind ?? 'none';
  return access.subresource ? `${access.resource}/${access.subresource}` : access.resource;
};

const observeRequests = (app: FastifyInstance, registry: Registry): void => {
  const labels = ['verb', 'resource', 'code'] as const;
  const total = new Counter({
    name: 'drover_http_requests_total',
    help: 'Requests answered, by verb, resource and code',
    labelNames: labels,
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'drover_http_request_duration_seconds',
    help: 'Time from request to the end of its answer, streams excepted',
    labelNames: ['verb', 'resource'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    registers: [registry],
  });
  app.addHook('onResponse', (request, reply, done) => {
    const access = request.routeOptions.config.access;
    const watch = isTrue(queryOf(request), 'watch') || isTrue(queryOf(request), 'follow');
    const verb = verbOf(access, request.method, watch);
    const resource = resourceOf(access);
    total.inc({ verb, resource, code: String(reply.raw.statusCode) });
    if (!watch) duration.observe({ verb, resource }, reply.elapsedTime / 1_000);
    done();
  });
};

/** Only where backups are made by the clock, so that an alarm for one that is too old does not go off elsewhere. */
const observeBackups = (
  registry: Registry,
  { figures }: NonNullable<MetricsInput['backupRoutine']>,
): void => {
  const last = 'drover_backup_last';
  gauge(registry, `${last}_success_timestamp_seconds`, 'When the last backup was made; 0: never', () =>
    Math.floor(figures().madeMs / 1_000),
  );
  gauge(registry, `${last}_failure_timestamp_seconds`, 'When the last backup failed; 0: never', () =>
    Math.floor(figures().failedMs / 1_000),
  );
  gauge(registry, `${last}_size_bytes`, 'Size of the last backup', () => figures().sizeBytes);
};

/** Adds the hook, the gauges and the route. */
export const installMetrics = async (
  app: FastifyInstance,
  { store, streams, guard, fairness, backupRoutine }: MetricsInput,
): Promise<Metrics> => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { connected, stop } = await countAgents(store);
  gauge(registry, 'drover_agents_connected', 'Agents connected', () => connected.size);
  gauge(registry, 'drover_http_streams', 'Watches, logs and other streams open', () => streams.count());
  gauge(registry, 'drover_http_strangers', 'Connections that have not shown who they are', () =>
    guard.strangers(),
  );
  observeRequests(app, registry);
  observeFairness(registry, fairness);
  if (backupRoutine !== undefined) observeBackups(registry, backupRoutine);
  addRoute(app, 'GET', '/metrics', plainAccess('get', 'metrics'), async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
  return {
    registry,
    close: () => {
      stop();
      registry.clear();
    },
  };
};
