import { afterEach, expect, test, vi } from 'vitest';
import { labCommand, labHelp } from './command.ts';

afterEach(() => vi.restoreAllMocks());

const said = (stream: 'stdout' | 'stderr'): (() => string) => {
  const spy = vi.spyOn(process[stream], 'write').mockReturnValue(true);
  return () => spy.mock.calls.map(([text]) => String(text)).join('');
};

test.each([[[]], [['help']], [['--help']], [['up', '--help']], [['exec', '-h']]])(
  '%j shows the help',
  async (argv) => {
    const out = said('stdout');
    expect(await labCommand(argv)).toBe(0);
    expect(out()).toBe(`${labHelp}\n`);
  },
);

test.each([
  [['up', '0'], /COUNT is 1 to 100/],
  [['up', '3', '--os', 'plan-9'], /--os is one of/],
  [['exec', 'n1'], /usage: drover lab exec HOST/],
  [['dance'], /unknown: dance/],
] as const)('%j is wrong usage, with a sentence', async (argv, words) => {
  const err = said('stderr');
  expect(await labCommand(argv)).toBe(2);
  expect(err()).toMatch(words);
});
