// The informer of @kubernetes/client-node as an oracle: what is written is what it is told, also through a 410 Gone.
import { isDeepStrictEqual } from 'node:util';
import { type Client, configMaps, createClient } from '@drover/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../packages/controller/src/platform/clock.ts';
import { silentLog } from '../../packages/controller/src/platform/log.ts';
import { openStore } from '../../packages/controller/src/store/index.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { Follower } from '../harness/informer.ts';
import { waitFor } from '../harness/wait.ts';

const writers = 8;
const sharedNames = ['shared-0', 'shared-1', 'shared-2'];

/** Ten thousand writes, one by one for each of eight writers. */
vi.setConfig({ testTimeout: 300_000 });

let controller: ControllerProcess;
let client: Client;
/** Of everything, and of what has the label: to an object that loses it, that one is told "deleted". */
let all: Follower;
let labelled: Follower;

/** Versions that the server answered to a write. */
const written = new Set<number>();
let made = 0;

interface Answer {
  readonly metadata: { readonly name?: string; readonly resourceVersion?: string };
}

const note = ({ metadata }: Answer): string => {
  written.add(Number(metadata.resourceVersion));
  return metadata.name ?? '';
};

const create = async (name: string, labels: Readonly<Record<string, string>>): Promise<string> =>
  note(await client.create(configMaps, { metadata: { name, labels }, data: { by: name } }));

const update = async (name: string, value: number): Promise<string> => {
  const body = { data: { value: String(value) } };
  return note(await client.patch(configMaps, name, { type: 'merge', body }));
};

/** One writer's changes: creates, updates of its own and of shared objects, deletes; every name is used once. */
const write = async (writer: number, changes: number, own: string[]): Promise<void> => {
  for (let step = 0; step < changes; step++) {
    const turn = step % 5;
    if (turn === 0 || own.length === 0) {
      made += 1;
      own.push(await create(`w${writer}-${made}`, made % 2 === 0 ? { side: 'even' } : {}));
    } else if (turn === 3) {
      await update(sharedNames[step % sharedNames.length] ?? '', step * writers + writer);
    } else if (turn === 4 && step % 2 === 0) {
      await client.delete(configMaps, own.shift() ?? '');
    } else await update(own[step % own.length] ?? '', step * writers + writer);
  }
};

const owned = Array.from({ length: writers }, (): string[] => []);
const writeAll = (changes: number) =>
  Promise.all(owned.map((own, writer) => write(writer, changes / writers, own)));

/** Waits until the caches show what the server lists. */
const settled = (): Promise<unknown> =>
  Promise.all(
    [all, labelled].map((follower) =>
      waitFor('the cache to equal the list', async () => {
        const { cached, listed } = await follower.compare();
        return isDeepStrictEqual(cached, listed);
      }),
    ),
  );

const missing = <T>(wanted: Iterable<T>, seen: ReadonlySet<T>): readonly T[] =>
  [...wanted].filter((one) => !seen.has(one));

/** What happens while nobody serves: all history is forgotten. */
const compact = async (): Promise<number> => {
  const { dataDir, storeUrl: url } = controller;
  const store = await openStore({ dataDir, url, clock: systemClock, log: silentLog });
  const { revision } = await store.objects.snapshot();
  await store.objects.compact(revision);
  await store.close();
  return revision;
};

beforeAll(async () => {
  controller = await ControllerProcess.start();
  client = createClient(controller.context);
  all = new Follower(controller.context);
  labelled = new Follower(controller.context, 'side=even');
});
afterAll(async () => {
  await all?.stop();
  await labelled?.stop();
  client?.close();
  await controller?.close();
});

test('every change of several writers is told, once and in order', async () => {
  for (const name of sharedNames) await create(name, {});
  await Promise.all([all.start(), labelled.start()]);
  await writeAll(5_000);
  await settled();
  // What was there at the first list counts as told.
  expect(missing(written, all.versions)).toEqual([]);
  expect([...all.wrong, ...labelled.wrong]).toEqual([]);
});

test('after a 410 Gone it lists again and misses nothing of what follows', async () => {
  await Promise.all([all.stop(), labelled.stop()]);
  await writeAll(1_000);
  await controller.kill9();
  const forgotten = await compact();
  await controller.start();
  await Promise.all([writeAll(4_000), all.start(), labelled.start()]);
  await settled();
  for (const follower of [all, labelled]) {
    expect(follower.lists).toHaveLength(2);
    expect(follower.lists[1]).toBeGreaterThanOrEqual(forgotten);
    expect(follower.wrong).toEqual([]);
  }
  const since = [...written].filter((version) => version > (all.lists[1] ?? 0));
  expect(since.length).toBeGreaterThan(0);
  expect(missing(since, all.versions)).toEqual([]);
});

test('at the end the caches are what the server lists, and all that went was told', async () => {
  for (const follower of [all, labelled]) {
    const { cached, listed } = await follower.compare();
    expect(cached.length).toBeGreaterThan(100);
    expect(cached).toEqual(listed);
    const left = listed.map(({ metadata }) => metadata?.uid ?? '');
    expect(missing(follower.added, follower.deleted).toSorted()).toEqual(left.toSorted());
  }
});
