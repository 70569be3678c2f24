// Owns what the benchmark of scale stands on: two controllers on one PostgreSQL, a fleet whose certificates and nodes are
// there already, and emulators that hold its agents.
// I1: agents are made known as their enrolment would, but in bulk: the benchmark `enrol` measures that one. All have one key.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority } from '../../packages/controller/src/auth/authority.ts';
import { systemClock } from '../../packages/controller/src/platform/clock.ts';
import { silentLog } from '../../packages/controller/src/platform/log.ts';
import { openStore } from '../../packages/controller/src/store/index.ts';
import { openKeptFiles } from '../../packages/controller/src/store/kept/kept-files.ts';
import { openKeyring } from '../../packages/controller/src/store/sealing/keyring.ts';
import type { ControllerProcess } from '../../test/harness/controller.ts';
import { Controllers } from '../../test/harness/controllers.ts';
import { inParallel } from '../api.ts';
import { newNode } from '../api-load/lists.ts';
import { runLoad } from '../api-load/load.ts';
import type { BenchContext } from '../bench.ts';
import { type EmulatedFleet, startEmulatedFleet } from '../emulated-fleet.ts';
import type { Identity } from '../emulator/agent.ts';
import { makeRequest } from '../emulator/identities.ts';

const lifetimeMs = 24 * 3600 * 1000;
const clients = 64;

export interface Ground {
  readonly context: BenchContext;
  readonly controllers: Controllers;
  /** The one that leads, which is killed at the end, and the one that stays. */
  readonly first: ControllerProcess;
  readonly second: ControllerProcess;
  /** Agents of each; they know both. */
  readonly fleets: readonly [EmulatedFleet, EmulatedFleet];
}

/** The authority of the controllers, opened beside them, makes the certificates known (I1). */
const makeIdentities = async (
  { signal }: BenchContext,
  { storeUrl: url, keyFile }: Controllers,
  names: readonly string[],
): Promise<readonly Identity[]> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'drover-scale-'));
  const clock = systemClock;
  const files = await openKeptFiles({ dataDir, url });
  const keyring = await openKeyring({ dataDir, source: { kind: 'file', path: keyFile }, clock, files });
  const store = await openStore({ dataDir, url, controller: 'bench', clock, log: silentLog, keyring });
  try {
    const authority = await openAuthority({ store, clock, dataDir, sealer: keyring, shared: files });
    const { keyPem, csrPem } = await makeRequest('emulated');
    const made = new Map<string, Identity>();
    await inParallel(names, clients, signal, async (node) => {
      const { certPem } = await authority.signNode({ csrPem, node, lifetimeMs });
      made.set(node, { name: node, keyPem, certPem });
    });
    return names.flatMap((name) => made.get(name) ?? []);
  } finally {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  }
};

const makeNodes = (
  { signal }: BenchContext,
  { context }: ControllerProcess,
  names: readonly string[],
  from: number,
): Promise<unknown> =>
  runLoad(context, clients, names.length, signal, (connection, number) =>
    connection.ask('POST', '/api/v1/nodes', newNode(names[number] ?? '', from + number)),
  );

/** Controllers and emulators, and nobody connected. */
export const openGround = async (context: BenchContext): Promise<Ground> => {
  const controllers = await Controllers.start(2);
  context.defer(() => controllers.close());
  const [first, second] = controllers.all;
  if (first === undefined || second === undefined)
    throw new Error('cannot begin: there are no two controllers');
  const startFleet = (own: ControllerProcess, other: ControllerProcess): EmulatedFleet => {
    const place = { host: '127.0.0.1', port: own.agentPort, otherPorts: [other.agentPort] };
    const fleet = startEmulatedFleet({ ...place, caPem: own.context.caPem, identities: [] });
    context.defer(() => fleet.close());
    return fleet;
  };
  const fleets = [startFleet(first, second), startFleet(second, first)] as const;
  return { context, controllers, first, second, fleets };
};

/** Agents connected, wherever. */
export const connected = ({ fleets }: Pick<Ground, 'fleets'>): number =>
  fleets.reduce((sum, fleet) => sum + fleet.connected(), 0);

/** Agents e00001 on, in this order, as if they had been enrolled. */
export const enrol = async (
  { context, controllers, first }: Ground,
  from: number,
  to: number,
): Promise<readonly Identity[]> => {
  const toName = (index: number): string => `e${String(index + 1).padStart(5, '0')}`;
  const names = Array.from({ length: to - from }, (_, index) => toName(from + index));
  const identities = await makeIdentities(context, controllers, names);
  await makeNodes(context, first, names, from);
  return identities;
};

/** Half of them at each controller. */
export const addAgents = ({ fleets }: Ground, identities: readonly Identity[]): void => {
  for (const [which, fleet] of fleets.entries())
    fleet.add(identities.filter((_, index) => index % fleets.length === which));
};
