// A process that makes audited writes and says what was acknowledged, until it is killed (audit.test.ts).
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { openStore } from './index.ts';
import type { Store } from './store.ts';

const entry = { time: '', user: 'ada', verb: 'create', resource: 'r', decision: 'allow' } as const;

/** A reader that is slower than we are misses some: it then knows less than there is. */
const tell = (line: string): void => {
  try {
    writeSync(1, line);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
  }
};

const writeForEver = async (store: Store, prefix: string): Promise<void> => {
  for (let i = 0; ; i++) {
    const name = `${prefix}-${i}`;
    const value = { apiVersion: 'v1', kind: 'R', metadata: { name } };
    const write = { resource: 'r', namespace: '', name, type: 'created', value, expect: 0 } as const;
    await store.audit.within({ entry: () => entry, rows: 0 }, () => store.objects.write([write]));
    tell(`${name}\n`);
  }
};

const [, , dataDir = '', prefix = ''] = process.argv;
// Who is killed cannot do it at the end; the next one starts the sooner.
flushCompileCache();
const store = await openStore({ dataDir, clock: systemClock, log: silentLog });
await Promise.all(Array.from({ length: 8 }, (_, i) => writeForEver(store, `${prefix}-${i}`)));
