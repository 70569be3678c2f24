// A process that writes and says what was acknowledged, until it is killed (opening.test.ts).
import { flushCompileCache } from 'node:module';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { openStore } from './index.ts';
import type { Store, TaskSpec } from './store.ts';

const spec: TaskSpec = { kind: 'pull', path: '/', check: false };

/** Waits for a reader that is slow: then more is acknowledged than told, never the other way round. */
const say = (name: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(`${name}\n`, () => resolve()));

const writeForEver = async (store: Store, prefix: string): Promise<void> => {
  for (let i = 0; ; i++) {
    const name = `${prefix}-${i}`;
    const value = { apiVersion: 'v1', kind: 'R', metadata: { name } };
    await store.objects.write([{ resource: 'r', namespace: '', name, type: 'created', value, expect: 0 }]);
    await say(name);
    const task = { id: `t${name}`, node: 'n', index: i, state: 'queued' } as const;
    const times = { timeoutMs: 1, createdAtMs: 1, expiresAtMs: 1 };
    await store.tasks.insert(prefix, spec, [{ ...task, ...times }]);
    await say(`t${name}`);
  }
};

const [, , dataDir = '', prefix = ''] = process.argv;
// Who is killed cannot do it at the end; the next one starts the sooner.
flushCompileCache();
const store = await openStore({ dataDir, clock: systemClock, log: silentLog });
await Promise.all(Array.from({ length: 8 }, (_, i) => writeForEver(store, `${prefix}-${i}`)));
