// The composition root: knows every room. Starts them from the store upwards, stops them in the opposite order, and says
// in one line what to do when it cannot start.
import { join } from 'node:path';
import { ApiError, allKinds } from '@drover/api';
import { type AgentReleases, openAgentReleases } from './agent-release.ts';
import { createAdmission } from './auth/admission.ts';
import { openAuditTrail } from './auth/audit/trail.ts';
import { createAuth } from './auth/auth.ts';
import { type Authority, openAuthority } from './auth/authority.ts';
import { openCertificateDesk } from './auth/client-certificates.ts';
import { openPeopleDesk } from './auth/people/desk.ts';
import { openRoleKeeper } from './auth/rbac/role-keeper.ts';
import { makeReadyPolicy } from './auth/run-policy/dangerous-commands.ts';
import { openRunPolicyDesk } from './auth/run-policy/desk.ts';
import { type Config, parseConfig, toShownConfiguration, usage } from './config.ts';
import { type NodeController, runNodeController } from './controllers/node/controller.ts';
import type { NodeReport } from './controllers/node/tell.ts';
import { targetedNodes } from './controllers/work/fleet.ts';
import type { GatewayOptions } from './gateway/deps.ts';
import { createContentHandler, createGateway } from './gateway/index.ts';
import { runBackups, runEnrolment, runUpkeep, runWork } from './loops.ts';
import { systemClock } from './platform/clock.ts';
import { Closers } from './platform/closers.ts';
import { loadControllerId } from './platform/controller-id.ts';
import { faultOf } from './platform/disk-refusal.ts';
import { Drain } from './platform/drain.ts';
import { createHold } from './platform/hold.ts';
import { createLog, type Log, type LogLevel } from './platform/log.ts';
import { LogFile } from './platform/log-file.ts';
import { makePrivateDirectory } from './platform/private-directory.ts';
import { openServiceManager, type ServiceManager } from './platform/service-manager.ts';
import { growSlowly, keepMemorySmall } from './platform/spare-memory.ts';
import { createResources } from './resources/index.ts';
import { loadConsole } from './server/console-files.ts';
import type { ServerOptions } from './server/deps.ts';
import { createServer } from './server/server.ts';
import { openBackupDesk } from './store/backup/desk.ts';
import { openStore } from './store/index.ts';
import { openKeptFiles } from './store/kept/kept-files.ts';
import { openKeyring } from './store/sealing/keyring.ts';
import { openRotation } from './store/sealing/rotation.ts';
import { standTogether, type Together } from './together.ts';
import { makeWaysIn, toAddress } from './ways-in.ts';

const clock = systemClock;
const consoleDirectory = join(import.meta.dirname, '../../console/dist');

const toOneLine = (error: unknown): string => {
  if (error instanceof ApiError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE' && error instanceof Error)
    return `cannot listen: ${error.message.replace(/^listen /, '')}; stop the other program or choose --port and --agent-port`;
  if (faultOf(error) === 'full')
    return 'cannot start: the disk of the data directory is full; free some space there (nothing is damaged)';
  if (code.startsWith('ERR_PARSE_ARGS') && error instanceof Error)
    return `cannot start: ${error.message}\n${usage}`;
  return `cannot start: ${error instanceof Error ? error.message : String(error)}`;
};

/** Makes the folder for log and data, or says in one line why not. */
const openLog = (config: Config): Log => {
  try {
    makePrivateDirectory(config.dataDir);
    const { level, fileBytes, files } = config.log;
    const path = join(config.dataDir, 'controller.log');
    const file = new LogFile({ path, maxBytes: fileBytes, keepFiles: files, clock });
    return createLog({ level: level as LogLevel, destination: file }); // pino refuses other words
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError(
      'ServiceUnavailable',
      `cannot use the data directory ${config.dataDir}: ${why}; choose another with --data-dir`,
    );
  }
};

/** What lies in the data directory: rows, audit trail, keys, and the keyring by which they are sealed. */
const openData = async (config: Config, log: Log, closers: Closers) => {
  const { dataDir, store: url } = config;
  const { id: controller, save } = await loadControllerId(dataDir);
  const files = await openKeptFiles({ dataDir, url });
  const keyring = await openKeyring({ dataDir, source: config.keySource, clock, files });
  const onDeath = () => process.exit(1);
  const store = closers.add(
    await openStore({ dataDir, url, ...config.content, controller, clock, log, keyring, onDeath }),
  );
  await save();
  const { audit } = store;
  const hold = createHold();
  const backups = closers.add(await openBackupDesk({ dataDir, url, keyring, clock, hold }));
  const trail = closers.add(await openAuditTrail({ audit, clock, log, dataDir }, config.audit));
  const authority = await openAuthority({ store, clock, dataDir, sealer: keyring, shared: files });
  const values = [...store.sealed, authority.sealed].filter((one) => one !== undefined);
  const encryption = closers.add(openRotation({ keyring, values, clock, log }));
  return { controller, keyring, store, audit, trail, authority, backups, encryption, hold };
};

/** What a server that wants to join is told. */
const toJoinInfo = ({ agentPort, controllers }: Config, authority: Authority, releases: AgentReleases) => ({
  caPem: authority.caPem,
  agentFile: async () => (await releases.refresh()).bytes,
  config: { agentPort, controllers, releasePublicKey: authority.releasePublicKeyPem },
});

/** What people may ask of an agent itself. */
const agentCare = (
  releases: AgentReleases,
  gateway: Awaited<ReturnType<typeof createGateway>>,
): Pick<ServerOptions, 'updateAgent' | 'uninstallAgent'> => ({
  updateAgent: async (node, signed) => {
    await releases.refresh();
    await gateway.updateAgent(node, signed);
  },
  uninstallAgent: (node) => gateway.uninstallAgent(node),
});

/** A new certificate for an agent, of which the node's controller hears. */
const renewal =
  (authority: Authority, tell: (renewed: NodeReport) => void): GatewayOptions['renew'] =>
  async (node, serial, request) => {
    const { certPem, notAfterMs } = await authority.renew(node, serial, request);
    tell({ kind: 'renewed', node, notAfterMs });
    return certPem;
  };

/** Where agents come to; `tell` hears of them. */
const openGateway = (
  { host, agentPort: port, controllers }: Config,
  given: Required<Pick<GatewayOptions, 'store' | 'controller' | 'content' | 'fence' | 'log'>> & {
    readonly authority: Authority;
    readonly serverTls: Awaited<ReturnType<Authority['serverTls']>>;
    readonly releases: AgentReleases;
    readonly tell: (report: NodeReport) => void;
  },
) => {
  const { store, controller, content, fence, log, authority, serverTls, releases, tell } = given;
  return createGateway({
    ...{ store, controller, content, fence, clock, log, host, port },
    authority: { caPem: authority.caPem, serverTls: () => serverTls },
    agentRelease: () => releases.current,
    renew: renewal(authority, tell),
    onEvent: tell,
    controllers: () => controllers,
  });
};

interface Start {
  readonly config: Config;
  readonly log: Log;
  readonly closers: Closers;
  /** How the process ends: those whom it serves are let go, then everything is closed. */
  readonly drain: Drain;
  readonly stop: (why: string) => void;
  readonly manager: ServiceManager;
}

/** The objects, and how this controller stands among others. */
const openObjects = async (
  config: Config,
  { store, controller }: Pick<Awaited<ReturnType<typeof openData>>, 'store' | 'controller'>,
  { log, closers }: Pick<Start, 'log' | 'closers'>,
) => {
  const late: { together?: Together } = {};
  const leads = (): boolean => late.together?.leadership.isLeading ?? false;
  const resources = closers.add(await createResources({ store, kinds: allKinds, clock, log, leads }));
  const address = toAddress(config.addresses[0] ?? '127.0.0.1', config.port);
  const self = { resources, store, controller, address, clock, log, closers };
  const together = await standTogether(config, self);
  late.together = together;
  return { resources, address, together };
};

/** Everything that serves, from the store upwards. Resolves when the API answers. */
const startController = async ({ config, log, closers, drain, stop, manager }: Start): Promise<void> => {
  const data = await openData(config, log, closers);
  const { store, audit, trail, authority, backups, encryption, hold } = data;
  const serverTls = await authority.serverTls(config.addresses);
  const { resources, address, together } = await openObjects(config, data, { log, closers });
  const { leadership } = together;
  const late: { nodes?: NodeController } = {};
  const backupRoutine = await runBackups(config, { ...data, resources, leadership, clock, log, closers });
  closers.add(await openRoleKeeper({ resources, log }));
  await makeReadyPolicy({ resources, meta: store.meta, log });
  const runPolicies = closers.add(
    openRunPolicyDesk({ resources, targetsOf: (targets) => targetedNodes(resources, targets), clock, log }),
  );
  const auth = createAuth({ store, resources, clock });
  const people = closers.add(await openPeopleDesk({ store, resources, clock, log }));
  const sign = (bytes: Parameters<typeof authority.signRelease>[0]) => authority.signRelease(bytes);
  const releases = await openAgentReleases({ file: config.agentFile, sign });
  const content = createContentHandler({ store, clock, log });
  const certificates = openCertificateDesk({
    authority,
    auth,
    resources,
    credentials: store.credentials,
    clock,
  });
  const work = runPolicies.admission;
  const admission = createAdmission({ resources, authority, certificates, clock, address, work });
  const tell = (report: NodeReport) => late.nodes?.tell(report);
  const { fence } = runPolicies;
  const gateway = closers.add(
    await openGateway(config, { ...data, serverTls, content, releases, fence, tell, log }),
  );
  const { agents, credentials } = store;
  const minds = (agent: { readonly controller: string } | undefined) => together.minds(agent?.controller);
  late.nodes = closers.add(runNodeController({ resources, agents, credentials, gateway, minds, clock, log }));
  await together.follow(late.nodes);
  const loop = { resources, leadership, admission, audit, clock, log };
  const lifetimeMs = config.nodeCertificateMs;
  await runEnrolment({ ...loop, signer: authority, certificates, credentials, lifetimeMs });
  await runWork({ ...loop, store, fence, trail, runPolicies, auth });
  const server = closers.add(
    await createServer({
      resources,
      store,
      auth,
      people,
      certificates,
      tls: serverTls,
      content,
      openShell: gateway.openShell,
      backups,
      backupRoutine,
      encryption,
      drain: { status: () => drain.status(), begin: stop },
      refusal: trail.refusal,
      ...agentCare(releases, gateway),
      members: together.members,
      forward: { elsewhere: together.elsewhere, secret: authority.fleetSecret },
      admission,
      runPolicies,
      address,
      joinInfo: toJoinInfo(config, authority, releases),
      clock,
      log,
      host: config.host,
      port: config.port,
      dataDir: config.dataDir,
      configuration: toShownConfiguration(config),
      console: await loadConsole(consoleDirectory),
    }),
  );
  for (const part of [server, gateway]) drain.add(part);
  const serving = new AbortController();
  const kept = { store, recordings: server.recordings, hold, served: serving.signal };
  await runUpkeep(config, { ...loop, ...kept });
  await together.serves();
  const made = { audit, auth, authority, admission, resources, clock, log, closers, address, manager };
  await makeWaysIn(config, made);
  serving.abort();
};

const offlineCommands = new Set(['doctor', 'restore', 'verify-backup', 'migrate-store']);

/** One line that is written over on a terminal, a line each elsewhere. */
const tellProgress = (text: string): void => {
  process.stderr.write(process.stderr.isTTY ? `\r${text}\x1b[K` : `${text}\n`);
};

const main = async (): Promise<void> => {
  if (offlineCommands.has(process.argv[2] ?? '')) {
    const { runOffline } = await import('./offline.ts');
    const told = await runOffline(process.argv.slice(2), process.env, tellProgress);
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    process.stdout.write(told);
    return;
  }
  const manager = openServiceManager(process.env);
  const config = parseConfig(process.argv.slice(2), process.env);
  if (config === 'help') {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const log = openLog(config);
  const closers = new Closers();
  closers.add(manager);
  closers.add(keepMemorySmall());
  let closing = false;
  const close = async (code: number): Promise<void> => {
    if (closing) return;
    closing = true;
    manager.stopping();
    await closers.close(log);
    process.exit(code);
  };
  const drain = new Drain({ ...config.drain, clock, log });
  const stop = (why: string): void => {
    manager.stopping();
    void drain.begin(why).then(() => close(0));
  };
  let isSignalled = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      // Who says it twice does not want to wait.
      if (isSignalled) drain.hurry();
      isSignalled = true;
      stop(signal);
    });
  process.on('unhandledRejection', (error) =>
    log.error({ err: error }, 'a promise was rejected and nobody was told'),
  );
  try {
    await startController({ config, log, closers, drain, stop, manager });
    growSlowly();
  } catch (error) {
    log.error({ err: error }, 'cannot start');
    process.stderr.write(`${toOneLine(error)}\n`);
    await close(1);
  }
};

await main().catch((error: unknown) => {
  process.stderr.write(`${toOneLine(error)}\n`);
  process.exit(1);
});
