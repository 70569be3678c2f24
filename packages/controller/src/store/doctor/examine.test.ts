import type { Check } from '@drover/api';
import { expect, test } from 'vitest';
import { judge } from './examine.ts';
import type { MachineFacts } from './facts.ts';
import type { Primary } from './server-facts.ts';

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

const primary: Primary = {
  ...{ address: 'db1:5432', kind: 'primary', version: 150_004, schemaName: 'public', keyring: '{}' },
  ...{ form: { version: 1, oldest: 1 }, isFilling: false, holders: [], serverNotAfterMs: undefined },
};
/** Of a controller on a PostgreSQL database. */
const shared: MachineFacts = { ...healthy, database: { kind: 'elsewhere' }, servers: [primary] };
const away = (code: string, why: string): Partial<MachineFacts> => ({
  servers: [{ address: 'db1:5432', kind: 'unreachable', code, why }],
});
const holder = { address: '10.0.0.7', pid: 77, seconds: 12 };

test('of a healthy installation on PostgreSQL every check is ok, also of a schema that the next start upgrades', () => {
  expect(judge(shared).filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
  expect(judge(shared).find(({ name }) => name === 'schema')?.message).toContain(
    'the next start brings it to',
  );
});

test('of a database that nobody can ask nothing more is said than that', () => {
  const names = judge({ ...shared, ...away('ECONNREFUSED', 'refused') }).map(({ name }) => name);
  expect(names.filter((name) => ['schema', 'controllers', 'secrets'].includes(name))).toEqual([]);
});

test.each<[string, Check['verdict'], Partial<MachineFacts>, string, string]>([
  ['database', 'warn', { servers: undefined }, 'in a PostgreSQL database', '--store postgres://'],
  ['database', 'fail', away('ECONNREFUSED', 'refused'), 'nobody listens there', 'start PostgreSQL'],
  ['database', 'fail', away('', 'timeout expired'), 'does not answer', 'firewall'],
  ['database', 'fail', away('ENOTFOUND', 'getaddrinfo'), 'its name is not known', 'DNS'],
  ['database', 'fail', away('28P01', 'password authentication failed'), 'refuses the user', 'PGPASSWORD'],
  ['database', 'fail', away('3D000', 'database "x" does not exist'), 'no such database', 'CREATE DATABASE'],
  ['database', 'fail', away('57P03', 'the database system is starting up'), 'not ready', 'wait'],
  ['database', 'fail', away('53300', 'too many clients'), 'no connection left', 'max_connections'],
  ['database', 'fail', away('CERT_HAS_EXPIRED', 'certificate has expired'), 'not safe', 'sslrootcert'],
  ['database', 'fail', away('', 'The server does not support SSL connections'), 'not safe', 'sslrootcert'],
  ['database', 'fail', { servers: [{ ...primary, version: 140_011 }] }, 'PostgreSQL 14', 'PostgreSQL 15'],
  [
    'database',
    'fail',
    { servers: [{ address: 'db2:5432', kind: 'standby' }] },
    'is a standby',
    'pg_ctl promote',
  ],
  [
    'database',
    'warn',
    { servers: [primary, { address: 'db2:5432', kind: 'unreachable', code: 'ECONNREFUSED', why: '' }] },
    'db1:5432 takes writes; db2:5432: nobody listens there',
    'start PostgreSQL',
  ],
  ['schema', 'fail', { servers: [{ ...primary, schemaName: undefined }] }, 'not there', 'CREATE SCHEMA'],
  ['schema', 'fail', { servers: [{ ...primary, isFilling: true }] }, 'not come to its end', 'same command'],
  ['schema', 'warn', { servers: [{ ...primary, form: undefined }] }, 'no data of a controller', '--store'],
  [
    'schema',
    'fail',
    { servers: [{ ...primary, form: { version: 999, oldest: 999 } }] },
    'newer version of Drover (schema 999',
    'start that version',
  ],
  [
    'controllers',
    'warn',
    { servers: [{ ...primary, holders: [{ ...holder, has: 'alone' }] }] },
    '10.0.0.7',
    'ended',
  ],
  [
    'controllers',
    'warn',
    { servers: [{ ...primary, holders: [{ ...holder, has: 'turn' }] }] },
    'has had the turn to write for 12 s',
    'pg_terminate_backend(77)',
  ],
  [
    'secrets',
    'fail',
    { keyring: { kind: 'missing' } },
    'the keyring of the database is missing',
    'drover restore',
  ],
])('on PostgreSQL, %s: %s', (name, verdict, facts, words, remedy) => {
  const check = judge({ ...shared, ...facts } as MachineFacts).find((one) => one.name === name);
  expect([check?.verdict, check?.message, check?.remedy]).toEqual([
    verdict,
    expect.stringContaining(words),
    expect.stringContaining(remedy),
  ]);
});
