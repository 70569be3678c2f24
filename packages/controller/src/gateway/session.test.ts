import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeIdentities, makeRequest } from '../../../../bench/emulator/identities.ts';
import { systemClock } from '../platform/clock.ts';
import { commandSpec, type Ground, openGround } from './test-ground.ts';

const deadline = { timeout: 10_000, interval: 5 };
const hour = 3600_000;
let ground: Ground;
let n1 = '';
let n2 = '';
beforeAll(async () => {
  ground = await openGround({ clonePingMs: 200 });
});
beforeEach(() => {
  n1 = ground.newNode();
  n2 = ground.newNode();
});
afterEach(() => ground.rest());
afterAll(() => ground.close());

const connect = async (node: string, options: Parameters<Ground['agent']>[1] = {}) => {
  const agent = ground.agent(await ground.identity(node), options);
  agent.connect();
  await expect.poll(() => agent.connected || agent.lastError, deadline).toBeTruthy();
  return agent;
};
const rowOf = (node: string) => ground.store.agents.get(node);

describe('sessions', () => {
  it('who is connected is recorded with what the agent says of itself', async () => {
    const agent = await connect(n1, {
      hello: { machineId: 'm', bootId: 'b', facts: '{"os":{"id":"debian"}}' },
    });
    expect(await rowOf(n1)).toMatchObject({
      connected: true,
      machineId: 'm',
      bootId: 'b',
      facts: { os: { id: 'debian' } },
    });
    expect(agent.welcome).toMatchObject({ heartbeatSeconds: 10, forget: [] });
    agent.close();
    await expect.poll(async () => (await rowOf(n1))?.connected, deadline).toBe(false);
    expect(ground.told(n1).map((event) => event.kind)).toEqual(['connected', 'disconnected']);
  });

  it('an agent that asks whether the controller is there is answered, and nothing is written for it', async () => {
    const agent = await connect(n1);
    const before = await rowOf(n1);
    await expect(agent.mux?.call('ping', {})).resolves.toBeUndefined();
    expect(await rowOf(n1)).toEqual(before);
  });

  it('revoking a certificate ends the live session, and it cannot come back', async () => {
    const agent = await connect(n1, { reconnect: true });
    await ground.store.credentials.revokeCertificates(`node:${n1}`, systemClock.nowMs());
    await expect.poll(() => agent.connected, deadline).toBe(false);
    await expect.poll(() => agent.lastError, deadline).toContain('its certificate is revoked');
    await expect.poll(async () => (await rowOf(n1))?.connected, deadline).toBe(false);
  });

  it('a certificate that the store does not know is refused', async () => {
    const stranger = await makeIdentities(
      { signNode: (wanted) => ground.authority.signNode({ ...wanted, node: n2 }) },
      [n1],
    );
    const agent = ground.agent({ ...stranger[0], name: n1 } as never);
    await ground.store.credentials.revokeCertificates(`node:${n2}`, systemClock.nowMs());
    agent.connect();
    await expect.poll(() => agent.lastError, deadline).toContain('revoked');
    expect(ground.told(n2)).toMatchObject([{ kind: 'refused', node: n2 }]);
  });

  it('the same machine connecting again takes over at once', async () => {
    const hello = { machineId: 'm', bootId: 'b', journalId: 'j' };
    const first = await connect(n1, { hello });
    const second = await connect(n1, { hello });
    expect(second.connected).toBe(true);
    await expect.poll(() => first.connected, deadline).toBe(false);
    expect((await rowOf(n1))?.connected).toBe(true);
    const [id = ''] = await ground.queue([n1]);
    await expect.poll(async () => (await ground.task(id)).state, deadline).toBe('exited');
    expect(second.starts.get(id)).toBe(1);
  });

  it('a clone of a live machine is refused and reported; the real one stays', async () => {
    const real = await connect(n1, { hello: { machineId: 'm', bootId: 'b1' } });
    const clone = await connect(n1, { hello: { machineId: 'm', bootId: 'b2' } });
    await expect.poll(() => clone.lastError, deadline).toContain('another machine with the same identity');
    expect(real.connected).toBe(true);
    expect(ground.told(n1).at(-1)).toMatchObject({ kind: 'clone-refused', node: n1 });
  });

  it('a machine that was rebooted replaces its dead connection', async () => {
    const dead = await connect(n1, {
      hello: { machineId: 'm', bootId: 'b1' },
      handlers: { ping: () => new Promise(() => undefined) },
    });
    const rebooted = await connect(n1, { hello: { machineId: 'm', bootId: 'b2' } });
    expect(rebooted.connected).toBe(true);
    await expect.poll(() => dead.connected, deadline).toBe(false);
  });

  it('another machine under the name of a known one is refused, also when the known one is away', async () => {
    const real = await connect(n1, { hello: { machineId: 'm1' } });
    real.close();
    await expect.poll(async () => (await rowOf(n1))?.connected, deadline).toBe(false);
    const other = await connect(n1, { hello: { machineId: 'm2' } });
    await expect
      .poll(() => other.lastError, deadline)
      .toContain('another machine is enrolled under this name');
    await ground.store.agents.remove(n1);
    expect((await connect(n1, { hello: { machineId: 'm2' } })).connected).toBe(true);
  });

  it('a renewed certificate keeps the session, and revoking the new one ends it', async () => {
    const agent = await connect(n1);
    const { csrPem } = await makeRequest(n1);
    const pem = await agent.mux?.call('renew', { request: csrPem });
    expect(pem).toContain('BEGIN CERTIFICATE');
    expect(agent.connected).toBe(true);
    await expect(agent.mux?.call('renew', { request: 'junk' })).rejects.toMatchObject({ code: 'refused' });
    const rows = await ground.store.credentials.certificatesOf(`node:${n1}`);
    const newest = rows.reduce((a, b) => (a.notAfterMs > b.notAfterMs ? a : b));
    await ground.store.credentials.revokeCertificates(`node:${n1}`, systemClock.nowMs(), newest.serial);
    await expect.poll(() => agent.connected, deadline).toBe(false);
  });

  it('a session whose certificate has ended is ended', async () => {
    const [identity] = await makeIdentities(ground.authority, [n1], 2500);
    await ground.start({ heartbeatSeconds: 1 });
    const agent = ground.agent(identity as never);
    agent.connect();
    await expect.poll(() => agent.connected, deadline).toBe(true);
    await expect.poll(() => agent.connected, deadline).toBe(false);
    expect(ground.told(n1).at(-1)).toMatchObject({ reason: 'its certificate has expired' });
  });

  it('an agent that has fallen silent is taken for gone', async () => {
    await ground.start({ heartbeatSeconds: 0.1 });
    const agent = await connect(n1, { hello: {} });
    expect(agent.connected).toBe(true);
    await expect.poll(async () => (await rowOf(n1))?.connected, deadline).toBe(false);
    expect(ground.told(n1).at(-1)).toMatchObject({ reason: 'no sign of life for 3 heartbeats' });
  });

  it('heartbeats and facts reach the store', async () => {
    await ground.start({ heartbeatSeconds: 1 });
    const agent = await connect(n1);
    await expect.poll(async () => (await rowOf(n1))?.heartbeat?.['memoryTotalKib'], deadline).toBe(1_048_576);
    await agent.mux?.call('facts', { json: '{"kernel":"6.1"}' });
    expect((await rowOf(n1))?.facts).toEqual({ kernel: '6.1' });
    await expect(agent.mux?.call('facts', { json: '[1]' })).rejects.toMatchObject({ code: 'bad-request' });
  });

  it('an agent cannot report on the tasks of another node', async () => {
    const [id = ''] = await ground.queue([n2]);
    const agent = await connect(n1);
    const result = { taskId: id, outcome: 'exited', exitCode: 0 };
    const zeros = {
      signal: 0,
      reason: '',
      startedAtMs: 1,
      finishedAtMs: 2,
      userMs: 0,
      systemMs: 0,
      maxRssKib: 0,
    };
    const sizes = {
      stdoutBytes: 0,
      stderrBytes: 0,
      stdoutDropped: 0,
      stderrDropped: 0,
      survivors: 0,
      detail: '',
    };
    await agent.mux?.call('report', {
      output: [],
      started: [],
      progress: [],
      results: [{ ...result, ...zeros, ...sizes }],
    });
    expect((await ground.task(id)).state).toBe('queued');
  });

  it('results are delivered after a restart of the gateway, and nothing is started twice', async () => {
    const agent = await connect(n1, { reconnect: true, behaviour: { delayMs: 300 } as never });
    const [id = ''] = await ground.queue([n1]);
    await expect.poll(async () => (await ground.task(id)).state, deadline).toBe('running');
    await ground.start();
    expect((await rowOf(n1))?.connected).toBe(false);
    await expect.poll(async () => (await ground.task(id)).state, deadline).toBe('exited');
    expect(agent.starts.get(id)).toBe(1);
  });

  it('a task that was marked sent and never arrived is sent on reconnect; one that was lost says so', async () => {
    const [a = '', b = ''] = await ground.queue(
      [n1, n1],
      { expiresAtMs: systemClock.nowMs() + hour },
      commandSpec,
    );
    await ground.store.tasks.markSent([a], 'j1', systemClock.nowMs());
    await ground.store.tasks.markSent([b], 'j0', systemClock.nowMs());
    const agent = await connect(n1, { hello: { journalId: 'j1' } });
    await expect.poll(async () => (await ground.task(a)).state, deadline).toBe('exited');
    expect(await ground.task(b)).toMatchObject({
      state: 'lost',
      result: { reason: expect.stringContaining('journal') },
    });
    expect([agent.starts.get(a), agent.starts.get(b)]).toEqual([1, undefined]);
  });
});
