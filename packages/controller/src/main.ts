// The composition root: the only file that knows every room. Starts them from the store upwards, stops them in
// the opposite order, and says in one line what to do when it cannot start.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join, relative } from 'node:path';
import { ApiError, allKinds, type EnrollmentToken, enrollmentTokenKind, resourceKey } from '@drover/api';
import { destination } from 'pino';
import { type AgentReleases, openAgentReleases } from './agent-release.ts';
import { createAdmission } from './auth/admission.ts';
import { type AuditTrail, openAuditTrail, ownEntry } from './auth/audit/trail.ts';
import { createWorkAudit } from './auth/audit/work.ts';
import { type Auth, adminUser, createAuth } from './auth/auth.ts';
import { type Authority, openAuthority } from './auth/authority.ts';
import { createLaterStart } from './auth/later/start.ts';
import { openPeopleDesk } from './auth/people/desk.ts';
import { openRoleKeeper } from './auth/rbac/role-keeper.ts';
import { makeReadyPolicy } from './auth/run-policy/dangerous-commands.ts';
import { openRunPolicyDesk, type RunPolicyDesk } from './auth/run-policy/desk.ts';
import { type Config, parseConfig, toShownConfiguration, usage } from './config.ts';
import { tellOfBackup } from './controllers/backup-news.ts';
import { runEnrolmentController } from './controllers/enrolment/controller.ts';
import { type NodeController, runNodeController } from './controllers/node/controller.ts';
import { runPolicyController } from './controllers/policy/controller.ts';
import { runRetentionController } from './controllers/retention/controller.ts';
import { runScheduleController } from './controllers/schedule/controller.ts';
import { runServiceAccountController } from './controllers/service-account/controller.ts';
import { runSshEnrolmentController } from './controllers/ssh-enrolment/controller.ts';
import type { IssueToken } from './controllers/ssh-enrolment/host.ts';
import { runWorkController } from './controllers/work/controller.ts';
import { targetedNodes } from './controllers/work/fleet.ts';
import { createEngine, type Engine } from './engine/engine.ts';
import { createContentHandler, createGateway } from './gateway/index.ts';
import { type LocalNode, startLocalNode } from './local-node.ts';
import { runOffline } from './offline.ts';
import { systemClock } from './platform/clock.ts';
import { createHold, type Hold } from './platform/hold.ts';
import { createLog, type Log, type LogLevel } from './platform/log.ts';
import { makePrivateDirectory } from './platform/private-directory.ts';
import { keepMemorySmall } from './platform/spare-memory.ts';
import { createResources } from './resources/index.ts';
import type { Resources } from './resources/resources.ts';
import { loadConsole } from './server/console-files.ts';
import type { ServerOptions } from './server/deps.ts';
import { createServer } from './server/server.ts';
import { openBackupDesk } from './store/backup/desk.ts';
import { type BackupNews, type BackupRoutine, openBackupRoutine } from './store/backup/routine.ts';
import { openStore } from './store/index.ts';
import { type Keyring, openKeyring } from './store/sealing/keyring.ts';
import { openRotation } from './store/sealing/rotation.ts';
import type { AuditStore, Store } from './store/store.ts';
import { allSizes, allSweeps, type Kept } from './sweeps.ts';

const clock = systemClock;
const consoleDirectory = join(import.meta.dirname, '../../console/dist');

/** What is to be closed, newest first. */
class Closers {
  readonly #items: (() => unknown)[] = [];
  add<T extends { close(): unknown }>(item: T): T {
    this.#items.push(() => item.close());
    return item;
  }
  async close(log: Log): Promise<void> {
    for (const close of this.#items.reverse())
      await Promise.resolve(close()).catch((error: unknown) =>
        log.error({ err: error }, 'cannot close cleanly'),
      );
  }
}

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

/** The context file of the first administrator: the CLI's and the tests' way in. Its token is kept while it works. */
const writeAdminContext = async (file: string, address: string, caPem: string, auth: Auth): Promise<void> => {
  const known = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as { token?: string },
    () => ({ token: undefined }),
  );
  const works =
    known.token &&
    (await auth.authenticate({ authorization: `Bearer ${known.token}` }).catch(() => undefined));
  const { token } = works
    ? { token: known.token }
    : await auth.createToken(adminUser, { description: `first administrator (${file})`, expiresSeconds: 0 });
  await writeFile(`${file}.new`, `${JSON.stringify({ address, caPem, token }, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
};

const announce = (config: Config, address: string, link: string, caPin: string): void => {
  // The CLI finds ./var of this installation by itself.
  const own = config.dataDir === join(import.meta.dirname, '../../../var');
  const drover = `${own ? '' : `DROVER_CONTEXT=${relative(process.cwd(), config.dataDir) || '.'}/admin.json `}npx drover`;
  process.stdout.write(`
Drover is ready (pid ${process.pid}).

  console   ${address}/sign-in?link=${link}
            (works once, within 15 minutes; its certificate is signed by ${address}/join/ca.pem)
  CA pin    ${caPin}
            (for drover login from another machine)
  try       ${drover} run -n '*' -- uptime
  add more  ${drover} token create
  stop      Ctrl-C

`);
};

const toAddress = (host: string, port: number): string =>
  `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** A single-use token that the controller asks for itself, made the way everybody's are: its name and its line. */
const issueEnrollmentToken = async (
  deps: { readonly resources: Resources; readonly admission: ReturnType<typeof createAdmission> },
  generateName: string,
  spec: Partial<EnrollmentToken['spec']> = {},
): Promise<{ readonly token: string; readonly line: string }> => {
  const object = {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'EnrollmentToken',
    metadata: { generateName },
    spec: { maxUses: 1, ...spec },
  };
  const identity = { kind: 'user', name: adminUser, groups: ['system:masters'] } as const;
  const admitted = await deps.admission[resourceKey(enrollmentTokenKind)]?.({
    identity,
    operation: 'create',
    object,
    dryRun: false,
  });
  const created = await deps.resources.create(enrollmentTokenKind, '', admitted?.object);
  const { metadata, status } = (admitted?.answer?.(created) ?? created) as unknown as EnrollmentToken; // validated by create
  return { token: metadata.name ?? '', line: status?.joinCommand ?? '' };
};

const newLocalToken = async (deps: Parameters<typeof issueEnrollmentToken>[0]): Promise<string> => {
  const { line } = await issueEnrollmentToken(deps, 'this-machine-');
  const secret = /^DROVER_TOKEN=(\S+) /.exec(line)?.[1];
  if (secret === undefined)
    throw new ApiError('InternalError', 'cannot enrol this machine: no token was made');
  return secret;
};

/** How this machine reaches its controller, whatever name others use. */
const localAddress = ({ host, port }: Config): string =>
  toAddress(host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port);

/** The agent of this machine dials the loopback, whatever name others use. */
const enrolThisMachine = (
  config: Config,
  deps: {
    readonly resources: Resources;
    readonly authority: Authority;
    readonly admission: ReturnType<typeof createAdmission>;
    readonly log: Log;
  },
): Promise<LocalNode> =>
  startLocalNode({
    dataDir: config.dataDir,
    agentFile: config.agentFile,
    address: localAddress(config),
    caPin: deps.authority.caPin,
    newToken: () => newLocalToken(deps),
    log: deps.log,
  });

/** What the controller makes for itself: it stands in the audit trail as its own doing. */
const makeWaysIn = (
  config: Config,
  deps: Parameters<typeof enrolThisMachine>[1] & {
    readonly audit: AuditStore;
    readonly auth: Auth;
    readonly closers: Closers;
    readonly address: string;
  },
): Promise<void> => {
  const { audit, auth, authority, closers, address } = deps;
  const own = { entry: () => ownEntry(clock.nowMs(), 'create'), rows: 0 };
  return audit.within(own, async () => {
    const contextFile = join(config.dataDir, 'admin.json');
    await writeAdminContext(contextFile, localAddress(config), authority.caPem, auth);
    if (config.localNode) closers.add(await enrolThisMachine(config, deps));
    announce(config, address, await auth.createLink(adminUser), authority.caPin);
  });
};

/** What lies in the data directory: rows, audit trail, keys, and the keyring by which they are sealed. */
const openData = async (config: Config, log: Log, closers: Closers) => {
  const { dataDir } = config;
  const keyring = await openKeyring({ dataDir, source: config.keySource, clock });
  const store = closers.add(
    await openStore({ dataDir, clock, log, keyring, onDeath: () => process.exit(1) }),
  );
  const { audit } = store;
  const hold = createHold();
  const backups = closers.add(await openBackupDesk({ dataDir, keyring, clock, hold }));
  const trail = closers.add(await openAuditTrail({ audit, clock, log, dataDir }, config.audit));
  const authority = await openAuthority({ store, clock, dataDir, sealer: keyring });
  const values = [...store.sealed, authority.sealed].filter((one) => one !== undefined);
  const encryption = closers.add(openRotation({ keyring, values, clock, log }));
  return { keyring, store, audit, trail, authority, backups, encryption, hold };
};

/** Backups by the clock, where the start says so; what becomes of each is told as an Event of the controller. */
const runBackups = async (
  { backups: plan, dataDir }: Config,
  deps: {
    readonly keyring: Keyring;
    readonly hold: Hold;
    readonly store: Store;
    readonly resources: Resources;
    readonly log: Log;
    readonly closers: Closers;
  },
): Promise<BackupRoutine | undefined> => {
  if (plan === undefined) return undefined;
  const { keyring, hold, store, log, closers } = deps;
  const tell = (news: BackupNews) => tellOfBackup({ ...deps, clock }, news);
  return closers.add(
    await openBackupRoutine(plan, { dataDir, keyring, hold, meta: store.meta, clock, log, tell }),
  );
};

/** What is carried out on nodes, and what the clock makes of it. */
const runWork = (deps: {
  readonly resources: Resources;
  readonly engine: Engine;
  readonly audit: AuditStore;
  readonly trail: AuditTrail;
  readonly runPolicies: RunPolicyDesk;
  readonly auth: Auth;
  readonly admission: ReturnType<typeof createAdmission>;
  readonly log: Log;
  readonly closers: Closers;
}): void => {
  const { resources, engine, audit, trail, runPolicies, auth, admission, log, closers } = deps;
  const { askOf } = runPolicies;
  const workAudit = createWorkAudit({ audit, clock });
  closers.add(runWorkController({ resources, engine, clock, log, audit: workAudit, askOf }));
  const { refusal } = trail;
  const start = createLaterStart({ auth, admission, resources, audit, refusal, clock });
  closers.add(runScheduleController({ resources, clock, log, start }));
};

/** Servers that join over SSH: each with a token of its own, which the audit trail knows. */
const runSshEnrolment = (deps: {
  readonly resources: Resources;
  readonly admission: ReturnType<typeof createAdmission>;
  readonly audit: AuditStore;
  readonly log: Log;
  readonly closers: Closers;
}): void => {
  const { resources, audit, log, closers } = deps;
  const issueToken: IssueToken = ({ labels, expiresSeconds, reason }) => {
    const { group, plural: resource } = enrollmentTokenKind;
    const entry = () => ({ ...ownEntry(clock.nowMs(), 'create'), group, resource, reason });
    const expiresAt = new Date(clock.nowMs() + expiresSeconds * 1000).toISOString();
    return audit.within({ entry, rows: 0 }, () => issueEnrollmentToken(deps, 'ssh-', { labels, expiresAt }));
  };
  closers.add(runSshEnrolmentController({ resources, clock, log, issueToken }));
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
/** What keeps order among that which is there: policies, service accounts, and how long everything is kept. */
const runUpkeep = async (
  config: Config,
  deps: Kept & { readonly served: AbortSignal; readonly log: Log; readonly closers: Closers },
): Promise<void> => {
  const { resources, served, log, closers } = deps;
  closers.add(runPolicyController({ resources, log }));
  closers.add(runServiceAccountController({ resources, log }));
  const sweeps = allSweeps({ ...deps, clock });
  const sizes = () => allSizes(deps);
  const initial = { audit: config.keepAudit };
  closers.add(await runRetentionController({ resources, clock, log, sweeps, sizes, initial, served }));
};

/** Everything that serves, from the store upwards. Resolves when the API answers. */
const startController = async (config: Config, log: Log, closers: Closers): Promise<void> => {
  const { dataDir } = config;
  const data = await openData(config, log, closers);
  const { store, audit, trail, authority, backups, encryption, hold } = data;
  const serverTls = await authority.serverTls(config.addresses);
  const resources = closers.add(await createResources({ store, kinds: allKinds, clock, log }));
  const backupRoutine = await runBackups(config, { ...data, resources, log, closers });
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
  runSshEnrolment({ resources, admission, audit, log, closers });
  runWork({ resources, engine, audit, trail, runPolicies, auth, admission, log, closers });
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
  await runUpkeep(config, { store, resources, recordings, hold, served, log, closers });
  await makeWaysIn(config, { audit, auth, authority, admission, resources, log, closers, address });
  serving.abort();
};

const offlineCommands = new Set(['restore', 'verify-backup']);

const main = async (): Promise<void> => {
  if (offlineCommands.has(process.argv[2] ?? '')) {
    process.stdout.write(await runOffline(process.argv.slice(2), process.env));
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
