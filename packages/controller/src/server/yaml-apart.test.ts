import { expect, it } from 'vitest';
import { createYamlReader, defaultYamlLimits } from './yaml-apart.ts';

const read = createYamlReader();

it('YAML becomes the JSON that it means', async () => {
  expect(JSON.parse(await read('a: [1, {b: c}]\nd: "2"\n'))).toEqual({ a: [1, { b: 'c' }], d: '2' });
  expect(await read('# nothing')).toBe('null');
});

it('what is no YAML, or has numbers that JSON has not, is refused with the place', async () => {
  await expect(read('a: [1')).rejects.toMatchObject({
    code: 400,
    message: expect.stringContaining('line 1'),
  });
  await expect(read('a: .inf')).rejects.toThrow('cannot read the body as YAML: a is not a JSON number');
});

it('text that keeps the parser busy is given up in time, and the event loop goes on meanwhile', async () => {
  const quick = createYamlReader({ ...defaultYamlLimits, timeoutMs: 300 });
  let turns = 0;
  const beat = setInterval(() => turns++, 5);
  const given = await quick('!!x '.repeat(250_000)).catch((error: unknown) => error);
  clearInterval(beat);
  expect(given).toMatchObject({ code: 400, message: expect.stringContaining('longer than 300 ms') });
  expect(turns).toBeGreaterThan(5);
});

it('text that fills the memory of the parser is refused, and the next is read', async () => {
  const small = createYamlReader({ ...defaultYamlLimits, memoryMib: 32, timeoutMs: 10_000 });
  await expect(small('&a [*a,'.repeat(140_000))).rejects.toMatchObject({ code: 400 });
  expect(await small('a: 1')).toBe('{"a":1}');
});

it('more bodies than may wait are told to come again', async () => {
  const one = createYamlReader({ ...defaultYamlLimits, waiting: 1 });
  const all = await Promise.allSettled(['a: 1', 'b: 2', 'c: 3'].map(one));
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(all[2]).toMatchObject({ reason: { code: 429, details: { retryAfterSeconds: 1 } } });
});
