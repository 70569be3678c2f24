import { expect, test } from 'vitest';
import { codeAt, matchingStep, stepOf, toBase32, toKeyUri } from './totp.ts';

/** RFC 6238 appendix B, SHA-1, the last six of its eight digits. */
test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('the code at %d s is that of RFC 6238', (seconds, code) => {
  const secret = Buffer.from('12345678901234567890');
  expect(codeAt(secret, stepOf(seconds * 1000))).toBe(code);
});

/** RFC 4648 section 10. */
test.each([
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
])('base 32 of "%s" is that of RFC 4648', (text, encoded) => {
  expect(toBase32(Buffer.from(text))).toBe(encoded);
});

test('a code serves one step before and after its own, and in no other shape', () => {
  const secret = Buffer.from('12345678901234567890');
  const nowMs = 1_234_567_890_000;
  const code = codeAt(secret, stepOf(nowMs));
  const at = (shiftMs: number) => matchingStep(secret, code, nowMs + shiftMs);
  expect([at(-30_000), at(0), at(30_000)]).toEqual([stepOf(nowMs), stepOf(nowMs), stepOf(nowMs)]);
  expect([at(-90_000), at(90_000)]).toEqual([undefined, undefined]);
  expect(matchingStep(secret, `${code.slice(0, 3)} ${code.slice(3)}`, nowMs)).toBe(stepOf(nowMs));
  for (const wrong of ['', '12345', `${code}0`, 'abcdef', '１２３４５６'])
    expect(matchingStep(secret, wrong, nowMs)).toBeUndefined();
});

test('the address for apps names account and issuer', () => {
  expect(toKeyUri('ABC', 'a b@c', 'Drover')).toBe(
    'otpauth://totp/Drover:a%20b%40c?secret=ABC&issuer=Drover&algorithm=SHA1&digits=6&period=30',
  );
});
