// Several controllers on one database: what one of them writes the others hear of.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  freshSchema,
  missingForPostgres,
  type PostgresServer,
} from '../../../../../test/harness/postgres.ts';
import { waitFor } from '../../../../../test/harness/wait.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { record } from '../contract/harness.ts';
import { openStore } from '../index.ts';
import type { CommittedRow, ObjectWrite, Store, TaskSpec } from '../store.ts';
import { testThreads } from '../test-threads.ts';

const missing = missingForPostgres();
const isSkipped = missing !== undefined && process.env['CI'] !== 'true';

let dataDir = '';
let place: Awaited<ReturnType<typeof freshSchema>>;
let first: Store;
let second: Store;

const open = (controller: string): Promise<Store> =>
  openStore({
    dataDir,
    url: place.url,
    controller,
    clock: systemClock,
    log: silentLog,
    threads: testThreads,
  });

const toWrite = (name: string, type: ObjectWrite['type'] = 'created', expect?: number): ObjectWrite => ({
  ...{ resource: 'things', namespace: '', name, type },
  value: { apiVersion: 'v1', kind: 'Thing', metadata: { name, uid: name } },
  ...(expect === undefined ? {} : { expect }),
});

const hear = (store: Store): (() => readonly CommittedRow[]) => {
  const told = record<readonly CommittedRow[]>((listener) => store.objects.onCommit(listener));
  return () => told.flat();
};

const spec: TaskSpec = {
  ...({ kind: 'command', argv: ['true'], script: '', user: '', cwd: '', env: {}, input: '' } as const),
  maxOutputBytes: 100,
};
const task = (id: string) => ({
  ...{ id, node: 'n1', index: 0, state: 'queued', timeoutMs: 1, createdAtMs: 1, expiresAtMs: 9 },
  state: 'queued' as const,
});

const notices = () => place.server.query(`SELECT kind, name FROM ${place.schema}.notice ORDER BY seq`);

const kill = (server: PostgresServer) =>
  server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'drover'");

describe.skipIf(isSkipped)('several controllers', () => {
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'drover-others-'));
    place = await freshSchema();
    [first, second] = [await open('one'), await open('two')];
  }, 60_000);
  afterEach(async () => {
    await Promise.all([first.close(), second.close()]);
    await rm(dataDir, { recursive: true, force: true });
    await place.drop();
  });

  test('hear of every object in the same order, whoever wrote it', async () => {
    const [one, other] = [hear(first), hear(second)];

    await Promise.all(
      Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? second : first).objects.write([toWrite(`t${i}`)])),
    );
    await waitFor('both to hear of all', () => one().length === 200 && other().length === 200);

    const revisions = one().map((row) => row.revision);
    expect(revisions).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(other().map((row) => [row.revision, row.name, row.value.metadata.uid])).toEqual(
      one().map((row) => [row.revision, row.name, row.value.metadata.uid]),
    );
  });

  test('cannot both change the same revision', async () => {
    const [made] = await first.objects.write([toWrite('t')]);
    const change = (store: Store) => store.objects.write([toWrite('t', 'updated', made?.revision)]);

    const outcomes = await Promise.allSettled([change(first), change(second), change(first), change(second)]);

    const refused = outcomes.filter((one) => one.status === 'rejected');
    expect(refused.map((one) => one.reason.reason)).toEqual(['Conflict', 'Conflict', 'Conflict']);
  });

  test('take over each other’s tasks with the output that is there', async () => {
    const changes = record(second.tasks.onChange);
    const chunks = record(second.tasks.onOutput);
    const bytes = (text: string) => new TextEncoder().encode(text);
    const report = (store: Store, offset: number, text: string) =>
      store.tasks.report({
        output: [{ taskId: 'a', stream: 1, offset, timeMs: 1, data: bytes(text) }],
        ...{ started: [], progress: [], results: [] },
      });
    await first.tasks.insert('w', spec, [task('a')]);
    await waitFor('the other to hear of the task', () => changes.flat().some(({ id }) => id === 'a'));
    expect(await second.tasks.markSent(['a'], 'j', 2)).toEqual(['a']);
    expect(await first.tasks.markSent(['a'], 'j', 2)).toEqual([]);

    await report(first, 0, 'one ');
    await report(second, 4, 'two ');
    await report(first, 8, 'three');
    await report(second, 4, 'two three'); // said again: it is there

    const stored = await first.tasks.output({ taskId: 'a', stream: 1, fromOffset: 0, limitBytes: 1000 });
    expect(Buffer.concat(stored.map(({ data }) => data)).toString()).toBe('one two three');
    await waitFor('the other to hear of all output', () => chunks.flat().length >= 2);
  });

  test('hear who is connected, who signed out and which certificate was revoked', async () => {
    const agents = record<readonly [string, boolean | undefined]>((listener) =>
      second.agents.onChange((node, row) => listener([node, row?.connected])),
    );
    const removed = record(second.credentials.onRemove);
    const revoked = record(second.credentials.onRevoke);
    const times = { notBeforeMs: 1, notAfterMs: 9, revokedAtMs: 0 };
    const certificate = { serial: '0a', subject: 'node:n1', fingerprint: 'f', publicKeySha256: 'k' };
    await first.credentials.addCertificate({ ...certificate, ...times });
    const secret = { id: 'c', kind: 'token', sha256: 'h', user: 'u', description: '' } as const;
    await first.credentials.add({ ...secret, createdAtMs: 1, expiresAtMs: 9 });
    const row = { node: 'n1', serial: '0a', machineId: 'm', bootId: 'b', journalId: 'j', agentVersion: '1' };
    await first.agents.connected({ ...row, agentSha256: '', pythonVersion: '', facts: { a: 1 } }, 5);
    await waitFor('the other to hear of the agent', () => agents.length > 0);
    expect(await second.credentials.bySha256('h')).toMatchObject({ id: 'c' });

    await first.credentials.remove('c');
    await first.credentials.revokeCertificates('node:n1', 7);
    await first.agents.disconnected('n1', 6);
    await first.agents.remove('n1');

    await waitFor('the other to hear of all', () => removed.length > 0 && agents.at(-1)?.[1] === undefined);
    expect([removed.flat(), revoked.flat()]).toEqual([['c'], ['0a']]);
    expect(await second.credentials.bySha256('h')).toBeUndefined();
  });

  test('hear of a departure of thousands of agents by one notice, and are told of each', async () => {
    const count = 11_000;
    await place.server.query(
      `INSERT INTO ${place.schema}.agent (node, serial, machine_id, boot_id, journal_id, agent_version, agent_sha256,
         python_version, connected, since_ms, facts, controller)
       SELECT 'n' || i, '', '', '', '', '', '', '', 1, 1, '{}', 'three' FROM generate_series(1, ${count}) AS i`,
    );
    const told = new Set<string>();
    second.agents.onChange((node, row) => {
      if (row?.connected === false && row.sinceMs === 7) told.add(node);
    });

    await first.agents.disconnectAll(7, 'three');

    await waitFor('the other to hear of all', () => told.size === count, 15_000);
    expect(await notices()).toEqual([{ kind: 'departure', name: '7 three' }]);
    await second.objects.write([toWrite('after')]);
  });

  test('are told nothing of an agent in which nothing changed', async () => {
    const row = { node: 'n1', serial: '0a', machineId: 'm', bootId: 'b', journalId: 'j', agentVersion: '1' };
    await first.agents.connected({ ...row, agentSha256: '', pythonVersion: '', facts: { a: 1 } }, 1);

    await first.agents.setFacts('n1', { a: 1 });
    await second.agents.disconnected('n1', 2); // it is not there
    await second.agents.disconnectAll(3);
    await first.agents.claim('n2');
    await first.agents.remove('n2');

    expect(await notices()).toEqual([{ kind: 'agent', name: 'n1' }]);
    await first.agents.setFacts('n1', { a: 2 });
    await first.agents.disconnected('n1', 4);
    expect((await notices()).length).toBe(3);
  });

  test('have agents of their own: what an old session still says is passed over, and so is what it would send', async () => {
    const row = { node: 'n1', serial: '0a', machineId: 'm', bootId: 'b', journalId: 'j', agentVersion: '1' };
    const agent = { ...row, agentSha256: '', pythonVersion: '', facts: {} };
    await first.agents.connected(agent, 1);
    await first.tasks.insert('w', spec, [task('a'), { ...task('b'), index: 1 }]);
    expect(await first.tasks.markSent(['a'], 'j', 2)).toEqual(['a']);

    await second.agents.claim('n1');
    expect(await first.tasks.markSent(['b'], 'j', 3)).toEqual([]);
    await first.tasks.requeue(['a'], 3);
    expect((await second.tasks.get('a'))?.state).toBe('sent');
    await second.agents.connected(agent, 4);
    await first.agents.disconnected('n1', 5);
    await first.agents.disconnectAll(6);

    expect(await first.agents.get('n1')).toMatchObject({ connected: true, controller: 'two' });
    expect(await second.tasks.markSent(['b'], 'j', 7)).toEqual(['b']);
    expect(await first.agents.controllers()).toEqual(['two']);
    await first.agents.disconnectAll(8, 'two');
    expect(await second.agents.get('n1')).toMatchObject({ connected: false, sinceMs: 8 });
  });

  test('make no object more than was provided for, however many write at once', async () => {
    const [home] = await first.objects.write([{ ...toWrite('space'), resource: 'namespaces' }]);
    const provided = { home: home?.revision ?? 0, fewerThan: 5 };
    const make = (store: Store, name: string) =>
      store.objects.write([{ ...toWrite(name), namespace: 'space', expect: 0, provided }]);

    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => make(i % 2 === 0 ? first : second, `t${i}`)),
    );
    const made = outcomes.filter((one) => one.status === 'fulfilled');
    expect(made.length).toBe(5);
    await second.objects.write([{ ...toWrite('space', 'updated', home?.revision), resource: 'namespaces' }]);
    await expect(make(first, 'late')).rejects.toMatchObject({ reason: 'Conflict' });
  });

  test('finish what was begun at another, once', async () => {
    const row = { id: 'k', room: 'r', value: 'v', untilMs: 10, nowMs: 1, most: 3 };
    await first.pending.put(row);
    expect([await second.pending.find('k', 9), await second.pending.find('k', 10)]).toEqual(['v', undefined]);
    const taken = await Promise.all([first.pending.take('k'), second.pending.take('k')]);
    expect(taken.sort()).toEqual([false, true]);
  });

  test('write one audit trail: each follows what the others add, and each can prove it', async () => {
    const heads = record<number>((listener) =>
      second.audit.onAppend(() => listener(second.audit.head().seq)),
    );
    const entry = {
      time: '2026-01-01T00:00:00.000Z',
      user: 'u',
      verb: 'create',
      resource: 'things',
    } as const;
    const add = (store: Store) => store.audit.append({ ...entry, decision: 'allow' });
    await Promise.all(Array.from({ length: 30 }, (_, i) => add(i % 3 === 0 ? second : first)));

    await waitFor('the other to hear of all', () => heads.at(-1) === 30);
    for (const store of [first, second])
      expect(await store.audit.verify()).toMatchObject({ rows: 30, problem: undefined });
  });

  test('whose connections are cut hear of all that was written meanwhile, and write again', async () => {
    const heard = hear(second);
    let acknowledged = 0;
    let isOver = false;
    const write = async (): Promise<void> => {
      for (let i = 0; !isOver; i++)
        await first.objects.write([toWrite(`t${i}`)]).then(
          () => (acknowledged += 1),
          () => undefined,
        );
    };
    const writing = write();
    for (let cuts = 1; cuts <= 3; cuts++) {
      const before = acknowledged;
      await kill(place.server);
      await waitFor('writes to go on', () => acknowledged > before + 5);
    }
    isOver = true;
    await writing;

    const { rows } = await first.objects.snapshot();
    expect(rows.length).toBeGreaterThanOrEqual(acknowledged);
    await waitFor('the other to hear of all', () => heard().length === rows.length);
    const revisions = heard().map((row) => row.revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    await second.objects.write([toWrite('after')]);
  });

  test('that hold the right to write and do not go on lose it', async () => {
    const frozen = await place.server.open();
    await frozen.query('BEGIN');
    await frozen.query(`SET search_path = ${place.schema}`);
    await frozen.query('SET idle_in_transaction_session_timeout = 3000');
    await frozen.query('SELECT pg_advisory_xact_lock(1146244950, hashtext(current_schema()))');

    const began = performance.now();
    await first.objects.write([toWrite('t')]);

    expect(performance.now() - began).toBeLessThan(4_500);
    await frozen.end().catch(() => undefined);
  });
});
