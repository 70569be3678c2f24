// A transfer goes on after any cut, and fetches again less than a chunk and what was in flight.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TransferGround } from '../harness/transfer-ground.ts';
import { describeTree, writeRandom } from '../harness/tree.ts';
import { waitFor } from '../harness/wait.ts';

/** A quarter of a gibibyte goes through disk or database several times. */
vi.setConfig({ testTimeout: 300_000 });

const mib = 1 << 20;
const size = 256 * mib;
const chunk = 4 * mib;
let ground: TransferGround;

beforeAll(async () => {
  ground = await TransferGround.open(['n1']);
});
afterAll(() => ground?.close());

/** Bytes of a file that is being put together, or undefined before it is begun. */
const partBytes = (directory: string): number | undefined => {
  const part = readdirSync(directory).find((name) => name.startsWith('.drover-part-'));
  return part === undefined ? undefined : statSync(join(directory, part)).size;
};

/** Begins a push and halts the controller in the middle of it; resolves to the transfer's name. */
const haltInTheMiddle = async (name: string): Promise<string> => {
  writeRandom(join(ground.work, name), size);
  const begun = await ground.drover('push', '-n', 'n1', '--detach', name, `:${ground.path}/${name}`);
  expect(begun, begun.stderr).toMatchObject({ code: 0 });
  await waitFor('some of it to be there', () => (partBytes(ground.on('n1', '')) ?? 0) > 2 * chunk);
  process.kill(ground.controller.pid, 'SIGSTOP');
  expect(partBytes(ground.on('n1', ''))).toBeLessThan(size);
  return begun.stdout.trim();
};

const expectWhole = (name: string): void => {
  expect(describeTree(ground.on('n1', name))).toEqual(describeTree(join(ground.work, name)));
  expect(readdirSync(ground.on('n1', '')).filter((entry) => entry.startsWith('.'))).toEqual([]);
};

/** Repeats a transfer that was lost; what the node says in the end. */
const retry = async (
  name: string,
): Promise<{ readonly bytesSent: number; readonly bytesSkipped: number }> => {
  expect(await ground.task(name, 'n1')).toMatchObject({ state: 'lost' });
  const again = await ground.drover('transfers', 'retry', name, '--detach');
  expect(again, again.stderr).toMatchObject({ code: 0 });
  const { result } = await ground.task(again.stdout.trim().split('/').at(-1) ?? '', 'n1');
  expect(result).toMatchObject({ exitCode: 0 });
  return result?.detail as { bytesSent: number; bytesSkipped: number }; // docs/protocol.md section 4
};

test('kill -9 of the controller in the middle of a push: it goes on where it was', async () => {
  const name = await haltInTheMiddle('first');
  await ground.controller.kill9();
  await ground.controller.start();
  const { result } = await ground.task(name, 'n1');
  expect(result).toMatchObject({ exitCode: 0, detail: { bytesSent: size } });
  expectWhole('first');
});

test('kill -9 of the agent in the middle of a push: it goes on without the agent, whose next start reports it', async () => {
  const name = await haltInTheMiddle('second');
  await ground.agent('n1').end('SIGKILL');
  ground.agent('n1').run();
  process.kill(ground.controller.pid, 'SIGCONT');
  const { result } = await ground.task(name, 'n1');
  expect(result).toMatchObject({ exitCode: 0, detail: { bytesSent: size } });
  expectWhole('second');
});

test('a power cut in the middle of a push: a retry fetches only what is missing', async () => {
  const name = await haltInTheMiddle('third');
  await ground.cutPower('n1');
  const there = partBytes(ground.on('n1', '')) ?? 0;
  process.kill(ground.controller.pid, 'SIGCONT');
  ground.agent('n1').run();
  const { bytesSent, bytesSkipped } = await retry(name);
  expect(bytesSent + bytesSkipped).toBe(size);
  expect(bytesSkipped).toBeGreaterThan(there - chunk);
  expectWhole('third');
});

test('a damaged part is found by its chunk, and only that and what follows is fetched again', async () => {
  const name = await haltInTheMiddle('fourth');
  await ground.cutPower('n1');
  const directory = ground.on('n1', '');
  const part = readdirSync(directory).find((entry) => entry.startsWith('.drover-part-')) ?? '';
  const { open } = await import('node:fs/promises');
  const file = await open(join(directory, part), 'r+');
  await file.write(Buffer.from('damaged'), 0, 7, chunk + 5);
  await file.close();
  process.kill(ground.controller.pid, 'SIGCONT');
  ground.agent('n1').run();
  expect(await retry(name)).toMatchObject({ bytesSkipped: chunk, bytesSent: size - chunk });
  expectWhole('fourth');
});
