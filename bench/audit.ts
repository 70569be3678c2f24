// Owns the benchmark of the audit trail: what a change costs with its row and without, in turns within one run.
// I1: rounds come in the order on, off, off, on, so that what slows down with time slows both.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Api, openApi } from './api.ts';
import type { Switch, Told } from './audit-server.ts';
import { type Bench, median, round } from './bench.ts';

const path = '/api/v1/namespaces/default/configmaps';
const clientCounts = [64, 1] as const;

interface Round {
  readonly perSecond: number;
  readonly cpuUs: number;
}

const ask = async (server: ChildProcess, wish: Switch): Promise<Told> => {
  const answer = once(server, 'message');
  server.send(wish);
  const [told] = await answer;
  return told as Told;
};

/** Creates as fast as the clients can, each waiting for its answer: how many in `roundMs`. */
const createFor = async (
  api: Api,
  { name, clients, roundMs }: { name: string; clients: number; roundMs: number },
) => {
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
  server: ChildProcess,
  api: Api,
  wish: Switch & { readonly name: string; readonly clients: number; readonly roundMs: number },
): Promise<Round> => {
  const before = await ask(server, wish);
  const { made, seconds } = await createFor(api, wish);
  const after = await ask(server, wish);
  return { perSecond: made / seconds, cpuUs: (after.cpuMicroseconds - before.cpuMicroseconds) / made };
};

export const audit: Bench = {
  name: 'audit',
  explain:
    'durable creates a second from 64 clients and from one, with the audit trail and without: bar 10 % less',
  run: async ({ quick, signal, figure, say, defer }) => {
    const server = fork(join(import.meta.dirname, 'audit-server.ts'));
    const ended = once(server, 'exit');
    defer(async () => {
      server.disconnect();
      await ended;
    });
    const [told] = await once(server, 'message', { signal });
    const api = openApi(told as Told, { sockets: Math.max(...clientCounts) });
    defer(api.close);
    const roundMs = quick ? 500 : 2_000;
    for (const clients of clientCounts) {
      const rounds = { on: [] as Round[], off: [] as Round[] };
      for (let i = -4; i < (quick ? 16 : 40); i++) {
        signal.throwIfAborted();
        const mode = i % 4 === 0 || Math.abs(i % 4) === 3 ? 'on' : 'off';
        const name = `bench-${clients}-${i + 4}`;
        const found = await runRound(server, api, { isAudited: mode === 'on', name, clients, roundMs });
        // The first ones warm up.
        if (i >= 0) rounds[mode].push(found);
      }
      const of = (mode: 'on' | 'off', what: keyof Round): number =>
        median(rounds[mode].map((one) => one[what]));
      for (const mode of ['on', 'off'] as const) {
        figure(`${mode}${clients}PerSecond`, round(of(mode, 'perSecond')));
        figure(`${mode}${clients}CpuUs`, round(of(mode, 'cpuUs')));
      }
      figure(`loss${clients}Percent`, round(100 * (1 - of('on', 'perSecond') / of('off', 'perSecond'))));
      figure(`moreCpu${clients}Percent`, round(100 * (of('on', 'cpuUs') / of('off', 'cpuUs') - 1)));
      say(`${clients} clients: ${rounds.on.length} rounds with, ${rounds.off.length} without`);
    }
  },
};
