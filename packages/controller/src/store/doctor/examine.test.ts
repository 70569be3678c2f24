import type { Check } from '@drover/api';
import { expect, test } from 'vitest';
import { judge } from './examine.ts';
import type { MachineFacts } from './facts.ts';

const gibibyte = 1024 ** 3;
const day = 86_400_000;

/** Of a controller that runs, on a machine with which nothing is wrong. */
const healthy: MachineFacts = {
  nowMs: Date.parse('2026-01-10T00:00:00Z'),
  dataDir: '/data',
  user: 0,
  directory: { kind: 'directory', owner: 0, mode: 0o700, refused: undefined },
  exposed: [],
  disk: { freeBytes: 50 * gibibyte, totalBytes: 100 * gibibyte, reserveBytes: 64 },
  holder: { pid: 7, program: 'node' },
  database: { kind: 'read', schema: 6, known: 6, problems: [] },
  keyring: { kind: 'open' },
  ports: [{ option: 'port', port: 7443, holder: { pid: 7, program: 'node' } }],
  certificates: [{ of: 'server', notAfterMs: Date.parse('2026-12-01T00:00:00Z') }],
  ahead: [],
  errors: [],
};
const { directory, database, nowMs } = healthy;

test('of a healthy installation every check is ok', () => {
  expect(judge(healthy).filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
});

test('of a directory that is not there nothing more is said than that, and of the ports', () => {
  const names = judge({ ...healthy, directory: { kind: 'missing' } }).map(({ name }) => name);
  expect(names).toEqual(['directory', 'ports']);
});

test.each<[string, Check['verdict'], Partial<MachineFacts>, string]>([
  ['directory', 'fail', { directory: { kind: 'missing' } }, 'is not there'],
  ['directory', 'fail', { directory: { kind: 'other' } }, 'not a directory'],
  ['directory', 'fail', { directory: { ...directory, refused: 'EACCES' } as never }, 'may not use'],
  ['directory', 'fail', { directory: { ...directory, refused: 'EROFS' } as never }, 'read-only'],
  ['modes', 'fail', { exposed: ['/data/drover.db'] }, '/data/drover.db'],
  [
    'disk',
    'fail',
    { disk: { freeBytes: 5, totalBytes: gibibyte, reserveBytes: 64 } },
    'it is full: 0 of 1024 MiB',
  ],
  [
    'disk',
    'warn',
    { disk: { freeBytes: gibibyte, totalBytes: 100 * gibibyte, reserveBytes: 64 } },
    '1024 of',
  ],
  ['process', 'warn', { holder: undefined }, 'no controller works on'],
  ['database', 'fail', { database: { kind: 'missing' } }, 'no drover.db'],
  ['database', 'fail', { database: { kind: 'unreadable', why: 'disk I/O error' } }, 'disk I/O error'],
  ['database', 'fail', { database: { kind: 'foreign' } }, 'not a database of Drover'],
  ['database', 'fail', { database: { ...database, schema: 9 } as never }, 'schema 9'],
  ['database', 'fail', { database: { ...database, problems: ['page 3'] } as never }, 'page 3'],
  ['audit', 'fail', { ahead: [{ message: 'rows 6 to 7 are', remedy: 'x' }] }, 'rows 6 to 7'],
  ['secrets', 'fail', { keyring: { kind: 'missing' } }, 'keys/secrets.json is missing'],
  ['secrets', 'fail', { keyring: { kind: 'closed', why: 'no key' } }, 'no key'],
  [
    'ports',
    'fail',
    { ports: [{ option: 'port', port: 1, holder: { pid: 8, program: 'x' } }] },
    'process 8 (x)',
  ],
  [
    'ports',
    'fail',
    { ports: [{ option: 'agent-port', port: 1, holder: { pid: undefined, program: '' } }] },
    "another user's process",
  ],
  ['certificates', 'fail', { certificates: [{ of: 'authority', notAfterMs: nowMs - day }] }, 'on 2026-01-09'],
  ['log', 'warn', { errors: [{ time: 't', message: 'cannot start' }] }, 't cannot start'],
])('%s: %s', (name, verdict, facts, words) => {
  const check = judge({ ...healthy, ...facts }).find((one) => one.name === name);
  expect([check?.verdict, check?.message]).toEqual([verdict, expect.stringContaining(words)]);
  expect(check?.remedy).toMatch(/\w/);
});
