import { describe, expect, test } from 'vitest';
import type { AgentRow } from '../agent-store.ts';
import type { CertificateRow, CredentialRow, FactorRow } from '../store.ts';
import type { Opener } from './harness.ts';

const agent = {
  node: 'web1',
  serial: 'aa',
  machineId: 'm',
  bootId: 'b',
  journalId: 'j',
  agentVersion: '1',
  agentSha256: 's',
  pythonVersion: '3',
  facts: { os: { id: 'debian' } },
};

const certificate: CertificateRow = {
  serial: 'aa',
  subject: 'node:web1',
  fingerprint: 'f',
  publicKeySha256: 'p',
  notBeforeMs: 1,
  notAfterMs: 2,
  revokedAtMs: 0,
};

const credential: CredentialRow = {
  id: 'c1',
  kind: 'link',
  sha256: 'abc',
  user: 'admin',
  description: 'first',
  createdAtMs: 1,
  expiresAtMs: 0,
  userUid: 'u1',
  lastUsedMs: 0,
  details: { method: 'link', namespaces: ['a'] },
};

const factor: FactorRow = {
  id: 'f1',
  userUid: 'u1',
  kind: 'totp',
  key: 'k',
  value: { secret: 'x' },
  createdAtMs: 1,
  mark: 0,
  lastUsedMs: 0,
};

/** Agents, credentials, meta. */
export const peopleContract = (stores: Opener): void => {
  describe('agents', () => {
    test('connection, facts and heartbeat are told, kept and survive a restart', async () => {
      const { agents } = await stores.fresh();
      const told: [string, AgentRow | undefined][] = [];
      agents.onChange((node, row) => told.push([node, row]));
      await agents.connected(agent, 100);
      const beats: unknown[] = [];
      agents.onHeartbeat((node, heartbeat) => beats.push([node, heartbeat]));
      agents.heartbeat('web1', { load1: 2 });
      expect(beats).toEqual([['web1', { load1: 2 }]]);
      await agents.setFacts('web1', { os: { id: 'rhel' } });
      await agents.setFacts('web1', { os: { id: 'rhel' } });

      const expected = { ...agent, connected: true, sinceMs: 100, facts: { os: { id: 'rhel' } } };
      expect(told.map(([, row]) => row?.facts)).toEqual([agent.facts, { os: { id: 'rhel' } }]);
      expect(await agents.get('web1')).toMatchObject({ ...expected, heartbeat: { load1: 2 } });
      const again = await stores.again();
      expect(await again.agents.list()).toMatchObject([{ ...expected, heartbeat: { load1: 2 } }]);
      await again.agents.disconnectAll(200);
      expect(await again.agents.get('web1')).toMatchObject({ connected: false, sinceMs: 200 });
    });

    test('heartbeats of a whole fleet are kept, each for its own node', async () => {
      const { agents } = await stores.fresh();
      // Some of every length in which they are written.
      const nodes = Array.from({ length: 256 + 2 * 16 + 3 }, (_, index) => `n${index}`);
      await Promise.all(nodes.map((node) => agents.connected({ ...agent, node }, 100)));
      for (const [load1, node] of nodes.entries()) agents.heartbeat(node, { load1 });

      const kept = await (await stores.again()).agents.list();

      const loads = new Map(kept.map(({ node, heartbeat }) => [node, heartbeat?.['load1']]));
      expect(nodes.map((node) => loads.get(node))).toEqual(nodes.map((_, index) => index));
    });

    test('whose an agent is can be asked of all without their facts', async () => {
      const { agents } = await stores.fresh();
      await agents.connected(agent, 100);
      await agents.connected({ ...agent, node: 'web2' }, 100);
      const { controller } = (await agents.get('web1')) ?? {};
      expect(await agents.owners()).toEqual([
        { node: 'web1', controller },
        { node: 'web2', controller },
      ]);
    });

    test('a disconnect is told once, and a removed agent is gone', async () => {
      const { agents } = await stores.fresh();
      await agents.connected(agent, 100);
      const told: (boolean | undefined)[] = [];
      agents.onChange((_, row) => told.push(row?.connected));

      await agents.disconnected('web1', 110);
      await agents.disconnected('web1', 120);
      await agents.remove('web1');
      await agents.remove('web1');

      expect(told).toEqual([false, undefined]);
      expect(await agents.get('web1')).toBeUndefined();
    });
  });

  describe('credentials', () => {
    test('of certificates that have expired only what a subject had last stays, unless it was revoked', async () => {
      const { credentials } = await stores.fresh();
      const rows = [
        { serial: 'old', notBeforeMs: 1, notAfterMs: 50 },
        { serial: 'last', notBeforeMs: 40, notAfterMs: 90 },
        { serial: 'revoked', subject: 'node:web2', notBeforeMs: 40, notAfterMs: 90, revokedAtMs: 60 },
        { serial: 'lasting', subject: 'node:web3', notBeforeMs: 40, notAfterMs: 200, revokedAtMs: 60 },
      ];
      for (const row of rows) await credentials.addCertificate({ ...certificate, ...row });

      expect(await credentials.removeExpiredCertificates(100)).toBe(2);

      const left = await Promise.all(rows.map(({ serial }) => credentials.certificate(serial)));
      expect(left.map((row) => row?.serial)).toEqual([undefined, 'last', undefined, 'lasting']);
    });

    test('certificates are revoked once, one or all of a subject, and that is told', async () => {
      const { credentials } = await stores.fresh();
      const told: (readonly string[])[] = [];
      credentials.onRevoke((serials) => told.push(serials));
      for (const serial of ['aa', 'bb', 'cc']) await credentials.addCertificate({ ...certificate, serial });

      expect(await credentials.revokeCertificates('node:web1', 5, 'bb')).toEqual(['bb']);
      expect(await credentials.revokeCertificates('node:web1', 6)).toEqual(['aa', 'cc']);
      expect(await credentials.revokeCertificates('node:web1', 7)).toEqual([]);

      expect(told).toEqual([['bb'], ['aa', 'cc']]);
      expect(await credentials.certificate('bb')).toEqual({ ...certificate, serial: 'bb', revokedAtMs: 5 });
      expect((await credentials.certificatesOf('node:web1')).map((row) => row.revokedAtMs)).toEqual([
        6, 5, 6,
      ]);
    });

    test('a secret is taken once, even when many ask at once', async () => {
      const { credentials } = await stores.fresh();
      await credentials.add(credential);
      expect(await credentials.bySha256('abc')).toEqual(credential);

      const taken = await Promise.all(Array.from({ length: 20 }, () => credentials.take('abc')));

      expect(taken.filter((row) => row !== undefined)).toEqual([credential]);
      expect(await credentials.bySha256('abc')).toBeUndefined();
    });

    test('a secret that is looked up again and again is not found any more once it was removed', async () => {
      const { credentials } = await stores.fresh();
      for (let turn = 0; turn < 20; turn++) {
        await credentials.add(credential);
        expect(await credentials.bySha256('abc')).toEqual(credential);
        await credentials.touch(credential.id, turn);
        expect(await credentials.bySha256('abc')).toEqual({ ...credential, lastUsedMs: turn });
        // Some are on their way while it is removed.
        const asked = Array.from({ length: turn }, () => credentials.bySha256('abc'));
        const end = turn % 2 === 0 ? credentials.remove(credential.id) : credentials.take('abc');
        const others = Array.from({ length: turn }, () => credentials.bySha256('abc'));
        await end;
        expect(await credentials.bySha256('abc')).toBeUndefined();
        await Promise.all([...asked, ...others]);
        expect(await credentials.bySha256('abc')).toBeUndefined();
      }
    });

    test('credentials are listed by kind and removed by id', async () => {
      const { credentials } = await stores.fresh();
      await credentials.add(credential);
      await credentials.add({ ...credential, id: 'c2', kind: 'token', sha256: 'def' });

      await credentials.remove('c1');

      expect(await credentials.list('link')).toEqual([]);
      expect((await credentials.list('token')).map((row) => row.id)).toEqual(['c2']);
    });
  });

  test('of a user is found what they have, when it last served, and what was removed is told', async () => {
    const { credentials } = await stores.fresh();
    const told: string[] = [];
    credentials.onRemove((ids) => told.push(...ids));
    await credentials.add(credential);
    await credentials.add({ ...credential, id: 'c2', user: 'bob', sha256: 'def' });
    await credentials.touch('c1', 77);

    expect(await credentials.ofUser('admin')).toEqual([{ ...credential, lastUsedMs: 77 }]);
    expect(await credentials.byId('c2')).toMatchObject({ user: 'bob' });
    await credentials.remove('c2');
    await credentials.take('abc');
    expect(told).toEqual(['c2', 'c1']);
    expect(await credentials.byId('c1')).toBeUndefined();
  });

  describe('factors', () => {
    test('are found by person and by key, and one kind is replaced at once', async () => {
      const { factors } = await stores.fresh();
      await factors.add(factor);
      await factors.replace('u1', ['recovery'], [{ ...factor, id: 'f2', kind: 'recovery', key: '' }]);
      await factors.replace('u1', ['recovery'], [{ ...factor, id: 'f3', kind: 'recovery', key: '' }]);

      expect((await factors.of('u1')).map(({ id }) => id)).toEqual(['f1', 'f3']);
      expect(await factors.byKey('totp', 'k')).toEqual(factor);
      expect(await factors.owners()).toEqual(['u1']);
      await factors.touch('f1', 77);
      expect(await factors.byKey('totp', 'k')).toEqual({ ...factor, lastUsedMs: 77 });
      await factors.removeAll('u1');
      expect(await factors.of('u1')).toEqual([]);
    });

    test('one of many that ask at once may use a mark, or take a row', async () => {
      const { factors } = await stores.fresh();
      await factors.add(factor);
      const many = Array.from({ length: 10 });

      const raised = await Promise.all(many.map(() => factors.advance('f1', 5)));
      const taken = await Promise.all(many.map(() => factors.take('f1')));

      expect(raised.filter(Boolean)).toHaveLength(1);
      expect(taken.filter((row) => row !== undefined)).toEqual([{ ...factor, mark: 5 }]);
    });

    test('failed tries survive a restart', async () => {
      const { factors } = await stores.fresh();
      await factors.saveTry({ key: 'a', count: 1, lastMs: 1 });
      await factors.saveTry({ key: 'a', count: 2, lastMs: 5 });
      await factors.saveTry({ key: 'b', count: 1, lastMs: 1 });
      await factors.removeTries(['b']);

      expect(await (await stores.again()).factors.tries()).toEqual([{ key: 'a', count: 2, lastMs: 5 }]);
    });
  });

  test('a small value that was changed meanwhile is not replaced', async () => {
    const { meta } = await stores.fresh();
    expect([await meta.replace('a', 'x', '1'), await meta.replace('a', undefined, '1')]).toEqual([
      false,
      true,
    ]);
    expect([await meta.replace('a', undefined, '2'), await meta.replace('a', '1', '2')]).toEqual([
      false,
      true,
    ]);
    expect([await meta.replace('a', '1', '3'), await meta.get('a')]).toEqual([false, '2']);
  });

  test('small values are kept and replaced', async () => {
    const { meta } = await stores.fresh();
    expect(await meta.get('a')).toBeUndefined();
    await meta.set('a', '1');
    await meta.set('a', '2');

    expect(await (await stores.again()).meta.get('a')).toBe('2');
  });
};
