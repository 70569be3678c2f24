// Owns the benchmark of a year of use: what the data directory of 500 nodes is after 1, 2, 3, 6 and 12 months, and what it
// takes to keep it so.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableBounds } from '../packages/controller/src/bounds.ts';
import { openYear, type StepCost, type YearSizes } from '../packages/controller/src/test-year.ts';
import { rates } from '../packages/controller/src/test-year-fleet.ts';
import { type Bench, type BenchContext, median, round } from './bench.ts';

const fleetNodes = 500;
const months = [1, 2, 3, 6, 12] as const;
const daysOf = (month: number): number => Math.round((month * 365) / 12);
/** No multiple of a step, as little as the other bounds: else it were by chance whether a step more is there. */
const auditDays = 125;
const defaultAuditDays = 400;
const mebibyte = 1024 * 1024;
/** Smaller things are of pages and of chance. */
const leastRows = 200;
const flatRatio = 1.1;

const mib = (bytes: number): number => round(bytes / mebibyte, 2);
const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

/** What stays of it when nobody writes: the log beside the database is written over again and again. */
const lasting = ({ fileBytes }: YearSizes): number =>
  sum(Object.entries(fileBytes).flatMap(([name, bytes]) => (/^drover\.db-/.test(name) ? [] : [bytes])));

const tell = ({ figure }: BenchContext, month: number, sizes: YearSizes): void => {
  for (const table of Object.keys(tableBounds)) {
    figure(`month${month}.${table}.rows`, sizes.rows[table] ?? 0);
    figure(`month${month}.${table}.Mib`, mib(sizes.tableBytes[table] ?? 0));
  }
  for (const name of ['drover.db', 'drover.db-wal', 'blobs', 'uploads', 'recordings'])
    figure(`month${month}.${name}.fileMib`, mib(sizes.fileBytes[name] ?? 0));
  figure(`month${month}.freeInDatabaseMib`, mib(sizes.freeBytes));
  figure(`month${month}.allFilesMib`, mib(lasting(sizes)));
};

/** What is more than a tenth larger than half a year before. */
const grown = (before: YearSizes, now: YearSizes): readonly string[] => {
  const tables = Object.keys(tableBounds).filter((table) => {
    const rows = now.rows[table] ?? 0;
    return rows > leastRows && rows > (before.rows[table] ?? 0) * flatRatio;
  });
  return [...tables, ...(lasting(now) > lasting(before) * flatRatio ? ['all files'] : [])];
};

const tellCosts = ({ figure }: BenchContext, costs: readonly StepCost[], stepDays: number): void => {
  const of = (name: keyof StepCost): readonly number[] => costs.map((cost) => cost[name]);
  for (const name of ['sweepMs', 'compactMs'] as const) {
    figure(`${name}PerDay`, round(median(of(name)) / stepDays));
    figure(`${name}PerDayMost`, round(Math.max(...of(name)) / stepDays));
  }
  figure('writerWaitedMsMedianOfLongest', round(median(of('longestWriteMs'))));
  figure('writerWaitedMsMost', round(Math.max(...of('longestWriteMs'))));
};

const run = async (context: BenchContext): Promise<void> => {
  const { quick, signal, figure, say, defer } = context;
  const [nodes, stepDays] = quick ? [10, 14] : [100, 4];
  const scale = fleetNodes / nodes;
  const dataDir = await mkdtemp(join(tmpdir(), 'drover-bench-year-'));
  defer(() => rm(dataDir, { recursive: true, force: true }));
  for (const [name, value] of Object.entries(rates)) figure(`rate.${name}`, value);
  figure('nodesPlayed', nodes);
  figure('stepDays', stepDays);
  const policy = { audit: { keepDays: auditDays, keepRows: 0 } };
  const year = await openYear({ dataDir, nodes, share: 1 / scale, stepDays, policy });
  defer(() => year.close());
  const costs: StepCost[] = [];
  const seen = new Map<number, YearSizes>();
  let days = 0;
  for (const month of months) {
    for (; days < daysOf(month); days += stepDays) {
      costs.push(await year.step());
      signal.throwIfAborted();
    }
    const sizes = await year.sizes();
    seen.set(month, sizes);
    tell(context, month, sizes);
    tellCosts(context, costs, stepDays);
    say(`after ${days} days: ${mib(lasting(sizes))} MiB`);
  }
  figure('writerWaitedMsWithNothingElse', round(await year.idleWriteMs(1_000)));
  const [half, full] = [seen.get(6), seen.get(12)];
  if (half === undefined || full === undefined) return;
  figure('growthMonth6To12Ratio', round(lasting(full) / lasting(half), 3));
  figure('allFilesMibOf500Nodes', mib(lasting(full) * scale));
  const audit = (full.tableBytes['audit'] ?? 0) * scale;
  figure('auditMibOf500NodesAt400Days', mib((audit * defaultAuditDays) / auditDays));
  const more = grown(half, full);
  figure('grown', more.join(', '));
  if (more.length > 0) throw new Error(`more in month 12 than in month 6: ${more.join(', ')}`);
};

export const year: Bench = {
  name: 'year',
  explain:
    'A year of 500 nodes in minutes, through the real store, engine and retention with a clock that is turned forward: ' +
    'sizes by table and file after 1, 2, 3, 6 and 12 months, and what keeping them takes. Played with fewer nodes and ' +
    'rates in proportion (rate.*): bounds are times, so rows are in proportion to both; the trail is kept for 125 days, ' +
    'so that its bound is met before month 6; sizes are taken after two hours without writes. Bar: nothing is 10 % larger in month 12 than in month 6.',
  run,
};
