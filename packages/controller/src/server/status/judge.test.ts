import { type Check, defaultRetention, type ServerFacts } from '@drover/api';
import { expect, test } from 'vitest';
import { judge } from './judge.ts';

const gibibyte = 1024 ** 3;
const level = { queued: 0, executing: 0, longRunning: 0 };

/** Of a controller with which nothing is wrong. */
const healthy: ServerFacts = {
  version: '1.0.0',
  controllers: [{ controller: 'a', address: 'https://a:7443', version: '1.0.0', leads: true }],
  measuredAt: '2026-01-10T00:00:00Z',
  startedAt: '2026-01-09T00:00:00Z',
  uptimeSeconds: 86_400,
  store: { kind: 'SQLite, embedded', databaseBytes: 1, kept: [], bounds: defaultRetention },
  nodes: { known: 10, connected: 10, clockSkew: [] },
  requests: { people: level },
  activeWork: 0,
  eventLoop: { p99DelayMs: 10, maxDelayMs: 20 },
  memory: { residentBytes: 1, machineBytes: 8 * gibibyte, machineFreeBytes: 4 * gibibyte },
  disk: {
    directory: '/data',
    state: 'ok',
    totalBytes: 100 * gibibyte,
    freeBytes: 50 * gibibyte,
    inodes: 1_000,
    freeInodes: 900,
    reserveBytes: 64 * 1024 ** 2,
  },
  backups: {
    byClock: true,
    lastAt: '2026-01-09T02:30:00Z',
    ageSeconds: 77_400,
    nextAt: '2026-01-10T02:30:00Z',
  },
  certificates: [
    { of: 'authority', notAfter: '2035-01-01T00:00:00Z' },
    { of: 'server', notAfter: '2026-12-01T00:00:00Z' },
  ],
  encryption: { key: 'a key file', dataKeys: 1, rotating: false },
  audit: { rows: 7, head: 'abcdef' },
};

const found = (facts: Partial<ServerFacts>, name: string): Check => {
  const check = judge({ ...healthy, ...facts }).find((one) => one.name === name);
  if (check === undefined) throw new Error(`no check ${name}`);
  return check;
};

test('of a healthy controller every check is ok, and none has a remedy', () => {
  const wrong = judge(healthy).filter(({ verdict, remedy }) => verdict !== 'ok' || remedy !== undefined);
  expect(wrong).toEqual([]);
});

const { disk, nodes, backups, memory, encryption, audit, store } = healthy;
const bounds = { ...defaultRetention, audit: { keepDays: 30, keepRows: 10_000 } };

test.each<[string, Check['verdict'], Partial<ServerFacts>, string]>([
  ['disk', 'fail', { disk: { ...disk, state: 'full' } }, 'only deletions'],
  ['disk', 'fail', { disk: { ...disk, state: 'read-only', why: 'EROFS' } }, 'only reads'],
  ['disk', 'warn', { disk: { ...disk, freeBytes: gibibyte / 2 } }, '512 MiB of 100 GiB'],
  ['disk', 'warn', { disk: { ...disk, freeInodes: 3 } }, '3 of 1000 inodes'],
  ['reserve', 'warn', { disk: { ...disk, reserveBytes: 0 } }, 'no room'],
  ['last backup', 'warn', { backups: { byClock: false } }, 'no backups'],
  ['last backup', 'warn', { backups: { ...backups, ageSeconds: 20 * 86_400 } }, '20 d ago'],
  ['last backup', 'warn', { backups: { ...backups, nextAt: '2026-01-09T20:00:00Z' } }, 'made'],
  [
    'last backup',
    'fail',
    { backups: { ...backups, lastFailure: { at: '2026-01-09T23:00:00Z', message: 'no room' } } },
    'no room',
  ],
  ['certificates', 'fail', { certificates: [{ of: 'server', notAfter: '2026-01-01T00:00:00Z' }] }, 'expired'],
  ['certificates', 'warn', { certificates: [{ of: 'server', notAfter: '2026-01-20T00:00:00Z' }] }, 'in 10 d'],
  ['encryption', 'warn', { encryption: { ...encryption, dataKeys: 2 } }, '2 data keys'],
  [
    'audit',
    'fail',
    { audit: { ...audit, ahead: [{ message: 'rows 6 to 7 are', remedy: 'x' }] } },
    'rows 6 to 7',
  ],
  ['audit', 'fail', { audit: { ...audit, refusal: 'it cannot be written' } }, 'no change is taken'],
  ['nodes', 'warn', { nodes: { ...nodes, connected: 9 } }, '9 of 10'],
  ['nodes', 'fail', { nodes: { ...nodes, connected: 2 } }, '2 of 10'],
  [
    'clocks',
    'warn',
    { nodes: { ...nodes, clockSkew: [{ node: 'n1', milliseconds: -5_000 }] } },
    '5.0 s behind',
  ],
  [
    'clocks',
    'fail',
    { nodes: { ...nodes, clockSkew: [{ node: 'n1', milliseconds: 90_000 }] } },
    '90.0 s ahead',
  ],
  ['load', 'warn', { eventLoop: { p99DelayMs: 500, maxDelayMs: 600 } }, '500 ms'],
  ['load', 'fail', { eventLoop: { p99DelayMs: 5_000, maxDelayMs: 6_000 } }, '5000 ms'],
  ['memory', 'warn', { memory: { ...memory, machineFreeBytes: 1 } }, '1 B of 8.0 GiB'],
  [
    'versions',
    'warn',
    {
      controllers: ['1.0.0', '1.1.0'].map((version) => ({
        ...{ controller: version, address: `https://${version}`, version, leads: false },
      })),
    },
    '2 versions: 1.0.0 (https://1.0.0), 1.1.0 (https://1.1.0)',
  ],
  ['retention', 'warn', { store: { ...store, bounds, kept: [{ name: 'audit', count: 20_000 }] } }, 'audit'],
])('%s: %s', (name, verdict, facts, words) => {
  const check = found(facts, name);
  expect([check.verdict, check.message]).toEqual([verdict, expect.stringContaining(words)]);
  expect(check.remedy).toMatch(/\w/);
});
