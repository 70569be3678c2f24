// Owns the files of the console: what `vite build` has made of packages/console, held compressed.
// I1: what has a hash in its name may be kept for ever by browsers; the page itself by nobody.
// I2: a page runs and styles itself with our own files only. What libraries put into <style> elements (editor, terminal)
//     carries a nonce that is new for each page.
// I3: nothing but what was there when the directory was read is ever served: a path of a request is only looked up.
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Page } from './pages.ts';

interface ConsoleFile {
  readonly type: string;
  /** Content-Encoding → bytes; '': as it is. */
  encoded(encoding: '' | 'br' | 'gzip'): Promise<Buffer>;
}

export interface ConsoleFiles {
  /** `prefix`: the path under which a proxy shows this server; '': none. */
  page(prefix: string): Page;
  /** By its path below /console/. */
  file(path: string): ConsoleFile | undefined;
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.woff2': 'font/woff2',
};

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);
const brotliQuality = 9;

/** Compressed when it is first asked for, and then held. */
const toFile = (path: string, type: string): ConsoleFile => {
  const held = new Map<string, Promise<Buffer>>();
  const isText = /^text|svg/.test(type);
  const make = async (encoding: '' | 'br' | 'gzip'): Promise<Buffer> => {
    const bytes = await readFile(path);
    if (encoding === 'gzip') return gzipped(bytes);
    if (encoding === 'br')
      return brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality } });
    return bytes;
  };
  return {
    type,
    encoded: (wanted) => {
      const encoding = isText ? wanted : '';
      const found = held.get(encoding) ?? make(encoding);
      held.set(encoding, found);
      return found;
    },
  };
};

const policyOf = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

/** undefined: the console has not been built. */
export const loadConsole = async (directory: string): Promise<ConsoleFiles | undefined> => {
  const html = await readFile(join(directory, 'index.html'), 'utf8').catch(() => undefined);
  if (html === undefined) return undefined;
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = new Map(
    entries
      .filter((entry) => entry.isFile() && types[extname(entry.name)] !== undefined)
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [
        relative(directory, path).split(sep).join('/'),
        toFile(path, types[extname(path)] ?? ''),
      ]),
  );
  return {
    file: (path) => files.get(path),
    page: (prefix) => {
      const nonce = randomBytes(16).toString('base64');
      return {
        html: html.replaceAll('{{base}}', `${prefix}/console/`).replaceAll('{{nonce}}', nonce),
        policy: policyOf(nonce),
      };
    },
  };
};
