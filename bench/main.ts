// Runs benchmarks: npm run bench -- NAME [--store sqlite|postgres] [--quick] [--json], or --list.
import { parseArgs } from 'node:util';
import type { Bench, BenchContext, Figures } from './bench.ts';
import { benches } from './list.ts';

/** A quick run is cut here, so that with tidying up it ends within 50 s. */
const quickMs = 44_000;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const tidy = async (undos: (() => Promise<void> | void)[]): Promise<void> => {
  for (let undo = undos.pop(); undo; undo = undos.pop()) {
    try {
      await undo();
    } catch (error) {
      say(`cannot tidy up: ${error instanceof Error ? error.message : error}`);
    }
  }
};

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

/** Runs one benchmark; `complete` tells whether it came to its end. */
const runBench = async (bench: Bench, quick: boolean, interrupt: AbortSignal): Promise<Figures> => {
  const store = process.env['DROVER_TEST_STORE'] ?? 'sqlite';
  const figures: Figures = { bench: bench.name, store, quick, complete: false };
  const undos: (() => Promise<void> | void)[] = [];
  const limit = quick ? [AbortSignal.timeout(quickMs)] : [];
  const signal = AbortSignal.any([interrupt, ...limit]);
  const context: BenchContext = {
    quick,
    signal,
    say,
    figure: (name, value) => {
      figures[name] = value;
    },
    defer: (undo) => {
      // What is started after the end is undone at once.
      if (signal.aborted) void tidy([undo]);
      else undos.push(undo);
    },
  };
  const run = bench.run(context);
  try {
    await Promise.race([run, aborted(signal)]);
    figures['complete'] = true;
  } catch (error) {
    say(`${bench.name}: ${error instanceof Error ? error.message : error}`);
  } finally {
    run.catch(() => undefined);
    await tidy(undos);
  }
  return figures;
};

const printTable = (figures: Figures): void => {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  for (const [name, value] of Object.entries(figures)) {
    process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
  }
};

const printList = (): void => {
  for (const bench of benches) process.stdout.write(`${bench.name}\n    ${bench.explain}\n`);
};

const usage = (): number => {
  const names = benches.map((bench) => bench.name).join(', ');
  say(
    `usage: npm run bench -- NAME... [--store sqlite|postgres] [--quick] [--json] | --list\nnames: ${names}`,
  );
  return 2;
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      list: { type: 'boolean' },
      store: { type: 'string', default: 'sqlite' },
    },
  });
  if (values.list) {
    printList();
    return 0;
  }
  const chosen = positionals.map((name) => benches.find((bench) => bench.name === name));
  const isStore = values.store === 'sqlite' || values.store === 'postgres';
  if (chosen.length === 0 || chosen.includes(undefined) || !isStore) return usage();
  // Read by test/harness: which store controllers are started on, and that its commits wait for the disk.
  process.env['DROVER_TEST_STORE'] = values.store;
  process.env['DROVER_TEST_FSYNC'] = 'on';
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
  process.once('SIGTERM', () => interrupt.abort(new Error('interrupted')));
  let isComplete = true;
  for (const bench of chosen) {
    if (!bench || interrupt.signal.aborted) continue;
    const figures = await runBench(bench, values.quick ?? false, interrupt.signal);
    isComplete &&= figures['complete'] === true;
    if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
    else printTable(figures);
  }
  return isComplete ? 0 : 1;
};

process.exit(await main());
