// Owns what is measured of a run's page in a browser: how smooth it stays while the results of many nodes arrive at once.
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { waitFor } from '../../test/harness/wait.ts';
import type { Api } from '../api.ts';
import { type BenchContext, median, round } from '../bench.ts';

const runsPath = '/apis/drover.dev/v1alpha1/namespaces/default/commandruns';

interface Run {
  readonly status?: { readonly phase?: string };
}

export interface Ground {
  readonly context: BenchContext;
  readonly api: Api;
  readonly page: Page;
  readonly nodes: number;
}

/** In the page: the time between one frame and the next, until it is told to stop. */
const startFrames = `
  window.benchFrames = [];
  window.benchRuns = true;
  let last = performance.now();
  const step = (now) => {
    window.benchFrames.push(now - last);
    last = now;
    if (window.benchRuns) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
`;
const endFrames = '(() => { window.benchRuns = false; return window.benchFrames.slice(1); })()';

/** Milliseconds of processor time that the page's main thread has used: other programs do not count. */
const openMeter = async (page: Page): Promise<() => Promise<number>> => {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
  };
};

type Measured = Readonly<Record<string, number>>;

const framesOf = async (page: Page): Promise<Measured> => {
  const frames = (await page.evaluate<number[]>(endFrames)).sort((a, b) => a - b);
  return {
    Frames: frames.length,
    FrameP95Ms: frames[Math.floor(frames.length * 0.95)] ?? Number.NaN,
    FrameWorstMs: frames.at(-1) ?? Number.NaN,
  };
};

/** The median of each figure. */
const record = (context: BenchContext, name: string, turns: readonly Measured[]): void => {
  for (const key of Object.keys(turns[0] ?? {}))
    context.figure(`${name}${key}`, round(median(turns.map((turn) => turn[key] ?? Number.NaN))));
};

/** What this machine does to a page on which nothing happens. */
const measureIdle = async (context: BenchContext, page: Page): Promise<void> => {
  await page.goto('/console/runs');
  await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
  await page.evaluate(startFrames);
  await delay(2_000, undefined, { signal: context.signal });
  record(context, 'idle', [await framesOf(page)]);
};

/** The first node runs, then the page is opened, then all others are let go at once. */
const measureTab = async ({ api, page, nodes }: Ground, tab: string, turn: number): Promise<Measured> => {
  const name = `bench-${tab}-${turn}`;
  const strategy = { batches: [1, '100%'], gate: 'AfterFirst' };
  await api.json('POST', runsPath, {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'CommandRun',
    metadata: { name },
    spec: { argv: ['true'], targets: { nodeSet: 'e*' }, strategy },
  });
  const isIn = (phase: string) => async () =>
    (await api.json<Run>('GET', `${runsPath}/${name}`)).status?.phase === phase;
  await waitFor('the first node to end', isIn('Paused'), 30_000);
  await page.goto(`/console/runs/name/default/${name}/${tab}`);
  await page.getByRole('button', { name: 'Succeeded 1' }).waitFor();
  const cpuMs = await openMeter(page);
  const before = await cpuMs();
  await page.evaluate(startFrames);
  await api.json('PATCH', `${runsPath}/${name}`, { spec: { strategy: { approvedBatches: 1 } } });
  const began = performance.now();
  await page.getByText(`${nodes}/${nodes}`, { exact: true }).waitFor({ timeout: 120_000 });
  const ShownMs = performance.now() - began;
  return { ShownMs, PageCpuMs: (await cpuMs()) - before, ...(await framesOf(page)) };
};

/** Frames of the run page while all nodes but one answer at once: with the nodes, the folded outputs and the log in sight. */
export const measureRunPage = async (ground: Ground, turns: number): Promise<void> => {
  await measureIdle(ground.context, ground.page);
  for (const tab of ['nodes', 'outputs', 'log']) {
    const measured: Measured[] = [];
    for (let turn = 0; turn < turns; turn++) measured.push(await measureTab(ground, tab, turn));
    record(ground.context, tab, measured);
  }
};
