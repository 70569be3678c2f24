// Owns the benchmark of secrets at rest: the same Secrets written and read with a keyring and without one, in turns.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../packages/controller/src/platform/clock.ts';
import { silentLog } from '../packages/controller/src/platform/log.ts';
import { openStore } from '../packages/controller/src/store/index.ts';
import { openKeyring } from '../packages/controller/src/store/sealing/keyring.ts';
import { openRotation } from '../packages/controller/src/store/sealing/rotation.ts';
import type { ObjectWrite, Store } from '../packages/controller/src/store/store.ts';
import { type Bench, type BenchContext, median, round, timed } from './bench.ts';

const textBytes = 1024;
const clients = 64;
const rounds = 3;

const toWrite = (index: number): ObjectWrite => {
  const name = `s${index}`;
  const data = { text: Buffer.alloc(textBytes, name).toString('base64') };
  const metadata = { name, namespace: 'default', uid: `uid-${index}` };
  const value = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
  return { resource: 'secrets', namespace: 'default', name, type: 'created', value, expect: 0 };
};

const openPlace = async (dataDir: string, isSealed: boolean) => {
  const base = { dataDir, clock: systemClock, log: silentLog };
  if (!isSealed) return { store: await openStore(base), keyring: undefined };
  const keyring = await openKeyring({ dataDir, clock: systemClock });
  return { store: await openStore({ ...base, keyring }), keyring };
};

const fill = async (store: Store, count: number, signal: AbortSignal): Promise<void> => {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count && !signal.aborted) await store.objects.write([toWrite(next++)]);
  };
  await Promise.all(Array.from({ length: clients }, client));
};

/** µs of the main thread for one Secret: sealing and opening, apart from any disk. */
const measureEnvelope = async (dir: string, context: BenchContext): Promise<void> => {
  const keyring = await openKeyring({ dataDir: join(dir, 'envelope'), clock: systemClock });
  await keyring.save();
  const text = JSON.stringify(toWrite(1).value);
  const place = ['object', 'secrets', 'default', 's1', 'uid-1'];
  const count = context.quick ? 20_000 : 100_000;
  let sealed = '';
  const sealMs = await timed(async () => {
    for (let i = 0; i < count; i++) sealed = keyring.seal(text, place);
  });
  const openMs = await timed(async () => {
    for (let i = 0; i < count; i++) keyring.open(sealed, place);
  });
  context.figure('valueBytes', text.length);
  context.figure('sealedBytes', sealed.length);
  context.figure('sealMicroseconds', round((sealMs * 1000) / count));
  context.figure('openMicroseconds', round((openMs * 1000) / count));
};

const measureRotation = async (dataDir: string, count: number, context: BenchContext): Promise<void> => {
  const { store, keyring } = await openPlace(dataDir, true);
  if (keyring === undefined) return;
  const rotation = openRotation({ keyring, values: store.sealed, clock: systemClock, log: silentLog });
  const ms = await timed(async () => {
    await rotation.rotate();
    while (keyring.keys.length > 1) {
      context.signal.throwIfAborted();
      await rotation.status();
    }
  });
  await rotation.close();
  await store.close();
  context.figure('rotatedPerSecond', round((count * 1000) / ms, 0));
};

const run = async (context: BenchContext): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'drover-bench-secrets-'));
  context.defer(() => rm(dir, { recursive: true, force: true }));
  await measureEnvelope(dir, context);
  const count = context.quick ? 3_000 : 10_000;
  const writes: Record<string, number[]> = { plain: [], sealed: [] };
  const starts: Record<string, number[]> = { plain: [], sealed: [] };
  for (let round = 0; round < rounds; round++) {
    for (const form of ['plain', 'sealed'] as const) {
      const dataDir = join(dir, `${form}${round}`);
      const { store } = await openPlace(dataDir, form === 'sealed');
      writes[form]?.push(await timed(() => fill(store, count, context.signal)));
      await store.close();
      const again = performance.now();
      const { store: reopened } = await openPlace(dataDir, form === 'sealed');
      await reopened.objects.snapshot();
      starts[form]?.push(performance.now() - again);
      await reopened.close();
    }
  }
  const middle = (all: Record<string, number[]>, form: string): number => median(all[form] ?? []);
  for (const form of ['plain', 'sealed'])
    context.figure(`${form}WritesPerSecond`, round((count * 1000) / middle(writes, form), 0));
  context.figure('sealedToPlainWriteRatio', round(middle(writes, 'plain') / middle(writes, 'sealed'), 2));
  for (const form of ['plain', 'sealed']) context.figure(`${form}StartMs`, round(middle(starts, form), 0));
  context.figure('secretsAtStart', count);
  await measureRotation(join(dir, 'sealed0'), count, context);
};

export const secrets: Bench = {
  name: 'secrets',
  explain:
    'Secrets of 1 KiB through the store with and without a keyring: writes of 64 clients, opening with all of them, one rotation. Bar: at least 0.8 of the plain writes.',
  run,
};
