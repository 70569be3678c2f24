// Owns what the controller makes so that somebody can begin: the first administrator's context file and sign-in link, the
// agent of this machine, and the lines that tell of them.
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join, relative } from 'node:path';
import { ApiError, type EnrollmentToken, enrollmentTokenKind, resourceKey } from '@drover/api';
import type { createAdmission } from './auth/admission.ts';
import { ownEntry } from './auth/audit/trail.ts';
import { type Auth, adminUser } from './auth/auth.ts';
import type { Authority } from './auth/authority.ts';
import type { Config } from './config.ts';
import { type LocalNode, startLocalNode } from './local-node.ts';
import type { Clock } from './platform/clock.ts';
import type { Closers } from './platform/closers.ts';
import { writeDurably } from './platform/durable-file.ts';
import type { Log } from './platform/log.ts';
import type { Resources } from './resources/resources.ts';
import type { AuditStore } from './store/store.ts';

export const toAddress = (host: string, port: number): string =>
  `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** The token of a context file; undefined where there is none, or one that a fault of the disk has cut. */
const tokenIn = async (file: string): Promise<string | undefined> => {
  try {
    const { token } = JSON.parse(await readFile(file, 'utf8')) as { readonly token?: string };
    return token;
  } catch {
    return undefined;
  }
};

/** The context file of the first administrator: the CLI's and the tests' way in. Its token is kept while it works. */
const writeAdminContext = async (file: string, address: string, caPem: string, auth: Auth): Promise<void> => {
  const known = await tokenIn(file);
  const works =
    known !== undefined &&
    (await auth.authenticate({ authorization: `Bearer ${known}` }).catch(() => undefined)) !== undefined;
  const { token } = works
    ? { token: known }
    : await auth.createToken(adminUser, { description: `first administrator (${file})`, expiresSeconds: 0 });
  await writeDurably(file, `${JSON.stringify({ address, caPem, token }, null, 2)}\n`);
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

/** A single-use token that the controller asks for itself, made the way everybody's are: its name and its line. */
export const issueEnrollmentToken = async (
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
export const makeWaysIn = (
  config: Config,
  deps: Parameters<typeof enrolThisMachine>[1] & {
    readonly audit: AuditStore;
    readonly auth: Auth;
    readonly closers: Closers;
    readonly clock: Clock;
    readonly address: string;
  },
): Promise<void> => {
  const { audit, auth, authority, closers, clock, address } = deps;
  const own = { entry: () => ownEntry(clock.nowMs(), 'create'), rows: 0 };
  return audit.within(own, async () => {
    const contextFile = join(config.dataDir, 'admin.json');
    await writeAdminContext(contextFile, localAddress(config), authority.caPem, auth);
    if (config.localNode) closers.add(await enrolThisMachine(config, deps));
    announce(config, address, await auth.createLink(adminUser), authority.caPin);
  });
};
