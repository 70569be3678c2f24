// Owns the HTTPS server: what it listens with, in which order a request meets its parts, and how it closes.
// I1: route → authenticate → authorize (access.ts) → wait for its turn (fairness/) → read the body (body.ts) → one call → encode.
// I2: draining lets everybody go in order (farewell.ts); closing ends streams and shells, lets what is under way finish for
//     `graceMs` unless it was drained, then cuts.
// I3: hooks that wait for nothing are functions with a callback: each that is async costs every request two more turns.
import { constants } from 'node:crypto';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ApiError } from '@drover/api';
import { type FastifyInstance, fastify } from 'fastify';
import type { DrainPart } from '../platform/drain.ts';
import { installAccess } from './access.ts';
import { installAudit } from './audit.ts';
import { installBodies } from './body.ts';
import { createCuts } from './cuts.ts';
import type { ApiServer, Limits, ServerOptions, Tls } from './deps.ts';
import { answerClientError, installErrors, sendError } from './errors.ts';
import { createFairness, installFairness } from './fairness/fairness.ts';
import { createFarewell, type Farewell } from './farewell.ts';
import { createForwarder, installForwarding } from './forward.ts';
import { type ConnectionGuard, createConnectionGuard, defaultLimits } from './limits.ts';
import { installMetrics } from './metrics.ts';
import { refuseNulInAddresses } from './nul.ts';
import { securityHeaders } from './pages.ts';
import { createRecorder } from './recorder.ts';
import { addAccountRoutes } from './routes/account.ts';
import { addAuditRoutes } from './routes/audit.ts';
import { addBackupRoutes } from './routes/backups.ts';
import { addBulkRoutes } from './routes/bulk.ts';
import { addCliSignInRoutes } from './routes/cli-sign-in.ts';
import { addConsoleRoutes } from './routes/console.ts';
import type { RouteContext } from './routes/context.ts';
import { addCustomRoutes } from './routes/custom.ts';
import { addDiscoveryRoutes } from './routes/discovery.ts';
import { addDrainRoutes } from './routes/drain.ts';
import { addEncryptionRoutes } from './routes/encryption.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addKindRoutes } from './routes/kinds.ts';
import { watchMethods } from './routes/methods.ts';
import { addNodeTaskRoutes } from './routes/node-tasks.ts';
import { addOidcRoutes } from './routes/oidc.ts';
import { addOperationRoutes } from './routes/operations.ts';
import { addOwnRoutes } from './routes/own.ts';
import { addRecordingRoutes } from './routes/recordings.ts';
import { addReviewRoutes } from './routes/reviews.ts';
import { addServerStatusRoute } from './routes/server-status.ts';
import { addTokenRoute } from './routes/service-account-token.ts';
import { addShellRoute } from './routes/shell.ts';
import { addSignInRoutes } from './routes/sign-in.ts';
import { addSupportBundleRoute } from './routes/support-bundle.ts';
import { addUsageRoutes } from './routes/usage.ts';
import { addUserRoutes } from './routes/users.ts';
import { createShellDoor, type ShellDoor } from './shell.ts';
import { type ClockSkew, watchClockSkew } from './status/clock-skew.ts';
import type { StatusSources } from './status/read.ts';
import { onStreamUpgrade } from './stream-door.ts';
import { createStreams, type Streams } from './streams.ts';
import { createUsage } from './usage.ts';
import { createWorkSignals } from './work-signals.ts';

const graceMs = 5_000;
const keepAliveMs = 65_000;
const tcpKeepAliveMs = 30_000;
const backlog = 4_096;

/** No agent is at another controller. */
const alone = { elsewhere: async () => undefined, secret: new Uint8Array() };

/** Clients are asked for a certificate of our CA; its name is the only one that they are told. */
const secureContext = ({ keyPem, certPem }: Tls, caPem: string) => ({
  key: keyPem,
  cert: certPem,
  ca: caPem,
  minVersion: 'TLSv1.2' as const,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
});

const makeApp = (options: ServerOptions, limits: Limits): FastifyInstance<Server> =>
  fastify({
    https: {
      ...secureContext(options.tls, options.joinInfo.caPem),
      // Whoever has none signs in otherwise (client-certificate.ts I3).
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: limits.handshakeTimeoutMs,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
      keepAlive: true,
      keepAliveInitialDelay: tcpKeepAliveMs,
      noDelay: true,
      ALPNProtocols: ['http/1.1'],
    },
    // Bodies have their own clock (body.ts); content may take hours.
    requestTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 512 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => sendError(request, reply, error, options.log),
  });

const guardConnections = (server: Server, limits: Limits, guard: ConnectionGuard): void => {
  server.maxConnections = limits.connections;
  server.on('connection', guard.accept);
};

const addHeaders = (app: FastifyInstance): void => {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(securityHeaders);
    done();
  });
};

const isHost = (name: string): boolean => name.length === 4 && name.toLowerCase() === 'host';

/** Names and values in turns. */
const countHosts = (rawHeaders: readonly string[]): number => {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (isHost(rawHeaders[i] ?? '')) count++;
  return count;
};

/** RFC 9112 section 3.2: Node.js would take the first, a proxy in front perhaps the second. */
const refuseTwoHosts = (app: FastifyInstance): void => {
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    if (countHosts(raw.rawHeaders) <= 1) done();
    else done(new ApiError('BadRequest', 'cannot read the request: it has more than one Host header'));
  });
};

/** Fastify's generic server type does not matter to the parts that only add routes and hooks. */
const asPlain = (app: FastifyInstance<Server>): FastifyInstance => app as unknown as FastifyInstance;

const closeServer = async (app: FastifyInstance<Server>, waitMs: number): Promise<void> => {
  const cut = setTimeout(() => app.server.closeAllConnections(), waitMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
};

/** What every Kubernetes client asks for, and the rows that belong to objects. */
const addObjectRoutes = (
  app: FastifyInstance,
  context: Parameters<typeof addBulkRoutes>[1] & Parameters<typeof addUsageRoutes>[1],
): void => {
  addDiscoveryRoutes(app, context);
  addKindRoutes(app, context);
  addCustomRoutes(app, context);
  addReviewRoutes(app, context);
  addTokenRoute(app, context);
  addBulkRoutes(app, context);
  addNodeTaskRoutes(app, context);
  addUsageRoutes(app, context);
};

const addPeopleRoutes = async (app: FastifyInstance, context: RouteContext): Promise<void> => {
  await addSignInRoutes(app, context);
  addOidcRoutes(app, context);
  await addCliSignInRoutes(app, context);
  addOwnRoutes(app, context);
  await addAccountRoutes(app, context);
  addUserRoutes(app, context);
};

interface Leaving {
  readonly farewell: Farewell;
  readonly streams: Streams;
  readonly shells: ShellDoor;
}

/** What goes on is ended, what is under way is answered. */
const toDrainPart = ({ farewell, streams, shells }: Leaving): DrainPart => ({
  drain: async (signal) => {
    farewell.begin();
    streams.drain();
    await Promise.all([shells.drain(), farewell.settled(signal)]);
  },
  left: () => ({
    requests: farewell.count() - streams.count(),
    streams: streams.count(),
    shells: shells.count(),
  }),
});

/** How the controller itself is, and what helps to find its faults. */
const addOwnHealth = (
  app: FastifyInstance,
  context: RouteContext & Omit<StatusSources, 'skew'>,
): ClockSkew => {
  const skew = watchClockSkew(context.store.agents, context.clock);
  addServerStatusRoute(app, { ...context, skew });
  addSupportBundleRoute(app, { ...context, skew });
  return skew;
};

/**
 * Listens once resolved. Rejects with node's own error when it cannot (EADDRINUSE, EACCES), having left nothing open.
 */
export const createServer = async (options: ServerOptions): Promise<ApiServer> => {
  const limits = { ...defaultLimits, ...options.limits };
  const log = options.log.child({ room: 'server' });
  const guard = createConnectionGuard(limits);
  const cuts = createCuts({ ...options, log });
  const streams = createStreams({ log, cuts });
  const signals = createWorkSignals(options);
  const recorder = createRecorder({ recordings: options.store.recordings, clock: options.clock });
  const fairness = createFairness(options.fairness);
  const forwarder = createForwarder({ ...(options.forward ?? alone), caPem: options.joinInfo.caPem });
  const shells = createShellDoor({ ...options, log, recorder, guard, cuts, fairness, forwarder });
  const listener = makeApp(options, limits);
  const app = asPlain(listener);
  const farewell = createFarewell(listener.server);
  const usage = createUsage(options);
  const content: RouteContext['content'] = (request, response) =>
    options.content(request, response, farewell.contentEnds);
  const context = { ...options, log, limits, streams, signals, cuts, usage, content };

  app.decorate('catchUp', () => options.resources.catchUp());
  const answerOtherMethods = watchMethods(app);
  addHeaders(app);
  refuseTwoHosts(app);
  refuseNulInAddresses(app);
  installAudit(app, { ...options, log, forwarder });
  installAccess(app, { auth: options.auth, guard, forwarder });
  installFairness(app, { fairness, resources: options.resources });
  installForwarding(app, forwarder);
  installBodies(app, limits);
  installErrors(app, log);
  const { store, backupRoutine } = options;
  const metrics = await installMetrics(app, { store, streams, guard, fairness, backupRoutine });
  addHealthRoutes(app, context);
  addDrainRoutes(app, context);
  addObjectRoutes(app, context);
  addShellRoute(app, context);
  await addPeopleRoutes(app, context);
  await addOperationRoutes(app, context);
  addRecordingRoutes(app, recorder);
  addBackupRoutes(app, context);
  const skew = addOwnHealth(app, { ...context, fairness, metrics: () => metrics.registry.metrics() });
  addEncryptionRoutes(app, context);
  addAuditRoutes(app, context);
  addConsoleRoutes(app, options.console);
  answerOtherMethods();
  guardConnections(listener.server, limits, guard);
  listener.server.on('upgrade', (request, socket, head) => {
    if (!onStreamUpgrade(listener.server, request, socket, head)) shells.onUpgrade(request, socket, head);
  });

  const close = async (): Promise<void> => {
    cuts.close();
    streams.close();
    forwarder.close();
    await shells.close();
    guard.close();
    await closeServer(listener, farewell.hasBegun ? 0 : graceMs);
    signals.close();
    usage.close();
    metrics.close();
    skew.close();
  };
  try {
    await listener.listen({ host: options.host, port: options.port, backlog });
  } catch (error) {
    await close();
    throw error;
  }
  // A listening TCP server has an address of this type.
  const { port } = listener.server.address() as AddressInfo;
  log.info({ host: options.host, port }, 'listening for clients');
  return {
    port,
    recordings: recorder,
    ...toDrainPart({ farewell, streams, shells }),
    setTls: (tls) => listener.server.setSecureContext(secureContext(tls, options.joinInfo.caPem)),
    close,
  };
};
