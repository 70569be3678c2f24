import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, rmdir, stat, truncate } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditRecord } from '@drover/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../../../../test/harness/wait.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openStore } from '../../store/index.ts';
import type { Store } from '../../store/store.ts';
import { testThreads } from '../../store/test-threads.ts';
import { parseSyslogTarget } from './syslog.ts';
import { type AuditOptions, type AuditTrail, openAuditTrail, ownEntry, trimTrail } from './trail.ts';

let dataDir = '';
let store: Store;
let trail: AuditTrail | undefined;

const options: AuditOptions = {
  isRequired: false,
  fileBytes: 64 * 1024 * 1024,
  files: 3,
  syslog: undefined,
};
const path = () => join(dataDir, 'audit.log');
const openTrail = async (changes: Partial<AuditOptions> = {}): Promise<AuditTrail> => {
  const deps = { audit: store.audit, clock: systemClock, log: silentLog, dataDir };
  trail = await openAuditTrail(deps, { ...options, ...changes });
  return trail;
};
const append = (count = 1): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, () => store.audit.append(ownEntry(systemClock.nowMs(), 'test'))));
const rowsOf = async (file: string): Promise<readonly AuditRecord[]> =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditRecord);
const seqsOf = async (file = path()): Promise<readonly number[]> =>
  (await rowsOf(file)).map(({ seq }) => seq);
const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, i) => from + i);

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-trail-'));
  store = await openStore({ dataDir, clock: systemClock, log: silentLog, threads: testThreads });
});
afterEach(async () => {
  await trail?.close();
  trail = undefined;
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
});

describe('the file', () => {
  test('has every row in order, readable by its owner only, also those made while nobody copied', async () => {
    await append(700);
    const first = await openTrail();
    await append(100);
    await first.close();
    await append(5);
    await (await openTrail()).flush();

    expect(await seqsOf()).toEqual(upTo(805));
    expect((await stat(path())).mode & 0o777).toBe(0o600);
    const stored = await store.audit.list({ filter: {}, from: { after: 0 }, limit: 1_000 });
    expect(await rowsOf(path())).toEqual(stored.records);
  });

  test('a line that a crash has cut is written whole again', async () => {
    await append(3);
    await (await openTrail()).close();
    const { size } = await stat(path());
    await truncate(path(), size - 10);
    await appendFile(path(), '');
    await (await openTrail()).flush();

    expect(await seqsOf()).toEqual([1, 2, 3]);
  });

  test('becomes audit.log.1 when it is full, and the oldest goes', async () => {
    const opened = await openTrail({ fileBytes: 2_000, files: 2 });
    for (let i = 0; i < 40; i++) await append();
    await opened.flush();

    const [newest, before, oldest] = await Promise.all([path(), `${path()}.1`, `${path()}.2`].map(seqsOf));
    expect(existsSync(`${path()}.3`)).toBe(false);
    expect([...(oldest ?? []), ...(before ?? []), ...(newest ?? [])]).toEqual(
      upTo(40 - (oldest?.[0] ?? 0) + 1, oldest?.[0]),
    );
  });

  test('that cannot be written refuses changes only when it is required, and goes on when it can be again', async () => {
    await mkdir(path());
    expect((await openTrail()).refusal()).toBeUndefined();
    await trail?.close();
    const opened = await openTrail({ isRequired: true });
    await append(2);
    await opened.flush();
    expect(opened.refusal()).toMatch(/audit log is required and cannot be written .*audit\.log/);

    await rmdir(path());
    await waitFor('the file to be written', () => opened.refusal() === undefined);
    expect(await seqsOf()).toEqual([1, 2]);
  });
});

test('rows beyond the number or the age that is wanted go, and the chain holds', async () => {
  await append(10);
  const deps = { audit: store.audit, clock: systemClock };
  expect(await trimTrail(deps, { keepDays: 0, keepRows: 0 })).toBe(0);
  expect(await trimTrail(deps, { keepDays: 1, keepRows: 4 })).toBe(6);
  const later = { nowMs: () => systemClock.nowMs() + 2 * 86_400_000 };
  // The row that told of the first removal has grown old too.
  expect(await trimTrail({ ...deps, clock: later }, { keepDays: 1, keepRows: 0 })).toBe(5);
  expect((await store.audit.verify()).problem).toBeUndefined();
});

describe('syslog', () => {
  const message = /^<109>1 \d{4}-[\d-]+T[\d:.]+Z \S+ drover \d+ audit - (\{.*\})$/s;

  test('over UDP each row is one RFC 5424 message', async () => {
    const receiver = createSocket('udp4');
    const got: string[] = [];
    receiver.on('message', (data) => got.push(data.toString()));
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    await openTrail({ syslog: parseSyslogTarget(`udp://127.0.0.1:${receiver.address().port}`) });
    await append(3);

    await waitFor('three messages', () => got.length === 3);
    const rows = got.map((text) => JSON.parse(message.exec(text)?.[1] ?? '{}') as AuditRecord);
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    receiver.close();
  });

  test('over TCP rows are counted octets, and those made while the server was away come later', async () => {
    let text = '';
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('data', (data) => {
        text += data.toString('latin1');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const closed = once(server, 'close');
    server.close();
    await closed;
    await openTrail({ syslog: parseSyslogTarget(`tcp://127.0.0.1:${port}`) });
    await append(3);
    server.listen(port, '127.0.0.1');

    await waitFor('three messages', () => text.split('<109>').length === 4);
    const seqs: number[] = [];
    for (let rest = text; rest !== ''; ) {
      const [, digits = '0'] = /^(\d+) /.exec(rest) ?? [];
      const one = rest.slice(digits.length + 1, digits.length + 1 + Number(digits));
      seqs.push((JSON.parse(message.exec(one)?.[1] ?? '{}') as AuditRecord).seq);
      rest = rest.slice(digits.length + 1 + Number(digits));
    }
    expect(seqs).toEqual([1, 2, 3]);
    await trail?.close();
    trail = undefined;
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test('an address that is none is refused', () => {
    for (const text of ['', 'udp:x', 'http://x:1', 'udp://x:70000', 'tcp://a b'])
      expect(parseSyslogTarget(text)).toBeUndefined();
    expect(parseSyslogTarget('udp://[::1]')).toEqual({ protocol: 'udp', host: '::1', port: 514 });
    expect(parseSyslogTarget('tcp://logs.example.org')).toMatchObject({ protocol: 'tcp', port: 601 });
  });
});
