// The composition root: knows every room. Starts them from the store upwards, stops them in the opposite order, and says
// in one line what to do when it cannot start.
import { join } from 'node:path';
import { ApiError, allKinds } from '@drover/api';
import { destination } from 'pino';
import { type AgentReleases, openAgentReleases } from './agent-release.ts';
import { createAdmission } from './auth/admission.ts';
import { openAuditTrail } from './auth/audit/trail.ts';
import { createAuth } from './auth/auth.ts';
import { type Authority, openAuthority } from './auth/authority.ts';
import { openPeopleDesk } from './auth/people/desk.ts';
import { openRoleKeeper } from './auth/rbac/role-keeper.ts';
import { makeReadyPolicy } from './auth/run-policy/dangerous-commands.ts';
import { openRunPolicyDesk } from './auth/run-policy/desk.ts';
import { type Config, parseConfig, toShownConfiguration, usage } from './config.ts';
import { runEnrolmentController } from './controllers/enrolment/controller.ts';
import { type NodeController, runNodeController } from './controllers/node/controller.ts';
import { targetedNodes } from './controllers/work/fleet.ts';
import { createEngine } from './engine/engine.ts';
import { createContentHandler, createGateway } from './gateway/index.ts';
import { runBackups, runSshEnrolment, runUpkeep, runWork } from './loops.ts';
import { systemClock } from './platform/clock.ts';
import { Closers } from './platform/closers.ts';
import { createHold } from './platform/hold.ts';
import { createLog, type Log, type LogLevel } from './platform/log.ts';
import { makePrivateDirectory } from './platform/private-directory.ts';
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
import { makeWaysIn, toAddress } from './ways-in.ts';

const clock = systemClock;
const consoleDirectory = join(import.meta.dirname, '../../console/dist');

const toOneLine = (error: unknown): string => {
  if (error instanceof ApiError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE' && error instanceof Error)
    return `cannot listen: ${error.message.replace(/^listen /, '')}; stop the other program or choose --port and --agent-port`;
  if (code.startsWith('ERR_PARSE_ARGS') && error instanceof Error)
    return `cannot start: ${error.message}\n${usage}`;
  return `cannot start: ${error instanceof Error ? error.message : String(error)}`;
};

/** Makes the folder for log and data, or says in one line why not. */
const openLog = (config: Config): Log => {
  try {
    makePrivateDirectory(config.dataDir);
    const file = destination({ dest: join(config.dataDir, 'controller.log'), sync: true, mode: 0o600 });
    return createLog({ level: config.logLevel as LogLevel, destination: file }); // pino refuses other words
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
  const files = await openKeptFiles({ dataDir, url });
  const keyring = await openKeyring({ dataDir, source: config.keySource, clock, files });
  const store = closers.add(
    await openStore({ dataDir, url, ...config.content, clock, log, keyring, onDeath: () => process.exit(1) }),
  );
  const { audit } = store;
  const hold = createHold();
  const backups = closers.add(await openBackupDesk({ dataDir, url, keyring, clock, hold }));
  const trail = closers.add(await openAuditTrail({ audit, clock, log, dataDir }, config.audit));
  const authority = await openAuthority({ store, clock, dataDir, sealer: keyring, shared: files });
  const values = [...store.sealed, authority.sealed].filter((one) => one !== undefined);
  const encryption = closers.add(openRotation({ keyring, values, clock, log }));
  return { keyring, store, audit, trail, authority, backups, encryption, hold };
};

/** What a server that wants to join is told. */
const toJoinInfo = ({ agentPort }: Config, authority: Authority, releases: AgentReleases) => ({
  caPem: authority.caPem,
  agentFile: async () => (await releases.refresh()).bytes,
  config: { agentPort, releasePublicKey: authority.releasePublicKeyPem },
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

/** Everything that serves, from the store upwards. Resolves when the API answers. */
const startController = async (config: Config, log: Log, closers: Closers): Promise<void> => {
  const { dataDir } = config;
  const data = await openData(config, log, closers);
  const { store, audit, trail, authority, backups, encryption, hold } = data;
  const serverTls = await authority.serverTls(config.addresses);
  const resources = closers.add(await createResources({ store, kinds: allKinds, clock, log }));
  const backupRoutine = await runBackups(config, { ...data, resources, clock, log, closers });
  closers.add(await openRoleKeeper({ resources, log }));
  await makeReadyPolicy({ resources, meta: store.meta, log });
  const runPolicies = closers.add(
    openRunPolicyDesk({ resources, targetsOf: (targets) => targetedNodes(resources, targets), clock, log }),
  );
  const { fence } = runPolicies;
  const auth = createAuth({ store, resources, clock });
  const people = closers.add(await openPeopleDesk({ store, resources, clock, log }));
  const engine = closers.add(createEngine({ store, clock, log, fence }));
  const sign = (bytes: Parameters<typeof authority.signRelease>[0]) => authority.signRelease(bytes);
  const releases = await openAgentReleases({ file: config.agentFile, sign });
  const content = createContentHandler({ store, clock, log });
  const address = toAddress(config.addresses[0] ?? '127.0.0.1', config.port);
  const admission = createAdmission({ resources, authority, clock, address, work: runPolicies.admission });
  const late: { nodes?: NodeController } = {};
  const gateway = closers.add(
    await createGateway({
      store,
      authority: { caPem: authority.caPem, serverTls: () => serverTls },
      content,
      clock,
      log,
      host: config.host,
      port: config.agentPort,
      agentRelease: () => releases.current,
      renew: async (node, serial, request) => {
        const { certPem, notAfterMs } = await authority.renew(node, serial, request);
        late.nodes?.tell({ kind: 'renewed', node, notAfterMs });
        return certPem;
      },
      onEvent: (event) => late.nodes?.tell(event),
      fence,
    }),
  );
  const { agents, credentials } = store;
  const lifetimeMs = config.nodeCertificateMs;
  late.nodes = closers.add(runNodeController({ resources, agents, credentials, gateway, clock, log }));
  closers.add(runEnrolmentController({ resources, signer: authority, credentials, clock, log, lifetimeMs }));
  runSshEnrolment({ resources, admission, audit, clock, log, closers });
  runWork({ resources, engine, audit, trail, runPolicies, auth, admission, clock, log, closers });
  const { recordings } = closers.add(
    await createServer({
      resources,
      store,
      auth,
      people,
      tls: serverTls,
      content,
      openShell: gateway.openShell,
      backups,
      backupRoutine,
      encryption,
      refusal: trail.refusal,
      ...agentCare(releases, gateway),
      admission,
      runPolicies,
      joinInfo: toJoinInfo(config, authority, releases),
      clock,
      log,
      host: config.host,
      port: config.port,
      dataDir,
      configuration: toShownConfiguration(config),
      console: await loadConsole(consoleDirectory),
    }),
  );
  const serving = new AbortController();
  const served = serving.signal;
  await runUpkeep(config, { store, resources, recordings, hold, served, clock, log, closers });
  await makeWaysIn(config, { audit, auth, authority, admission, resources, clock, log, closers, address });
  serving.abort();
};

const offlineCommands = new Set(['restore', 'verify-backup', 'migrate-store']);

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
  const config = parseConfig(process.argv.slice(2), process.env);
  if (config === 'help') {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const log = openLog(config);
  const closers = new Closers();
  closers.add(keepMemorySmall());
  let closing = false;
  const close = async (code: number): Promise<void> => {
    if (closing) return;
    closing = true;
    await closers.close(log);
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void close(0));
  process.on('unhandledRejection', (error) =>
    log.error({ err: error }, 'a promise was rejected and nobody was told'),
  );
  try {
    await startController(config, log, closers);
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
