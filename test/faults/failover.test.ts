// Nothing is lost when controllers and the primary of their database are struck: the small form of `npm run bench -- failover`.
import { afterAll, describe, expect, test } from 'vitest';
import { smallFailover, strikeUnderWork, toWrongs } from '../../bench/failover/index.ts';
import { missingForPostgres } from '../harness/postgres.ts';

const isSkipped = missingForPostgres() !== undefined && process.env['CI'] !== 'true';
const undos: (() => Promise<void> | void)[] = [];
const defer = (undo: () => Promise<void> | void): void => void undos.push(undo);
const say = (text: string): void => void process.stdout.write(`failover: ${text}\n`);

describe.skipIf(isSkipped)('three controllers on a pair of database servers', () => {
  afterAll(async () => {
    for (const undo of undos.reverse()) await undo();
  });

  test('a kill, a freeze and a cut, and a primary that wakes up again, lose no task, repeat none, undo no write and skip no event', async () => {
    const { signal } = new AbortController();
    const context = { quick: true, signal, figure: () => undefined, say, defer };
    const { verdict, probes } = await strikeUnderWork(context, smallFailover);

    expect(verdict.tasks).toBeGreaterThan(0);
    expect(probes.acknowledged).toBeGreaterThan(0);
    const wrongs = toWrongs(verdict, probes);
    expect(wrongs).toEqual(Object.fromEntries(Object.keys(wrongs).map((name) => [name, 0])));
  }, 300_000);
});
