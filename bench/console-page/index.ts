// Owns the benchmark of the console: what is loaded, when it can be used, and whether it stays smooth and small at 1,000 nodes.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { CDPSession, Page } from 'playwright-core';
import { root } from '../../test/harness/controller.ts';
import { type Api, openApi } from '../api.ts';
import { type Bench, type BenchContext, median, round } from '../bench.ts';
import { openPage, startFleet } from './ground.ts';
import { measureRunPage } from './run-page.ts';

interface Size {
  readonly nodes: number;
  readonly loads: number;
  readonly changes: number;
}

const full: Size = { nodes: 1_000, loads: 7, changes: 36_000 };
const quick: Size = { nodes: 200, loads: 3, changes: 2_000 };

const dist = join(root, 'packages/console/dist');

const gzipKib = async (names: readonly string[]): Promise<number> => {
  const sizes = await Promise.all(
    names.map(async (name) => gzipSync(await readFile(join(dist, name)), { level: 9 }).length),
  );
  return round(sizes.reduce((sum, bytes) => sum + bytes, 0) / 1024);
};

/** Scripts that the page names: they are loaded before anything is shown. */
const measureSizes = async ({ figure }: BenchContext): Promise<void> => {
  const html = await readFile(join(dist, 'index.html'), 'utf8');
  const named = [...html.matchAll(/\.\/(assets\/[^"]+\.(?:js|css))/g)].map(([, name = '']) => name);
  const all = (await readdir(join(dist, 'assets'))).filter((name) => name.endsWith('.js'));
  figure('initialJsGzipKib', await gzipKib(named.filter((name) => name.endsWith('.js'))));
  figure('initialCssGzipKib', await gzipKib(named.filter((name) => name.endsWith('.css'))));
  figure('allJsGzipKib', await gzipKib(all.map((name) => `assets/${name}`)));
};

/** In the page: paint, and when the last long task before `ready` had ended. */
const timesOf = `(() => {
  const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN;
  return { paint, ready: performance.now() };
})()`;

/** Milliseconds from the start of the navigation: the first content; the table is there and answers. */
const measureLoads = async ({ figure }: BenchContext, page: Page, { loads, nodes }: Size): Promise<void> => {
  const paints: number[] = [];
  const readies: number[] = [];
  for (let load = 0; load < loads; load++) {
    await page.goto('/console/nodes');
    await page.getByText(`${nodes} rows`).waitFor();
    const { paint, ready } = await page.evaluate<{ paint: number; ready: number }>(timesOf);
    paints.push(paint);
    readies.push(ready);
  }
  figure('firstPaintMs', round(median(paints), 0));
  figure('interactiveMs', round(median(readies), 0));
};

const heapMib = async (devtools: CDPSession): Promise<number> => {
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  return usedSize / 1024 / 1024;
};

/** An hour in which ten objects change each second, replayed: what the open page holds before and after. */
const measureMemory = async (
  context: BenchContext,
  page: Page,
  api: Api,
  { changes, nodes }: Size,
): Promise<void> => {
  const list = await api.json<{ items: readonly { metadata: { name: string } }[] }>('GET', '/api/v1/nodes');
  const names = list.items.map(({ metadata }) => metadata.name);
  const devtools = await page.context().newCDPSession(page);
  await page.goto('/console/');
  await page.getByRole('heading', { name: 'Map of nodes' }).waitFor();
  const change = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at += 50) {
      context.signal.throwIfAborted();
      await Promise.all(
        Array.from({ length: Math.min(50, to - at) }, (_, i) =>
          api.json('PATCH', `/api/v1/nodes/${names[(at + i) % nodes]}`, {
            metadata: { annotations: { 'bench/turn': String(at + i) } },
          }),
        ),
      );
    }
  };
  await change(0, changes / 4);
  const before = await heapMib(devtools);
  await change(changes / 4, changes);
  context.figure('heapBeforeMib', round(before));
  context.figure('heapAfterMib', round(await heapMib(devtools)));
};

const run = async (context: BenchContext): Promise<void> => {
  const size = context.quick ? quick : full;
  await measureSizes(context);
  const controller = await startFleet(context, size.nodes);
  const page = await openPage(context, controller);
  const api = openApi(controller.context);
  context.defer(() => api.close());
  context.figure('nodes', size.nodes);
  context.say('loading the list of nodes');
  await measureLoads(context, page, size);
  context.say('a run seen live');
  await measureRunPage({ context, api, page, nodes: size.nodes }, 1);
  context.say('an hour of changes');
  await measureMemory(context, page, api, size);
};

export const consoleBench: Bench = {
  name: 'console',
  explain:
    'The console in Chromium with 1,000 emulated nodes (quick: 200): size of what is loaded first, first paint, when the ' +
    'list of nodes is there, frames of the run page while 1,000 results arrive, memory before and after an hour of ' +
    'changes. Goals: 350 kB of initial JavaScript (gzip), 95 of 100 frames under 50 ms, memory flat.',
  run,
};

const runRuns = async (context: BenchContext): Promise<void> => {
  const { nodes } = context.quick ? quick : full;
  const controller = await startFleet(context, nodes);
  const page = await openPage(context, controller);
  const api = openApi(controller.context);
  context.defer(() => api.close());
  context.figure('nodes', nodes);
  await measureRunPage({ context, api, page, nodes }, context.quick ? 1 : 5);
};

export const runPageBench: Bench = {
  name: 'run-page',
  explain:
    'The frames of the run page alone, as in console, each the median of five runs: 1,000 emulated nodes (quick: 200, one run) ' +
    'answer at once while nodes, outputs or log are shown. Goal: 95 of 100 frames under 50 ms.',
  run: runRuns,
};
