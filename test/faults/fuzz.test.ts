// Bad input at every door of one real controller: a clean refusal or a closed connection, and nothing breaks or grows.
// FUZZ_RUNS raises the number of cases (default 10,000 in all); a failure prints the seed that repeats it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryMib } from '../../bench/process-figures.ts';
import { contentDoor } from './fuzz/content.ts';
import { innerErrors, openFuzzGround } from './fuzz/ground.ts';
import { objectsDoor } from './fuzz/objects.ts';
import { queriesDoor } from './fuzz/queries.ts';
import { rawDoor } from './fuzz/raw.ts';
import { transfersDoor } from './fuzz/transfers.ts';
import { wireDoor } from './fuzz/wire.ts';

const allRuns = Number(process.env['FUZZ_RUNS'] ?? 10_000);
/** Of memory that is not given back; the objects that the cases left behind are in it. */
const growthMib = 150;
const timeoutMs = 180_000 * Math.max(1, allRuns / 10_000);
/** In this order: a real agent joins for the last one only, so that no spoilt command ever runs. */
const doors = [objectsDoor, queriesDoor, rawDoor, contentDoor, wireDoor, transfersDoor];

let ground: Awaited<ReturnType<typeof openFuzzGround>>;
let pid: number;
beforeAll(async () => {
  ground = await openFuzzGround();
  pid = ground.controller.pid;
});
afterAll(() => ground?.close());

test.each(doors.map((door) => ({ door, name: door.name })))(
  'hostile $name are refused cleanly, and the controller neither breaks nor grows',
  async ({ door }) => {
    const runs = Math.ceil(allRuns * door.share);
    const warmUp = Math.min(500, Math.ceil(runs / 4));
    const { fuzz, close } = await door.open(ground);
    try {
      await fuzz(warmUp);
      const before = await memoryMib(pid);
      await fuzz(runs - warmUp);
      const after = await memoryMib(pid);
      const rss = `${before.now.toFixed(0)} → ${after.now.toFixed(0)} MiB`;
      process.stdout.write(`fuzz: ${runs} cases of ${door.name}; controller RSS ${rss}\n`);
      expect(after.now - before.now).toBeLessThan(growthMib);
    } finally {
      await close?.();
    }
    expect(await innerErrors(ground)).toEqual([]);
    expect((await ground.client.version()).gitVersion).toBeTruthy();
    expect(ground.controller.pid).toBe(pid);
  },
  timeoutMs,
);
