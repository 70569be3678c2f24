import { expect, test } from 'vitest';
import { withoutNul } from './nul.ts';

test('U+0000 in texts is replaced wherever it is; bytes, and what holds none, stay the very same', () => {
  const data = Buffer.from('a\0b');
  const clean = { taskId: 't', tags: ['x'], exitCode: 1 };
  const said = { results: [{ taskId: 'a\0', reason: '\0\0' }, clean], output: [{ data }] };
  const kept = withoutNul(said);
  expect(kept).toEqual({
    results: [{ taskId: 'a\ufffd', reason: '\ufffd\ufffd' }, clean],
    output: [{ data }],
  });
  expect([kept.results[1], kept.output[0]?.data]).toEqual([clean, data]);
  expect(kept.output).toBe(said.output);
  expect(withoutNul(clean)).toBe(clean);
});
