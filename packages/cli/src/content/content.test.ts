import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatManifest, type ManifestEntry, parseManifest } from '@drover/client/manifest';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildManifest } from './build.ts';
import { decodeName, encodeName } from './names.ts';
import { joinExtents } from './read-file.ts';

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'drover-content-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');

describe('names', () => {
  test('any bytes come back as they were, in text that can be read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (name) => {
        const text = encodeName(name);
        expect(decodeName(text)).toEqual(Buffer.from(name));
        expect(text).not.toMatch(/\p{C}/u);
      }),
    );
  });

  test('any text comes back as it was, with % written %25', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(decodeName(encodeName(Buffer.from(name))).toString()).toBe(name);
      }),
    );
    expect(encodeName(Buffer.from('100% grün\n'))).toBe('100%25 grün%0A');
    expect(() => decodeName('%4')).toThrow('two hex digits');
  });
});

/** A name on disk: any bytes but zero and slash, and not '.' or '..'. */
const anyName = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 47 ? 95 : byte))))
  .filter((name) => !['.', '..'].includes(name.toString('latin1')));

const anyNode = fc.oneof(
  fc.record({ kind: fc.constant('file' as const), data: fc.uint8Array({ maxLength: 10_000 }) }),
  fc.record({ kind: fc.constant('symlink' as const), data: anyName }),
  fc.record({ kind: fc.constant('directory' as const), data: fc.constant(new Uint8Array()) }),
);

describe('manifest', () => {
  test('every file, link and directory is in it, with its bytes at its offset', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anyName, anyNode), { maxLength: 12 }), async (nodes) => {
        const root = Buffer.from(fs.mkdtempSync(join(directory, 'p')));
        const made = new Map<string, (typeof nodes)[number][1]>();
        for (const [name, node] of nodes) {
          if (made.has(name.toString('latin1'))) continue;
          const path = Buffer.concat([root, Buffer.from('/'), name]);
          if (node.kind === 'file') fs.writeFileSync(path, node.data);
          else if (node.kind === 'symlink') fs.symlinkSync(Buffer.from(node.data), path);
          else fs.mkdirSync(path);
          made.set(name.toString('latin1'), node);
        }
        const built = await buildManifest(root);
        const { head, entries } = parseManifest(built.manifest);
        const content = Buffer.concat([...built.read(0)]);
        expect(content.length).toBe(head.sizeBytes);
        if (content.length > 0) expect(sha256(content)).toBe(head.content);
        expect(entries.length).toBe(made.size + 1);
        for (const entry of entries.slice(1)) {
          const node = made.get(decodeName(entry.path).toString('latin1'));
          expect(entry.type).toBe(node?.kind);
          if (entry.type === 'file') {
            const data = content.subarray(entry.offset, (entry.offset ?? 0) + (entry.size ?? 0));
            expect(data.equals(Buffer.from(node?.data ?? []))).toBe(true);
            expect(sha256(data)).toBe(entry.sha256);
          }
          if (entry.type === 'symlink')
            expect(decodeName(entry.target ?? '')).toEqual(Buffer.from(node?.data ?? []));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('parents come before children, and reading can begin at any byte', async () => {
    fs.mkdirSync(join(directory, 'a/b'), { recursive: true });
    fs.writeFileSync(join(directory, 'a/b/one'), 'first');
    fs.writeFileSync(join(directory, 'a.txt'), 'second');
    const built = await buildManifest(Buffer.from(directory));
    const { entries } = parseManifest(built.manifest);
    expect(entries.map((entry) => entry.path)).toEqual(['', 'a', 'a/b', 'a/b/one', 'a.txt']);
    const all = Buffer.concat([...built.read(0)]).toString();
    expect(all).toBe('firstsecond');
    for (let from = 0; from <= all.length; from += 1)
      expect(Buffer.concat([...built.read(from)]).toString()).toBe(all.slice(from));
  });

  test('a sparse file is sent without its holes', async () => {
    const path = join(directory, 'disk');
    const file = fs.openSync(path, 'w');
    fs.writeSync(file, 'head', 0);
    fs.writeSync(file, 'tail', 8 << 20);
    fs.ftruncateSync(file, 16 << 20);
    fs.closeSync(file);
    const built = await buildManifest(Buffer.from(path));
    const [entry] = parseManifest(built.manifest).entries;
    expect(entry).toMatchObject({ type: 'file', path: '', size: 16 << 20, dataSize: 8192 });
    expect(entry?.extents).toEqual([
      [0, 4096],
      [8 << 20, 4096],
    ]);
    const stored = Buffer.concat([...built.read(0)]);
    expect(stored.length).toBe(8192);
    expect(sha256(stored)).toBe(entry?.sha256);
  });

  test('a file that is one hole, and an empty file, have no data', async () => {
    fs.writeFileSync(join(directory, 'empty'), '');
    fs.truncateSync(join(directory, 'empty'), 0);
    fs.writeFileSync(join(directory, 'hole'), '');
    fs.truncateSync(join(directory, 'hole'), 1 << 20);
    const built = await buildManifest(Buffer.from(directory));
    const { head, entries } = parseManifest(built.manifest);
    expect(head).toMatchObject({ content: '', sizeBytes: 0 });
    expect(entries.find((entry) => entry.path === 'hole')).toMatchObject({
      size: 1 << 20,
      dataSize: 0,
      extents: [],
    });
  });

  test('fifos and unreadable files are refused by name and the rest is sent', async () => {
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    fs.writeFileSync(join(directory, 'fine'), 'x');
    const built = await buildManifest(Buffer.from(directory));
    expect(built.refused).toEqual([{ path: 'pipe', reason: 'it is a fifo' }]);
    expect(parseManifest(built.manifest).entries.map((entry) => entry.path)).toEqual(['', 'fine']);
  });

  test('joined extents cover what they covered, and are few', () => {
    const anyExtents = fc
      .array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5 })), { maxLength: 60 })
      .map((steps) => {
        let at = 0;
        return steps.map(([hole, length]): [number, number] => {
          at += hole * 4096;
          const extent: [number, number] = [at, length * 4096];
          at += length * 4096;
          return extent;
        });
      });
    fc.assert(
      fc.property(anyExtents, (extents) => {
        const joined = joinExtents(extents, 5);
        expect(joined.length).toBeLessThanOrEqual(Math.max(5, 1));
        for (const [from, length] of extents)
          expect(joined.some(([start, size]) => start <= from && start + size >= from + length)).toBe(true);
      }),
    );
  });

  test.each([
    ['../etc/passwd', 'leads outside'],
    ['/etc/passwd', 'leads outside'],
    ['a/../../b', 'leads outside'],
    ['%2e%2e', 'leads outside'],
    ['x%00', 'zero byte'],
    ['gone/file', 'not listed before'],
    ['link/file', 'not listed before'],
  ])('a manifest that names %s is refused', (path, why) => {
    const root: ManifestEntry = { path: '', type: 'directory', mode: '0755', mtimeMs: 0 };
    const link: ManifestEntry = { path: 'link', type: 'symlink', mode: '0777', mtimeMs: 0, target: '/etc' };
    const bad: ManifestEntry = { path, type: 'directory', mode: '0755', mtimeMs: 0 };
    const head = { version: 1, root: 'directory', content: '', sizeBytes: 0, entries: 3 } as const;
    expect(() => parseManifest(formatManifest(head, [root, link, bad]))).toThrow(why);
  });

  test('whatever bytes arrive as a manifest, the answer is a refusal', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parseManifest(Buffer.from(text))).toThrow('cannot use the manifest');
      }),
    );
  });
});
