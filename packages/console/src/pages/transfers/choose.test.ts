import { expect, test } from 'vitest';
import { toItems } from './choose.ts';

const chosen = (path: string, data = 'x') => ({ path, file: new File([data], path.split('/').at(-1) ?? '') });

test('each file and each folder is one item, with what is in the folder below it', () => {
  const items = toItems([chosen('site/a.html'), chosen('motd', 'four'), chosen('site/js/b.js', 'xx')]);
  expect(items.map(({ name, isFolder, sizeBytes }) => [name, isFolder, sizeBytes])).toEqual([
    ['site', true, 3],
    ['motd', false, 4],
  ]);
  expect(items[0]?.files.map(({ path }) => path)).toEqual(['a.html', 'js/b.js']);
  expect(items[1]?.files.map(({ path }) => path)).toEqual(['motd']);
});
