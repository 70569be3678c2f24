// The real server on the real store, resources, authority and sign-in, for the tests of this room, and for those of
// test/e2e, which are asked of both stores.
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, allKinds, type DrainStatus } from '@drover/api';
import { type Client, createClient } from '@drover/client';
import { placeOfTests } from '../../../../test/harness/postgres.ts';
import { createAdmission } from '../auth/admission.ts';
import { type Auth, adminUser, createAuth } from '../auth/auth.ts';
import { type Authority, openAuthority } from '../auth/authority.ts';
import { openCertificateDesk } from '../auth/client-certificates.ts';
import { openPeopleDesk, type PeopleDesk } from '../auth/people/desk.ts';
import type { Cost } from '../auth/people/password.ts';
import { openRoleKeeper } from '../auth/rbac/role-keeper.ts';
import { openRunPolicyDesk, type RunPolicyDesk } from '../auth/run-policy/desk.ts';
import { targetedNodes } from '../controllers/work/fleet.ts';
import { systemClock } from '../platform/clock.ts';
import { createLog, type Log, silentLog } from '../platform/log.ts';
import type { OpenShell } from '../platform/shell.ts';
import { createResources } from '../resources/index.ts';
import type { Resources } from '../resources/resources.ts';
import { openBackupDesk } from '../store/backup/desk.ts';
import { openStore } from '../store/index.ts';
import { openKeptFiles } from '../store/kept/kept-files.ts';
import { openKeyring } from '../store/sealing/keyring.ts';
import { openRotation } from '../store/sealing/rotation.ts';
import type { Store } from '../store/store.ts';
import { testThreads } from '../store/test-threads.ts';
import type { ApiServer, ServerOptions } from './deps.ts';
import { createServer } from './server.ts';
import type { ShownConfiguration } from './support-bundle/configuration.ts';

export interface Ground {
  readonly server: ApiServer;
  readonly resources: Resources;
  readonly store: Store;
  readonly auth: Auth;
  readonly authority: Authority;
  readonly people: PeopleDesk;
  readonly client: Client;
  readonly address: string;
  readonly caPem: string;
  readonly token: string;
  readonly dataDir: string;
  close(): Promise<void>;
}

const noShell: OpenShell = async () => {
  throw new ApiError('ServiceUnavailable', 'cannot open a shell: node is not connected');
};

const notThere = async (): Promise<void> => {
  throw new ApiError('ServiceUnavailable', 'cannot reach the agent: node is not connected');
};

/** Answers with what it was asked and how many bytes came: the real handler belongs to another room. */
const echoContent = (request: IncomingMessage, response: ServerResponse): void => {
  let sizeBytes = 0;
  request.on('data', (part: Buffer) => {
    sizeBytes += part.length;
  });
  request.on('end', () =>
    response.end(JSON.stringify({ method: request.method, url: request.url, sizeBytes })),
  );
};

/** Hashes that cost next to nothing: most tests are not about them. */
const cheap: Cost = { memory: 64, passes: 1, parallelism: 1 };

/** What main.ts does with the process is its own matter. */
const serving: DrainStatus = { state: 'serving', delaySeconds: 0, timeoutSeconds: 25, left: {} };

const ownAddress = 'https://127.0.0.1:7443';

const openPolicies = (resources: Resources): RunPolicyDesk =>
  openRunPolicyDesk({
    resources,
    targetsOf: (targets) => targetedNodes(resources, targets),
    clock: systemClock,
    log: silentLog,
  });

/** What lies in the data directory, or in the database, as main.ts opens it. */
const openData = async (dataDir: string, url: string | undefined, log: Log) => {
  const clock = systemClock;
  const source = { kind: 'file', path: join(dataDir, 'test.key') } as const;
  const files = await openKeptFiles({ dataDir, url });
  const keyring = await openKeyring({ dataDir, source, clock, files });
  const store = await openStore({ dataDir, url, clock, log, keyring, threads: testThreads });
  const backups = await openBackupDesk({ dataDir, url, keyring, clock, threads: testThreads });
  const authority = await openAuthority({ store, clock, dataDir, sealer: keyring, shared: files });
  const values = [...store.sealed, authority.sealed].filter((one) => one !== undefined);
  const encryption = openRotation({ keyring, values, clock, log });
  return { store, backups, authority, encryption };
};

const configurationOf = (dataDir: string): ShownConfiguration => ({
  dataDir,
  host: '127.0.0.1',
  port: 0,
  agentPort: 7444,
  addresses: ['127.0.0.1'],
  store: 'the data directory',
  localNode: false,
  agentFile: '/agent.py',
  nodeCertificateHours: 2160,
  secretsKey: 'file',
  logLevel: 'info',
  audit: { required: false, fileBytes: 1, files: 1, syslog: '' },
});

const ownLog = (): Log =>
  process.env['DROVER_TEST_LOG'] === undefined ? silentLog : createLog({ level: 'debug' });

/** `passwordCost` undefined: as it is in earnest. */
export const openGround = async (
  changes: Partial<ServerOptions> = {},
  { passwordCost }: { readonly passwordCost?: Cost | undefined } = { passwordCost: cheap },
): Promise<Ground> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'drover-server-'));
  const clock = systemClock;
  const log = changes.log ?? ownLog();
  const place = await placeOfTests();
  const { store, backups, authority, encryption } = await openData(dataDir, place?.url, log);
  const resources = await createResources({ store, kinds: allKinds, clock, log });
  const roles = await openRoleKeeper({ resources, log });
  const auth = createAuth({ store, resources, clock });
  const cost = passwordCost === undefined ? {} : { passwordCost };
  const people = await openPeopleDesk({ store, resources, clock, log, ...cost });
  const runPolicies = openPolicies(resources);
  const { credentials } = store;
  const certificates = openCertificateDesk({ authority, auth, resources, credentials, clock });
  const { token } = await auth.createToken(adminUser, { description: 'test' });
  const tls = await authority.serverTls(['127.0.0.1', 'localhost']);
  const server = await createServer({
    members: () => [],
    resources,
    store,
    auth,
    people,
    certificates,
    tls,
    content: echoContent,
    openShell: noShell,
    backups,
    encryption,
    drain: { status: () => serving, begin: () => undefined },
    updateAgent: notThere,
    uninstallAgent: notThere,
    admission: createAdmission({
      resources,
      authority,
      certificates,
      clock,
      address: ownAddress,
      work: runPolicies.admission,
    }),
    runPolicies,
    address: ownAddress,
    joinInfo: {
      caPem: authority.caPem,
      agentFile: async () => Buffer.from('print("agent")\n'),
      config: { agentPort: 7444, controllers: [], releasePublicKey: authority.releasePublicKeyPem },
    },
    clock,
    log,
    host: '127.0.0.1',
    port: 0,
    dataDir,
    configuration: configurationOf(dataDir),
    ...changes,
  });
  const address = `https://127.0.0.1:${server.port}`;
  const client = createClient({ address, caPem: authority.caPem, token });
  return {
    server,
    resources,
    store,
    auth,
    authority,
    people,
    client,
    address,
    caPem: authority.caPem,
    token,
    dataDir,
    close: async () => {
      client.close();
      for (const one of [server, backups, encryption, people, roles, runPolicies, resources, store])
        await one.close();
      await place?.drop?.();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
