// Owns what of the object log is sealed, and how it gets under a newer key.
// I1: the whole value is sealed, not only `data`: annotations repeat it (kubectl's last-applied-configuration).
// I2: what an object is known by (kind, namespace, name, uid) stays readable; it is what the value is bound to.
import type { Tuple } from '../sql/database.ts';
import type { Replacement } from '../sql/sealed.ts';
import type { Threads } from '../threads.ts';
import type { Place } from './envelope.ts';
import type { Sealer } from './keyring.ts';

/** resourceKey of each kind whose objects are sealed. */
export const sealedResources: readonly string[] = ['secrets'];

export const placeOfObject = (object: {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}): Place => ['object', object.resource, object.namespace, object.name, object.uid];

/** Somewhere sealed values are kept. */
export interface SealedValues {
  /** For people, in the plural. */
  readonly name: string;
  /** How many are under each data key (by its number); all that was sealed before the call counts. */
  counts(): Promise<ReadonlyMap<number, number>>;
  /** Seals some that are under an older key anew, in one short transaction. Returns how many; 0: there are none. */
  resealSome(): Promise<number>;
  /** From now on nothing is written under a key older than this one. False, with nothing changed, while something is under one. */
  bar?(current: number): Promise<boolean>;
}

/** columns of sqlite/sealed.ts. */
const reseal = (sealer: Sealer, tuple: Tuple): Replacement => {
  const [revision, resource, namespace, name, uid, was, value] = tuple;
  const place: Place = ['object', String(resource), String(namespace), String(name), String(uid)];
  return {
    revision: Number(revision),
    was: was === null || was === undefined ? null : Number(was),
    value: sealer.seal(sealer.open(String(value), place), place),
    dataKey: sealer.current,
  };
};

interface Deps {
  readonly threads: () => Threads;
  readonly sealer: Sealer;
}

const replaceAll = async ({ threads, sealer }: Deps, rows: readonly Tuple[]): Promise<number> => {
  await sealer.learn(rows.map((row) => String(row[6])));
  const replacements = rows.map((row) => reseal(sealer, row));
  if (rows.length > 0) await threads().write('sealed.replace', replacements);
  return rows.length;
};

export const createSealedObjects = (deps: Deps): SealedValues => ({
  name: 'revisions of Secrets',
  counts: async () => {
    const rows = await deps.threads().write('sealed.counts', undefined);
    return new Map(rows.map(([number, count]) => [Number(number), Number(count)]));
  },
  resealSome: async () => replaceAll(deps, await deps.threads().read('sealed.old', deps.sealer.current)),
  bar: (current) => deps.threads().write('sealed.bar', current),
});

/** Seals what was written before there was a key. Returns how many revisions. */
export const sealPlainObjects = async (deps: Deps): Promise<number> => {
  let total = 0;
  for (const resource of sealedResources) {
    let after: number | undefined = 0;
    while (after !== undefined) {
      const rows: readonly Tuple[] = await deps.threads().read('sealed.plain', { resource, after });
      total += await replaceAll(deps, rows);
      const last = rows.at(-1);
      after = last === undefined ? undefined : Number(last[0]);
    }
  }
  return total;
};
