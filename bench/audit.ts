// Owns the benchmark of the audit trail: what a change costs with its row and without, within one run.
// I1: short rounds with and without come in pairs, in turns which of them is first, and figures are medians of the pairs:
//     what else goes on on the machine meets both.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Api, openApi } from './api.ts';
import type { Switch, Told } from './audit-server.ts';
import { type Bench, median, round } from './bench.ts';

const path = '/api/v1/namespaces/default/configmaps';
const clientCounts = [64, 1] as const;
const roundMs = 300;
const warmUpPairs = 4;

interface Target {
  readonly server: ChildProcess;
  readonly api: Api;
}

interface Round {
  readonly perSecond: number;
  readonly cpuUs: number;
}

interface Pair {
  readonly on: Round;
  readonly off: Round;
}

const ask = async (server: ChildProcess, wish: Switch): Promise<Told> => {
  const answer = once(server, 'message');
  server.send(wish);
  const [told] = await answer;
  return told as Told;
};

/** Creates as fast as the clients can, each waiting for its answer. */
const createFor = async (api: Api, { name, clients }: { name: string; clients: number }) => {
  const start = performance.now();
  let made = 0;
  const client = async (id: number): Promise<void> => {
    for (let i = 0; performance.now() - start < roundMs; i++) {
      const metadata = { name: `${name}-${id}-${i}`, labels: { app: 'bench' } };
      await api.json('POST', path, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { key: 'value' } });
      made += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, id) => client(id)));
  return { made, seconds: (performance.now() - start) / 1_000 };
};

const runRound = async (
  { server, api }: Target,
  wish: Switch & { readonly name: string; readonly clients: number },
): Promise<Round> => {
  const before = await ask(server, wish);
  const { made, seconds } = await createFor(api, wish);
  const after = await ask(server, wish);
  return { perSecond: made / seconds, cpuUs: (after.cpuMicroseconds - before.cpuMicroseconds) / made };
};

const runPair = async (
  target: Target,
  { clients, index }: { readonly clients: number; readonly index: number },
): Promise<Pair> => {
  const run = (isAudited: boolean): Promise<Round> =>
    runRound(target, { isAudited, clients, name: `bench-${clients}-${index}-${isAudited ? 'on' : 'off'}` });
  if (index % 2 === 0) {
    const on = await run(true);
    return { on, off: await run(false) };
  }
  const off = await run(false);
  return { on: await run(true), off };
};

const medianOver = (pairs: readonly Pair[], of: (pair: Pair) => number, digits = 0): number =>
  round(median(pairs.map(of)), digits);

const startServer = async ({ signal, defer }: Parameters<Bench['run']>[0]): Promise<Target> => {
  const server = fork(join(import.meta.dirname, 'audit-server.ts'));
  const ended = once(server, 'exit');
  defer(async () => {
    server.disconnect();
    await ended;
  });
  const [told] = await once(server, 'message', { signal });
  const api = openApi(told as Told, { sockets: Math.max(...clientCounts) });
  defer(api.close);
  return { server, api };
};

export const audit: Bench = {
  name: 'audit',
  explain:
    'durable creates a second from 64 clients and from one, with the audit trail and without: bar 10 % less',
  run: async (context) => {
    const target = await startServer(context);
    const count = warmUpPairs + (context.quick ? 14 : 100);
    for (const clients of clientCounts) {
      const all: Pair[] = [];
      for (let index = 0; index < count; index++) {
        context.signal.throwIfAborted();
        all.push(await runPair(target, { clients, index }));
      }
      const pairs = all.slice(warmUpPairs);
      const figure = (name: string, of: (pair: Pair) => number, digits = 0): void =>
        context.figure(`${name}Of${clients}`, medianOver(pairs, of, digits));
      figure('withPerSecond', ({ on }) => on.perSecond);
      figure('withoutPerSecond', ({ off }) => off.perSecond);
      figure('lossPercent', ({ on, off }) => 100 * (1 - on.perSecond / off.perSecond), 1);
      figure('withCpuUs', ({ on }) => on.cpuUs);
      figure('withoutCpuUs', ({ off }) => off.cpuUs);
      figure('moreCpuPercent', ({ on, off }) => 100 * (on.cpuUs / off.cpuUs - 1), 1);
    }
  },
};
