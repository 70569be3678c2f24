import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { openRecordingFiles } from '../store/recordings/directory.ts';
import { createRecorder, type Recorder } from './recorder.ts';

let dataDir = '';
let recorder: Recorder;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-recorder-'));
  recorder = createRecorder({ recordings: await openRecordingFiles(dataDir), clock: systemClock });
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const start = () => recorder.start({ node: 'n1', user: 'admin', columns: 80, rows: 24 });
const record = async (text: string, endedMs: number): Promise<string> => {
  const recording = await start();
  await recording.output(Buffer.from(text));
  await recording.close();
  const time = new Date(endedMs);
  await utimes(join(dataDir, 'recordings', `${recording.id}.cast`), time, time);
  return recording.id;
};
const idsLeft = async () => (await recorder.list(10)).map(({ id }) => id);

test('what ended long ago goes, and one that goes on stays however old it is', async () => {
  const running = await start();
  const time = new Date(1_000);
  await utimes(join(dataDir, 'recordings', `${running.id}.cast`), time, time);
  await record('old', 5_000);
  const young = await record('young', 20_000);

  expect(await recorder.trim({ endedBeforeMs: 10_000, mostBytes: 1e9 })).toBe(1);
  expect(new Set(await idsLeft())).toEqual(new Set([young, running.id]));
  await running.close();
  await utimes(join(dataDir, 'recordings', `${running.id}.cast`), time, time);
  expect(await recorder.trim({ endedBeforeMs: 10_000, mostBytes: 1e9 })).toBe(1);
});

test('the oldest go until all together are no larger than wanted', async () => {
  await record('x'.repeat(5_000), 1_000);
  await record('x'.repeat(5_000), 2_000);
  const newest = await record('x'.repeat(5_000), 3_000);

  expect(await recorder.trim({ endedBeforeMs: 0, mostBytes: 6_000 })).toBe(2);
  expect(await idsLeft()).toEqual([newest]);
  expect(await recorder.size()).toMatchObject({ count: 1 });
});
