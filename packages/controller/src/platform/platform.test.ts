import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBackoff, toDelayMs } from './backoff.ts';
import { newId, newSecret, sha256Hex } from './ids.ts';
import { createLog } from './log.ts';

test('ids sort in the order they were made and never repeat', () => {
  const ids = Array.from({ length: 20_000 }, newId);

  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[0-9a-hjkmnp-tv-z]{26}$/.test(id))).toBe(true);
});

test('a secret has 32 bytes and the hash is the known one', () => {
  expect(Buffer.from(newSecret(), 'base64url')).toHaveLength(32);
  expect(newSecret()).not.toBe(newSecret());
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('waits double, stay under the cap and are spread over half of their length', () => {
  fc.assert(
    fc.property(
      fc.nat(2000),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (attempt, share) => {
        const delay = toDelayMs({ baseMs: 100, maxMs: 30_000, random: () => share }, attempt);
        const ceiling = Math.min(30_000, 100 * 2 ** attempt);
        expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
        expect(delay).toBeLessThanOrEqual(ceiling);
      },
    ),
  );
});

test('a success starts the waits from the beginning', () => {
  const backoff = createBackoff({ baseMs: 100, maxMs: 1000, random: () => 0 });
  backoff.nextMs();
  backoff.nextMs();
  backoff.reset();

  expect(backoff.nextMs()).toBe(50);
});

test('log lines are JSON with level, fields and message, and mask secrets', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line: string) => lines.push(line) } });

  log.child({ node: 'web1' }).info({ token: 'abc', agent: { password: 'x' } }, 'agent connected');
  log.debug({}, 'not shown');

  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    node: 'web1',
    token: '[secret]',
    agent: { password: '[secret]' },
    msg: 'agent connected',
  });
});
