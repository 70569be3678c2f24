import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { createLog } from './log.ts';
import { LogFile } from './log-file.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'drover-log-'));
  path = join(dir, 'controller.log');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (maxBytes: number): LogFile => new LogFile({ path, maxBytes, keepFiles: 2, clock: systemClock });
const linesOf = (name: string): readonly string[] =>
  readFileSync(join(dir, name), 'utf8').trimEnd().split('\n');

test('a full log becomes the first of the earlier ones, the oldest goes, and no line is cut', () => {
  const file = open(100);
  for (let n = 0; n < 40; n += 1) file.write(`${JSON.stringify({ n, text: 'x'.repeat(10) })}\n`);
  file.close();
  expect(readdirSync(dir).sort()).toEqual(['controller.log', 'controller.log.1', 'controller.log.2']);
  const kept = ['controller.log.2', 'controller.log.1', 'controller.log'].flatMap(linesOf);
  const numbers = kept.map((line) => (JSON.parse(line) as { readonly n: number }).n);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => 40 - numbers.length + at));
  for (const name of readdirSync(dir)) {
    expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(100);
    expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
  }
});

test('what an earlier start has logged counts, and stays', () => {
  writeFileSync(path, `${'y'.repeat(90)}\n`);
  const file = open(100);
  createLog({ destination: file }).info({}, 'a start');
  file.close();
  expect(linesOf('controller.log.1')).toEqual(['y'.repeat(90)]);
  expect(linesOf('controller.log')[0]).toContain('a start');
});

test('a full disk stops nobody: the line that can be written again says how many were lost', () => {
  // A limit of the kernel on the size of files refuses a write as a full disk does, in the middle of a line.
  const script = `
    import { truncateSync } from 'node:fs';
    import { LogFile } from '${join(import.meta.dirname, 'log-file.ts')}';
    process.on('SIGXFSZ', () => {});
    const path = process.argv[1];
    const file = new LogFile({ path, maxBytes: 1e9, keepFiles: 1, clock: { nowMs: () => 0 } });
    for (let n = 0; n < 12; n += 1) file.write('z'.repeat(99) + '\\n');
    truncateSync(path, 100);
    file.write('after\\n');`;
  const limited = ['-c', 'ulimit -f 1; exec "$@"', 'sh', process.execPath, '--input-type=module'];
  const env = { PATH: process.env['PATH'] };
  const done = spawnSync('bash', [...limited, '-e', script, path], { encoding: 'utf8', env });
  expect([done.status, done.stderr]).toEqual([0, expect.not.stringContaining('Error')]);
  const [first, loss, last, ...more] = linesOf('controller.log');
  expect([first, last, more]).toEqual(['z'.repeat(99), 'after', []]);
  expect(JSON.parse(loss ?? '')).toMatchObject({ level: 'error', lost: 2 });
});

test('a log that cannot be moved goes on in the same file', () => {
  const file = open(10);
  file.write('first line\n');
  writeFileSync(`${path}.1`, '');
  mkdirSync(join(dir, 'controller.log.2', 'in the way'), { recursive: true });
  file.write('second line\n');
  file.close();
  expect(linesOf('controller.log')).toEqual(['first line', 'second line']);
});
