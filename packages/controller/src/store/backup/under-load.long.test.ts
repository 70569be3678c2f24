// What is restored from a backup that was taken under load is what the source was at the revision that the backup states.
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../../../../test/harness/wait.ts';
import { readAll } from '../contract/blobs.ts';
import type { Store } from '../store.ts';
import type { BackupKey } from './container.ts';
import { restoreBackup } from './restore.ts';
import { addBlob, addRun, backUp, key, kinds, type Opened, object, useGround } from './test-ground.ts';

const ground = useGround();

/** What was answered for. */
interface Made {
  readonly objects: string[];
  readonly runs: string[];
  readonly blobs: string[];
}

const sorts = ['objects', 'runs', 'blobs'] as const;

const countsOf = (made: Made): readonly number[] => sorts.map((sort) => made[sort].length);

/** Everything again and again until told to end: four at once. */
const load = (store: Store) => {
  const made: Made = { objects: [], runs: [], blobs: [] };
  let isOver = false;
  const entry = {
    time: '2026-01-01T00:00:00.000Z',
    user: 'ada',
    verb: 'create',
    resource: 'r',
    decision: 'allow',
  } as const;
  const repeat = async (sort: keyof Made, make: (i: number) => Promise<string>): Promise<void> => {
    for (let i = 0; !isOver; i++) made[sort].push(await make(i));
  };
  const write = (lane: string) => async (i: number) => {
    const name = `${lane}-${i}`;
    await store.audit.within({ entry: () => entry, rows: 0 }, () =>
      store.objects.write([object(name, name, i % 3 === 0 ? 'secrets' : 'configmaps')]),
    );
    return name;
  };
  const all = [
    ...['a', 'b'].map((lane) => repeat('objects', write(lane))),
    repeat('runs', async (i) => {
      await addRun(store, `run-${i}`, `output of ${i}`);
      return `run-${i}`;
    }),
    repeat('blobs', () => addBlob(store, randomBytes(5_000))),
  ];
  const end = async (): Promise<void> => {
    isOver = true;
    await Promise.all(all);
  };
  return { made, end };
};

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const objectsUpTo = async ({ objects }: Store, revision: number): Promise<string> =>
  hash((await objects.since(0, 1_000_000)).filter((row) => row.revision <= revision));

const runsOf = async ({ tasks }: Store, ids: readonly string[]): Promise<string> =>
  hash(
    await Promise.all(
      ids.map(async (id) => [
        await tasks.get(id),
        (await tasks.output({ taskId: id, fromOffset: 0, limitBytes: 1_000 })).map(({ data }) =>
          Buffer.from(data).toString(),
        ),
      ]),
    ),
  );

const auditOf = async ({ audit }: Store, limit: number) =>
  (await audit.list({ filter: {}, from: { after: 0 }, limit })).records;

/** A backup that is taken while everything goes on, and what had been answered for when it was begun. */
const backUpUnderLoad = async (origin: Opened, file: string) => {
  const { made, end } = load(origin.store);
  await waitFor('something to lose', () => countsOf(made).every((count) => count > 20));
  const before = sorts.map((sort) => [...made[sort]]);
  const goesOn = (): boolean => countsOf(made).every((count, i) => count > (before[i]?.length ?? 0) + 5);
  const slow: BackupKey = {
    ...key,
    // Asked for once the moment is fixed, before the first row is read.
    load: async (salted) => {
      await waitFor('writers to go on', goesOn);
      return key.load(salted);
    },
  };
  const written = await backUp(origin, file, { key: slow });
  await end();
  const [objects = [], runs = [], blobs = []] = before;
  return { ...written, before: { objects, runs, blobs } };
};

const expectSource = async (
  copy: Store,
  { store }: Opened,
  { about, before }: Awaited<ReturnType<typeof backUpUnderLoad>>,
): Promise<void> => {
  expect(await objectsUpTo(copy, Number.MAX_SAFE_INTEGER)).toBe(await objectsUpTo(store, about.revision));
  expect(about.revision).toBeGreaterThanOrEqual(before.objects.length);
  expect(await runsOf(copy, before.runs)).toBe(await runsOf(store, before.runs));
  const rows = about.counts['audit'] ?? 0;
  expect(await auditOf(copy, 100_000)).toEqual(await auditOf(store, rows));
  expect(await copy.audit.verify()).toMatchObject({ rows });
  for (const sha256 of before.blobs) {
    const data = await readAll(copy.blobs, sha256);
    expect(createHash('sha256').update(data).digest('hex')).toBe(sha256);
  }
};

for (const { kind, isSkipped } of kinds)
  describe.skipIf(isSkipped)(`a backup of a store in ${kind} under load`, () => {
    test('restored into either store, is the source at its revision: objects, runs with output, audit trail, blobs', async () => {
      const origin = await ground.open(await ground.place(kind, 'data'));
      const file = join(ground.dir(), 'x.backup');
      const written = await backUpUnderLoad(origin, file);

      for (const into of kinds.filter((one) => !one.isSkipped)) {
        const to = await ground.place(into.kind, `copy-${into.kind}`);
        expect((await restoreBackup({ file, key, ...to })).digest).toEqual(written.digest);
        await expectSource((await ground.open(to)).store, origin, written);
      }
    });
  });
