// Owns which level and flow a request belongs to, and what it costs.
// I1: a flow is who has shown who they are, not whom they act as: nobody gets more by acting as many. Of who has not, it
//     is the network they come from.
// I2: agents and health checks never wait: the fleet must not be lost because people are busy.
import { serviceAccountOf } from '@drover/api';
import { type Identity, identityName } from '../../auth/identity.ts';
import { addressKey } from '../../auth/throttle.ts';
import type { Cost, LevelSettings } from './level.ts';

export const levelNames = ['system', 'people', 'programs', 'strangers'] as const;
export type LevelName = (typeof levelNames)[number];

const unbounded: LevelSettings = {
  seats: Number.POSITIVE_INFINITY,
  seatsPerFlow: Number.POSITIVE_INFINITY,
  waiting: 0,
  waitingPerFlow: 0,
  maxWaitMs: 0,
  staysPerFlow: Number.POSITIVE_INFINITY,
};

/** One client that is well written has a few requests under way; 64 saturate the store's group commit. */
const many: LevelSettings = {
  seats: 128,
  seatsPerFlow: 96,
  waiting: 4_096,
  waitingPerFlow: 512,
  maxWaitMs: 15_000,
  staysPerFlow: 4_096,
};

export const levelSettings: Readonly<Record<LevelName, LevelSettings>> = {
  system: unbounded,
  people: many,
  programs: many,
  strangers: { ...many, seats: 32, seatsPerFlow: 24, waiting: 1_024, waitingPerFlow: 256, staysPerFlow: 64 },
};

/** Paths by which others tell whether we live, and which kubectl asks before anything else. */
const healthPaths: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/version']);

export interface FlowOf {
  readonly level: LevelName;
  readonly flow: string;
}

/** `path`: that of the route; undefined when there is none. */
export const flowOf = (identity: Identity | null, address: string, path: string | undefined): FlowOf => {
  if (path !== undefined && healthPaths.has(path)) return { level: 'system', flow: 'health' };
  if (identity === null) return { level: 'strangers', flow: addressKey(address) };
  switch (identity.kind) {
    case 'node':
      return { level: 'system', flow: identityName(identity) };
    case 'bootstrap':
      return { level: 'programs', flow: identityName(identity) };
    case 'user': {
      const flow = identity.impersonator ?? identity.name;
      return { level: serviceAccountOf(flow) === undefined ? 'people' : 'programs', flow };
    }
  }
};

const one: Cost = { seats: 1, work: 1 };
/** Half of what a flow may have: in one thread nothing is gained by long lists side by side. */
const maxSeats = 48;
const objectsPerSeat = 10;
/** So many objects of a list are about the work of one get or write. */
const objectsPerWork = 25;

/** `verb` as routes declare it. `objects`: how many are looked at or, for deletecollection, written. */
export const costOf = (verb: string, objects: number): Cost => {
  if (verb !== 'read' && verb !== 'deletecollection') return one;
  const work = 1 + (verb === 'deletecollection' ? objects : objects / objectsPerWork);
  return { seats: Math.min(maxSeats, 1 + Math.floor(objects / objectsPerSeat)), work };
};
