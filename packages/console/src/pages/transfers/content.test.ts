import { createHash } from 'node:crypto';
import { parseManifest } from '@drover/client/manifest';
import { expect, test } from 'vitest';
import { buildContent, type Chosen } from './content.ts';

const chosen = (path: string, data: string): Chosen => ({
  path,
  file: new File([data], path.split('/').at(-1) ?? '', { lastModified: 1_700_000_000_000 }),
});
const hash = (data: string): string => createHash('sha256').update(data).digest('hex');
const build = async (files: readonly Chosen[], isFolder = false) => {
  const options = { isFolder, nowMs: 1_700_000_000_000, onProgress: () => undefined };
  const built = await buildContent(files, options);
  const bytes = new Uint8Array(await built.manifest.arrayBuffer());
  return { ...built, ...parseManifest(bytes), bytes };
};

test('one file is sent as a file', async () => {
  const { head, entries, manifestSha256, bytes } = await build([chosen('motd', 'hello\n')]);
  expect(head).toMatchObject({ root: 'file', content: hash('hello\n'), sizeBytes: 6, entries: 1 });
  expect(entries[0]).toMatchObject({ path: '', size: 6, offset: 0, sha256: hash('hello\n'), mode: '0644' });
  expect(manifestSha256).toBe(createHash('sha256').update(bytes).digest('hex'));
});

test('a tree is sent with its directories before what is in them', async () => {
  const tree = [chosen('site/js/a.js', 'AA'), chosen('site/100% 中.html', 'B'), chosen('site/empty', '')];
  const { entries, content, contentSha256 } = await build(tree, true);
  expect(entries.map(({ path }) => path)).toEqual([
    '',
    'site',
    'site/100%25 中.html',
    'site/empty',
    'site/js',
    'site/js/a.js',
  ]);
  expect(await content?.text()).toBe('BAA');
  expect(contentSha256).toBe(hash('BAA'));
});

test('files without data have no content', async () => {
  const { head, content } = await build([chosen('empty', '')]);
  expect(head.content).toBe('');
  expect(content).toBeUndefined();
});

test('a folder with one file in it stays a folder', async () => {
  const { head, entries } = await build([chosen('only', 'x')], true);
  expect(head.root).toBe('directory');
  expect(entries.map(({ path }) => path)).toEqual(['', 'only']);
});

test('who does not want to wait any longer stops it', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  const options = { isFolder: false, nowMs: 0, onProgress: () => undefined, signal };
  await expect(buildContent([chosen('a', 'x')], options)).rejects.toThrow('enough');
});
