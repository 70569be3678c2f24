// The law of the rooms: imports go down (docs/architecture.md). Each line of the table says why it may.
import { expect, test } from 'vitest';
import { isTest, type Source, sourcesOf } from './sources.ts';

interface Room {
  /** Rooms it may import, itself aside. */
  readonly may: readonly string[];
  readonly why: string;
}

const table: Readonly<Record<string, Room>> = {
  api: { may: [], why: 'schemas and pure functions that browser, programs and controller share' },
  client: { may: ['api'], why: 'speaks HTTP and knows the kinds' },
  ssh: {
    may: [],
    why: 'reaches servers by SSH for the command line and the controller; knows nobody of ours',
  },
  cli: {
    may: ['api', 'client', 'ssh', 'lab'],
    why: 'a client of the API like any other; `drover lab` is the front of the lab',
  },
  console: { may: ['api', 'client'], why: 'a client of the API like any other' },
  'controller/platform': { may: ['api'], why: 'errors only' },
  'controller/store': { may: ['api', 'controller/platform'], why: 'keeps rows, knows nobody above' },
  'controller/resources': {
    may: ['api', 'controller/platform', 'controller/store'],
    why: 'generic operations on stored objects',
  },
  'controller/auth': {
    may: ['api', 'controller/platform', 'controller/store', 'controller/resources'],
    why: 'credentials are rows, enrolment tokens are objects',
  },
  'controller/gateway': {
    may: ['api', 'controller/platform', 'controller/store', 'controller/auth'],
    why: 'agents are let in by certificate; what they report are rows',
  },
  'controller/engine': {
    may: ['api', 'controller/platform', 'controller/store'],
    why: 'tasks are rows; who carries them is not its matter',
  },
  'controller/controllers': {
    may: ['api', 'ssh', 'controller/platform', 'controller/engine', 'controller/resources'],
    why: 'they read wishes and write status; effects go through the engine or what main hands them',
  },
  'controller/server': {
    may: ['api', 'controller/platform', 'controller/store', 'controller/resources', 'controller/auth'],
    why: 'routes to resources; store for the rows of bulk facts only',
  },
  'controller/main': {
    may: [
      'api',
      'controller/platform',
      'controller/store',
      'controller/resources',
      'controller/auth',
      'controller/gateway',
      'controller/engine',
      'controller/controllers',
      'controller/server',
    ],
    why: 'the composition root: the only place that knows every room',
  },
};

/** 'packages/controller/src/auth/x.ts' → 'controller/auth'; files directly under src are 'controller/main'; 'lab/x.ts' → 'lab'. */
const roomOf = (path: string): string => {
  const [top = '', name = '', , ...rest] = path.split('/');
  if (top !== 'packages') return top;
  if (name !== 'controller') return name;
  return rest.length > 1 ? `controller/${rest[0]}` : 'controller/main';
};

const specifiers = (source: Source): readonly string[] => {
  const patterns = [
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"`]([^'"`]+)['"`]/g,
    /\bnew URL\(\s*['"](\.[^'"]+\.ts)['"]/g,
  ];
  return patterns.flatMap((pattern) => [...source.text.matchAll(pattern)].map((match) => match[1] ?? ''));
};

const resolve = (path: string, specifier: string): string => {
  const parts = path.split('/').slice(0, -1);
  for (const step of specifier.split('/')) {
    if (step === '..') parts.pop();
    else if (step !== '.') parts.push(step);
  }
  return parts.join('/');
};

/** The room that a specifier leads to; undefined for the language's and others' packages. */
const target = (path: string, specifier: string): string | undefined => {
  if (specifier.startsWith('@drover/')) return specifier.split('/')[1];
  return specifier.startsWith('.') ? roomOf(resolve(path, specifier)) : undefined;
};

const all = sourcesOf(['.ts', '.tsx'], { generated: true }).filter(({ path }) =>
  path.startsWith('packages/'),
);
const production = all.filter(({ path }) => /^packages\/[^/]+\/(src|bin)\//.test(path) && !isTest(path));
const edges = production.flatMap((source) =>
  specifiers(source).map((specifier) => ({ source, specifier, from: roomOf(source.path) })),
);

test('the files and their imports are really seen', () => {
  expect(production.length).toBeGreaterThan(100);
  expect(edges.length).toBeGreaterThan(300);
  expect(edges.filter(({ specifier }) => specifier === '@drover/api').length).toBeGreaterThan(20);
});

test('every file of a package is in a room of the table', () => {
  const lost = production.filter(({ path }) => table[roomOf(path)] === undefined).map(({ path }) => path);
  expect(lost, 'a new room needs a line in the table (and an ADR)').toEqual([]);
});

test('imports go down the rooms', () => {
  const wrong = edges.flatMap(({ source, specifier, from }) => {
    const to = target(source.path, specifier);
    const isFine = to === undefined || to === from || table[from]?.may.includes(to) === true;
    return isFine
      ? []
      : [`${source.path} imports ${specifier}: ${from} may not import ${to} (${table[from]?.why})`];
  });
  expect(wrong).toEqual([]);
});

test('the table itself has no way back up', () => {
  const reach = (room: string, seen: ReadonlySet<string>): boolean =>
    (table[room]?.may ?? []).some((next) => seen.has(next) || reach(next, new Set([...seen, next])));
  expect(Object.keys(table).filter((room) => reach(room, new Set([room])))).toEqual([]);
});

const packageOf = (path: string): string => path.split('/').slice(0, 2).join('/');

test('packages reach each other by name, not by path', () => {
  const wrong = edges.filter(({ source, specifier }) => {
    const to = specifier.startsWith('.') ? resolve(source.path, specifier) : '';
    return to.startsWith('packages/') && packageOf(to) !== packageOf(source.path);
  });
  expect(wrong.map(({ source, specifier }) => `${source.path}: ${specifier}`)).toEqual([]);
});

test('what is shipped imports nothing that serves tests only', () => {
  const wrong = edges.filter(
    ({ source, specifier }) => specifier.startsWith('.') && isTest(resolve(source.path, specifier)),
  );
  expect(wrong.map(({ source, specifier }) => `${source.path}: ${specifier}`)).toEqual([]);
});

test('api is pure: it imports nothing of Node', () => {
  const wrong = edges.filter(({ from, specifier }) => from === 'api' && specifier.startsWith('node:'));
  expect(wrong.map(({ source, specifier }) => `${source.path}: ${specifier}`)).toEqual([]);
});

test('only the store opens databases', () => {
  const wrong = edges.filter(
    ({ from, specifier }) =>
      from !== 'controller/store' && /^(node:sqlite|pg|better-sqlite3)$/.test(specifier),
  );
  expect(wrong.map(({ source, specifier }) => `${source.path}: ${specifier}`)).toEqual([]);
});
