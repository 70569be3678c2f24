// A path that leads out of where it belongs finds nothing, and changes nothing. It is asked for on every route whose path
// has a part that is chosen by who asks, in the bytes that a client of HTTP would have put in order before it sends them.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContentHandler } from '../gateway/index.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { loadConsole } from './console-files.ts';
import type { Ground } from './test-ground.ts';
import { openGroundWithRoutes, type Route } from './test-routes.ts';
import { exchange, head } from './test-wire.ts';

const content = 'only for who may read this directory';
/** One for each of what a careless join would add to a name, or take it as. */
const names = ['planted', 'planted.cast', 'planted.txt', 'planted.js', 'planted.json'];

/** Where it is planted: in the data directory and the console's, and around them. */
let places: readonly string[];
let home: string;
let ground: Ground;
let routes: readonly Route[];

const patientMs = 60_000;

const plantIn = async (directory: string): Promise<void> => {
  for (const name of names) await writeFile(join(directory, name), content);
};

/** All that was planted, as it is now, and whatever has a name of it. */
const found = async (): Promise<readonly string[]> => {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const ours = paths.filter((path) => names.some((name) => path.endsWith(`/${name}`)));
  return (await Promise.all(ours.map(async (path) => `${path}: ${await readFile(path, 'utf8')}`))).sort();
};

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'drover-traversal-'));
  const assets = join(home, 'console', 'dist', 'assets');
  await mkdir(assets, { recursive: true });
  await writeFile(join(assets, '..', 'index.html'), '<p>{{base}}{{nonce}}</p>');
  await writeFile(join(assets, 'app.js'), 'app()');
  const console = await loadConsole(join(assets, '..'));
  // The data directory comes to be in here, so that what lies beside it is ours as well.
  const outside = process.env['TMPDIR'];
  process.env['TMPDIR'] = home;
  const opened = await openGroundWithRoutes({
    console,
    content: (request, response, ends) =>
      createContentHandler({ store: opened.store, clock: systemClock, log: silentLog })(
        request,
        response,
        ends,
      ),
  }).finally(() => {
    if (outside === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = outside;
  });
  ground = opened;
  routes = opened.routes;
  places = [home, join(home, 'console'), join(home, 'console', 'dist'), ground.dataDir].concat(
    ['blobs', 'uploads'].map((name) => join(ground.dataDir, name)),
  );
  for (const directory of places) await plantIn(directory);
});
afterAll(async () => {
  await ground.close();
  await rm(home, { recursive: true, force: true });
});

const ups = ['../', '%2e%2e/', '..%2f', '%2e%2e%2f', '..%5c', '....//', '.%00./', '%252e%252e%252f', '..;/'];
const absolute = ['/etc/passwd', '%2fetc%2fpasswd', '%2Fetc%2Fpasswd%00.cast', 'file:///etc/passwd'];

/** What is put in the place of a part of a path. */
const leading: readonly string[] = [
  ...ups.flatMap((up) => [1, 2, 3].flatMap((times) => names.map((name) => `${up.repeat(times)}${name}`))),
  ...ups.flatMap((up) => [
    `${up.repeat(12)}etc/passwd`,
    up.repeat(2),
    `${up}planted/`,
    `x/${up}${up}planted`,
  ]),
  ...absolute,
];
const few = leading.filter((lead) => /planted$|passwd$/.test(lead));

const usual: Readonly<Record<string, string>> = { ':namespace': 'default', ':version': 'v1' };

/** The paths of a route, with one of its chosen parts leading elsewhere and the others as usual. */
const targetsOf = (url: string, leads: readonly string[]): readonly string[] => {
  const parts = [...url.matchAll(/:\w+|\*/g)];
  return parts.flatMap(({ index, 0: part }) =>
    leads.map((lead) => {
      const [before, after] = [url.slice(0, index), url.slice(index + part.length)];
      const fill = (text: string) => text.replace(/:\w+|\*/g, (one) => usual[one] ?? 'x');
      return `${fill(before)}${lead}${fill(after)}`;
    }),
  );
};

const asBytes = (method: string, target: string, ...lines: readonly string[]): string => {
  if (method === 'GET') return head(ground, method, target, ...lines);
  const body = '{"a":"planted-change"}';
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return `${head(ground, method, target, `Content-Type: ${type}`, `Content-Length: ${body.length}`, ...lines)}${body}`;
};

const atOnce = 40;

/** Asks one after the other on a connection, and returns what was answered in another way than it may be. */
const ask = async (
  method: string,
  targets: readonly string[],
  mayBe: readonly string[],
): Promise<readonly string[]> => {
  const bad: string[] = [];
  for (let at = 0; at < targets.length; at += atOnce) {
    const some = targets.slice(at, at + atOnce);
    const bytes = some.map((target, index) =>
      asBytes(method, target, ...(index === some.length - 1 ? ['Connection: close'] : [])),
    );
    const text = await exchange(ground, bytes.join(''), patientMs);
    const answers = text.split(/(?=HTTP\/1\.1 \d{3} )/);
    expect(answers, `to ${method} ${some[0]} and what follows`).toHaveLength(some.length);
    for (const [index, answer] of answers.entries()) {
      const tells = answer.includes(content) || answer.includes('root:x:0');
      const code = answer.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length);
      if (tells || !mayBe.includes(code)) bad.push(`${method} ${some[index]}: ${code}`);
    }
  }
  return bad;
};

const isOfKind = ({ url }: Route): boolean => /^\/apis?\//.test(url);
const isChosen = ({ url }: Route): boolean => /[:*]/.test(url);
const notFound = ['400', '404'];

describe('a path that leads out of where it belongs', () => {
  it(
    'finds nothing, and changes nothing, where a part of it may become the name of a file',
    async () => {
      const before = await found();
      expect(before).toHaveLength(names.length * places.length);
      const asked = routes.filter((route) => isChosen(route) && !isOfKind(route) && route.method !== 'HEAD');
      for (const { method, url } of asked) {
        // The page of the console is the answer to all that is below it.
        const mayBe = url === '/console/*' ? ['200', ...notFound] : notFound;
        expect(await ask(method, targetsOf(url, leading), mayBe)).toEqual([]);
      }
      const urls = asked.map(({ method, url }) => `${method} ${url}`);
      for (const one of ['recordings/:name', 'backups/:id', 'content/*', 'console/*', 'console/assets/*'])
        expect(urls).toContain(`GET /${one}`);
      expect(await found()).toEqual(before);
    },
    patientMs,
  );

  // Objects are rows: the names without an ending do.
  it(
    'finds nothing among objects',
    async () => {
      const asked = routes.filter((route) => isChosen(route) && isOfKind(route) && route.method === 'GET');
      expect(asked.length).toBeGreaterThan(60);
      // What is in a namespace that is not there is an empty list.
      for (const { method, url } of asked)
        expect(await ask(method, targetsOf(url, few), ['200', ...notFound])).toEqual([]);
    },
    patientMs,
  );

  it(
    'finds nothing beside what has a fixed path',
    async () => {
      const fixed = routes.filter((route) => !isChosen(route)).map(({ url }) => url.replace(/[^/]*$/, ''));
      for (const base of new Set(fixed)) {
        // As above.
        const mayBe = base === '/console/' ? ['200', ...notFound] : notFound;
        const targets = leading.map((lead) => `${base}${lead}`);
        expect(await ask('GET', targets, mayBe)).toEqual([]);
      }
    },
    patientMs,
  );
});
