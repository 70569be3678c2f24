// Owns /livez, /readyz and /healthz, as Kubernetes' API server answers them: text for people, a code for programs.
// I1: /livez says whether the process is of use at all: to be restarted for it is worse than to wait. It goes on saying yes while
//     the controller drains and when its database does not answer.
// I2: /readyz says whether to send requests here: the store answers, and the controller does not mean to stop.
// I3: anybody may ask, so what is wrong is named and no more, and the store is asked at most once in `keepMs`.
import type { FastifyInstance } from 'fastify';
import { nextTurn } from '../../platform/turn.ts';
import type { ServerOptions } from '../deps.ts';
import { isTrue, queryOf } from '../query.ts';
import { addRoute } from './context.ts';

const keepMs = 1_000;
const answerMs = 2_000;

interface Check {
  readonly name: string;
  /** Never rejects. */
  readonly isGood: () => boolean | Promise<boolean>;
  /** What else is to be said; nobody is sent elsewhere for it. */
  readonly remark?: () => string | undefined;
}

type HealthDeps = Pick<ServerOptions, 'store' | 'drain' | 'clock'>;

/** A row that is always there or not, read where all rows are. */
const askStore = ({ store }: HealthDeps): Promise<boolean> => {
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, answerMs, false).unref());
  const read = store.meta.get('installation-id').then(
    () => true,
    () => false,
  );
  return Promise.race([read, late]);
};

/** I3. */
const remembered = (ask: () => Promise<boolean>, { clock }: HealthDeps): (() => Promise<boolean>) => {
  let askedMs = Number.NEGATIVE_INFINITY;
  let answer: Promise<boolean> | undefined;
  return () => {
    const nowMs = clock.nowMs();
    if (answer === undefined || Math.abs(nowMs - askedMs) > keepMs) {
      askedMs = nowMs;
      answer = ask();
    }
    return answer;
  };
};

/** One line for each check, as Kubernetes writes it; the last says what comes of it. */
const report = async (path: string, checks: readonly Check[], excluded: ReadonlySet<string>) => {
  const lines: string[] = [];
  let isGood = true;
  for (const check of checks) {
    const isExcluded = excluded.has(check.name);
    const passes = isExcluded || (await check.isGood());
    isGood &&= passes;
    const remark = check.remark?.();
    const word = isExcluded ? 'excluded: ok' : passes ? (remark ?? 'ok') : 'failed: reason withheld';
    lines.push(`[${passes && remark === undefined ? '+' : '-'}]${check.name} ${word}`);
  }
  return {
    isGood,
    text: [...lines, `${path.slice(1)} check ${isGood ? 'passed' : 'failed'}`, ''].join('\n'),
  };
};

const addHealth = (app: FastifyInstance, path: string, checks: readonly Check[]): void =>
  addRoute(app, 'GET', path, { kind: 'public' }, async (request, reply) => {
    const query = queryOf(request);
    const { isGood, text } = await report(path, checks, new Set([query['exclude'] ?? []].flat()));
    reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store');
    if (!isGood) reply.code(503);
    return isGood && !isTrue(query, 'verbose') ? 'ok' : text;
  });

export const addHealthRoutes = (app: FastifyInstance, deps: HealthDeps): void => {
  // An event loop that turns: more cannot be said without asking others.
  const ping: Check = { name: 'ping', isGood: () => nextTurn().then(() => true) };
  const store: Check = { name: 'store', isGood: remembered(() => askStore(deps), deps) };
  const shutdown: Check = { name: 'shutdown', isGood: () => deps.drain.status().state === 'serving' };
  const storage: Check = {
    name: 'storage',
    isGood: () => true, // reads and watches go on, and nobody else could serve them
    remark: () => {
      const { state } = deps.store.disk.condition;
      return state === 'ok' ? undefined : `${state}: reads only`;
    },
  };
  addHealth(app, '/livez', [ping, storage]);
  addHealth(app, '/readyz', [ping, store, storage, shutdown]);
  addHealth(app, '/healthz', [ping, store, storage]);
};
