import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'drover-log-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Runs `code` with `open` and `path`, where no file may be larger than `blocks` of 512 bytes: writes fail above that. */
const runLimited = (blocks: number, code: string): void => {
  const script = `
    import { openLogFile } from ${JSON.stringify(join(import.meta.dirname, 'log-file.ts'))};
    import { truncateSync } from 'node:fs';
    const path = ${JSON.stringify(join(dir, 'log'))};
    const file = openLogFile({ path, nowMs: () => 0 });
    ${code}`;
  const node = `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" --input-type=module`;
  const done = spawnSync('sh', ['-c', node, process.execPath], { input: script, encoding: 'utf8' });
  expect([done.status, done.stderr]).toEqual([0, '']);
};

test('lines that cannot be written are dropped and counted; none is cut, and the process goes on', () => {
  runLimited(
    2,
    `for (let n = 0; n < 300; n += 1) file.write('{"n":' + n + '}\\n');
     truncateSync(path, 0);
     file.write('{"n":"last"}\\n');`,
  );
  const lines = readFileSync(join(dir, 'log'), 'utf8').trimEnd().split('\n');
  const [gap, last] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(gap).toMatchObject({ level: 'warn', msg: expect.stringContaining('missing') });
  expect(Number(gap?.['lines'])).toBeGreaterThan(100);
  expect(last).toEqual({ n: 'last' });
  expect(statSync(join(dir, 'log')).mode & 0o777).toBe(0o600);
});
