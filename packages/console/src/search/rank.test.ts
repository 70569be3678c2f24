import { expect, test } from 'vitest';
import { ranked, type Target } from './rank.ts';

const target = (title: string, kind = 'Node'): Target => ({
  key: `${kind} ${title}`,
  title,
  kind,
  to: `/${title}`,
});
const titles = (found: readonly Target[]): readonly string[] => found.map(({ title }) => title);

test('the very name comes first, then what begins so, then what holds it', () => {
  const all = ['big-web1', 'web10', 'web1', 'db1'].map((name) => target(name));
  expect(titles(ranked(all, 'WEB1'))).toEqual(['web1', 'web10', 'big-web1']);
});

test('the kind may be said too, in any order', () => {
  const all = [target('backup', 'Secret'), target('backup', 'CommandRun')];
  expect(ranked(all, 'backup run').map(({ kind }) => kind)).toEqual(['CommandRun']);
});

test('nothing typed shows what comes first, and never more than fits', () => {
  const all = Array.from({ length: 200 }, (_, i) => target(`n${i}`));
  expect(ranked(all, ' ')).toHaveLength(50);
});
