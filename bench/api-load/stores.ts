// Owns the benchmark of the API on PostgreSQL beside SQLite: one controller on each, asked in turns, so that whatever else the
// machine does meets both.
import { loadavg } from 'node:os';
import { ControllerProcess } from '../../test/harness/controller.ts';
import { freshSchema } from '../../test/harness/postgres.ts';
import { type Bench, type BenchContext, median, round, timed } from '../bench.ts';
import { type LoadResult, runLoad } from './load.ts';
import type { RawAnswer, RawConnection } from './raw-http.ts';
import { askMixed, clients, createNode, createOne, getOne } from './requests.ts';

interface Size {
  readonly rounds: number;
  readonly creates: number;
  readonly gets: number;
  readonly mixed: number;
  readonly nodes: number;
}

const full: Size = { rounds: 7, creates: 3_000, gets: 4_000, mixed: 1_500, nodes: 500 };
const quick: Size = { rounds: 3, creates: 300, gets: 500, mixed: 200, nodes: 50 };

type Each = (connection: RawConnection, number: number) => Promise<RawAnswer>;

interface Part {
  readonly name: string;
  readonly count: number;
  /** Of this round; numbers of creates are never used again. */
  readonly each: (round: number) => Each;
}

const partsOf = ({ creates, gets, mixed, nodes }: Size): readonly Part[] => [
  { name: 'create', count: creates, each: (at) => (to, number) => createOne(to, at * creates + number) },
  { name: 'get', count: gets, each: () => (to, number) => getOne(to, number, creates) },
  {
    // Its creates go on behind those of all rounds.
    ...{ name: 'mixed', count: mixed },
    each: (at) => (to, number) =>
      number % 10 === 0 ? createOne(to, 1_000_000 + at * mixed + number) : askMixed(to, number, creates),
  },
  { name: 'createNode', count: nodes, each: (at) => (to, number) => createNode(to, at * nodes + number) },
];

const stores = ['sqlite', 'postgres'] as const;
type Pair<T> = Readonly<Record<(typeof stores)[number], T>>;

/** One after the other, the first of this turn being the second of the next. */
const inTurns = async <T>(
  turn: number,
  run: (store: (typeof stores)[number]) => Promise<T>,
): Promise<Pair<T>> => {
  const made: Partial<Record<(typeof stores)[number], T>> = {};
  for (const store of turn % 2 === 0 ? stores : stores.toReversed()) made[store] = await run(store);
  const { sqlite, postgres } = made;
  if (sqlite === undefined || postgres === undefined) throw new Error('cannot compare: a store was left out');
  return { sqlite, postgres };
};

const start = async (context: BenchContext): Promise<Pair<ControllerProcess>> => {
  const place = await freshSchema();
  context.defer(() => place.drop());
  const [sqlite, postgres] = await Promise.all(
    [null, place.url].map((store) => ControllerProcess.start({ store, patienceMs: 90_000 })),
  );
  if (sqlite === undefined || postgres === undefined)
    throw new Error('cannot begin: a controller is missing');
  for (const one of [sqlite, postgres]) context.defer(() => one.close());
  return { sqlite, postgres };
};

const tell = ({ figure }: BenchContext, name: string, pairs: readonly Pair<LoadResult>[]): void => {
  for (const store of stores) {
    const of = (what: keyof LoadResult): number => median(pairs.map((pair) => pair[store][what]));
    figure(`${name}.${store}.perSecond`, round(of('perSecond'), 0));
    figure(`${name}.${store}.p50Ms`, round(of('p50Ms'), 2));
    figure(`${name}.${store}.p99Ms`, round(of('p99Ms'), 2));
  }
  const ratios = pairs.map(({ sqlite, postgres }) => postgres.perSecond / sqlite.perSecond);
  figure(`${name}.postgresToSqliteRatio`, round(median(ratios), 2));
};

const run = async (context: BenchContext): Promise<void> => {
  const size = context.quick ? quick : full;
  context.figure('loadBefore', round(loadavg()[0] ?? 0));
  const controllers = await start(context);
  const { signal, say } = context;
  const measured = new Map<string, Pair<LoadResult>[]>();
  for (let turn = 0; turn < size.rounds; turn++) {
    say(`round ${turn + 1} of ${size.rounds}`);
    for (const { name, count, each } of partsOf(size)) {
      const pair = await inTurns(turn, (store) =>
        runLoad(controllers[store].context, clients, count, signal, each(turn)),
      );
      const pairs = [...(measured.get(name) ?? []), pair];
      measured.set(name, pairs);
      tell(context, name, pairs);
    }
  }
  say('starts');
  const ready = await inTurns(0, async (store) => {
    await controllers[store].stop();
    return timed(() => controllers[store].start());
  });
  for (const store of stores) context.figure(`ready.${store}.Ms`, round(ready[store], 0));
  context.figure('loadAfter', round(loadavg()[0] ?? 0));
};

export const apiStores: Bench = {
  name: 'api-stores',
  explain:
    'One controller on SQLite and one on PostgreSQL, both on this machine, asked in turns by 64 clients: creates, gets, a mix of requests ' +
    'and creates of nodes a second (medians of 7 rounds; quick: 3), the ratio of the pairs, and the start with what was made.',
  run,
};
