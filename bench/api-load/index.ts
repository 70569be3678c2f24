// Owns the benchmark of the API: writes, reads, lists and watches over TLS, with authorization, on a durable store.
import { ControllerProcess } from '../../test/harness/controller.ts';
import { type Bench, type BenchContext, median, round, timed } from '../bench.ts';
import { memoryMib } from '../process-figures.ts';
import { withCpu } from './cpu.ts';
import { measureLists } from './lists.ts';
import { type LoadResult, runLoad } from './load.ts';
import { RawConnection } from './raw-http.ts';
import { askMixed, clients, configMaps, createNode, createOne, getOne } from './requests.ts';

interface Size {
  readonly objects: number;
  readonly gets: number;
  readonly nodes: number;
  readonly watchers: number;
  readonly writes: number;
  readonly mixed: number;
}

const full: Size = {
  objects: 100_000,
  gets: 50_000,
  nodes: 10_000,
  watchers: 1_000,
  writes: 20,
  mixed: 20_000,
};
const quick: Size = { objects: 10_000, gets: 5_000, nodes: 1_000, watchers: 200, writes: 5, mixed: 4_000 };

interface Ground {
  readonly context: BenchContext;
  readonly controller: ControllerProcess;
  readonly size: Size;
}

const note = ({ context }: Ground, name: string, { perSecond, p50Ms, p99Ms }: LoadResult): void => {
  context.figure(`${name}PerSecond`, round(perSecond, 0));
  context.figure(`${name}P50Ms`, round(p50Ms, 2));
  context.figure(`${name}P99Ms`, round(p99Ms, 2));
};

const load = (
  { context, controller }: Ground,
  count: number,
  each: (connection: RawConnection, number: number) => Promise<unknown>,
): Promise<LoadResult> => runLoad(controller.context, clients, count, context.signal, each);

/**
 * Notes what each of the `count` requests of `run` took of a CPU, in ms: of the controller's main thread, of its other
 * threads (the store's, and V8's helpers), and of the clients, which are this process. Where these add up to the cores that
 * there are times the wall time, the machine is the limit; where the main thread alone does to the wall time, the design is.
 */
const noteCpu = async <T>(
  { context, controller }: Ground,
  name: string,
  count: number,
  run: () => Promise<T>,
): Promise<T> => {
  const [result, shares] = await withCpu(controller.pid, count, run);
  context.figure(`${name}CpuMainMs`, round(shares.main, 3));
  context.figure(`${name}CpuOtherThreadsMs`, round(shares.others, 3));
  context.figure(`${name}CpuClientMs`, round(shares.client, 3));
  return result;
};

/** From the request of a write to the last watcher that has it; memory of the controller per watcher. */
const measureWatches = async (ground: Ground): Promise<void> => {
  const { context, controller, size } = ground;
  const before = await memoryMib(controller.pid);
  let told = 0;
  let marker = '';
  let allTold = (): void => undefined;
  const onData = (data: Buffer): void => {
    if (marker !== '' && data.includes(marker) && ++told === size.watchers) allTold();
  };
  const path = `${configMaps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dc0`;
  for (let opened = 0; opened < size.watchers; opened += 50) {
    context.signal.throwIfAborted();
    await Promise.all(
      Array.from({ length: Math.min(50, size.watchers - opened) }, async () => {
        const connection = await RawConnection.open(controller.context);
        context.defer(() => connection.close());
        await connection.stream(path, onData);
      }),
    );
  }
  context.figure(
    'watcherKib',
    round((((await memoryMib(controller.pid)).now - before.now) * 1024) / size.watchers),
  );
  const writer = await RawConnection.open(controller.context);
  context.defer(() => writer.close());
  const times: number[] = [];
  for (let write = 0; write < size.writes; write++) {
    times.push(
      await timed(async () => {
        told = 0;
        marker = `value-${write}-`;
        const last = new Promise<void>((resolve) => (allTold = resolve));
        const patch = JSON.stringify({ data: { value: marker } });
        await writer.ask('PATCH', `${configMaps}/c0`, patch, 'application/merge-patch+json');
        await last;
      }),
    );
  }
  context.figure('watchers', size.watchers);
  context.figure('lastWatcherMs', round(median(times)));
  context.figure('lastWatcherWorstMs', round(Math.max(...times)));
};

const run = async (context: BenchContext): Promise<void> => {
  const size = context.quick ? quick : full;
  const controller = await ControllerProcess.start();
  context.defer(() => controller.close());
  // The first start after an update compiles, and keeps the memory of that (ADR 5); what is measured is one like all others.
  await controller.stop();
  await controller.start();
  const ground = { context, controller, size };
  const before = await memoryMib(controller.pid);
  context.say(`${size.objects} creates from ${clients} clients`);
  note(
    ground,
    'create',
    await noteCpu(ground, 'create', size.objects, () => load(ground, size.objects, createOne)),
  );
  const after = await memoryMib(controller.pid);
  context.figure('objects', size.objects);
  context.figure('rssBeforeMib', round(before.now));
  context.figure('rssWithObjectsMib', round(after.now));
  context.say(`${size.gets} gets`);
  note(
    ground,
    'get',
    await load(ground, size.gets, (connection, number) => getOne(connection, number, size.objects)),
  );
  context.say('a mix of requests');
  note(
    ground,
    'mixed',
    await load(ground, size.mixed, (connection, number) => askMixed(connection, number, size.objects)),
  );
  context.say(`restart with ${size.objects} objects`);
  await controller.stop();
  context.figure('readyMs', round(await timed(() => controller.start()), 0));
  context.figure('rssAfterRestartMib', round((await memoryMib(controller.pid)).now));
  context.say(`${size.watchers} watchers`);
  await measureWatches(ground);
  context.say(`lists of ${size.nodes} nodes`);
  note(ground, 'createNode', await load(ground, size.nodes, createNode));
  await measureLists(context, controller.context, size.nodes);
  context.figure('rssPeakMib', round((await memoryMib(controller.pid)).peak));
};

export const api: Bench = {
  name: 'api',
  explain:
    'One controller over TLS: durable creates of 100,000 objects from 64 clients (quick: 10,000), gets, a mix of requests, ' +
    'what a create takes of a CPU by thread, start with all of them, a write seen by 1,000 watchers (quick: 200), lists of 10,000 nodes (quick: 1,000), memory. ' +
    'Goals on two cores: 5,000 creates/s, last watcher in 100 ms, 100,000 objects in 400 MB, ready in 3 s.',
  run,
};
