import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { DrainStatus } from '@drover/api';
import { configMaps, nodes } from '@drover/client';
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/harness/wait.ts';
import type { ServerOptions } from './deps.ts';
import { type Ground, openGround } from './test-ground.ts';
import { bind, call, tokenOf } from './test-people.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const open = async (changes: Partial<ServerOptions> = {}) => {
  const ground = await openGround(changes);
  opened.push(ground);
  return ground;
};

interface Answer {
  readonly code: number | undefined;
  readonly connection: string | undefined;
}

/** One connection that is kept alive. */
const connection = ({ caPem, address, token }: Ground) => {
  const agent = new Agent({ ca: caPem, keepAlive: true, maxSockets: 1 });
  opened.push({ close: () => agent.destroy() });
  const headers = { authorization: `Bearer ${token}` };
  return (path: string, method = 'GET', body?: Promise<string>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const outgoing = request(`${address}${path}`, { agent, method, headers }, (answer: IncomingMessage) => {
        answer.resume();
        const { statusCode: code, headers } = answer;
        answer.once('end', () => resolve({ code, connection: headers.connection }));
      });
      outgoing.on('error', reject);
      if (body === undefined) outgoing.end();
      else {
        outgoing.flushHeaders();
        void body.then((text) => outgoing.end(text));
      }
    });
};

const longEnough = () => AbortSignal.timeout(20_000);

describe('draining', () => {
  it('answers what is under way and what comes on open connections, and says that it is the last', async () => {
    const ground = await open();
    const [busy, idle] = [connection(ground), connection(ground)];
    expect(await idle('/version')).toMatchObject({ code: 200, connection: 'keep-alive' });
    const { promise: body, resolve: finish } = Promise.withResolvers<string>();
    const slow = busy('/content/uploads', 'POST', body);
    await waitFor('the request', () => (ground.server.left()['requests'] ?? 0) === 1);
    const drained = ground.server.drain(longEnough());
    expect(await idle('/version')).toEqual({ code: 200, connection: 'close' });
    finish('{}');
    expect(await slow).toEqual({ code: 200, connection: 'close' });
    await drained;
    expect(ground.server.left()).toEqual({ requests: 0, streams: 0, shells: 0 });
    await expect(connection(ground)('/version')).rejects.toThrow('ECONNREFUSED');
  });

  it('closes connections on which nobody asks, and does not wait for who has stopped in the middle', async () => {
    const ground = await open();
    await connection(ground)('/version');
    const stuck = connection(ground)('/content/uploads', 'POST', new Promise(() => undefined));
    const cut = expect(stuck).rejects.toThrow('socket hang up');
    await waitFor('the request', () => (ground.server.left()['requests'] ?? 0) === 1);
    await ground.server.drain(AbortSignal.timeout(100));
    await ground.server.close();
    await cut;
  });

  it('ends a watch once it has told everything, with where it stands, and begins no other', async () => {
    const ground = await open();
    const { resourceVersion } = (await ground.client.list(configMaps, { namespace: 'default' })).metadata;
    const options = { namespace: 'default', resourceVersion, allowWatchBookmarks: true };
    const told = (async () => {
      const events: string[] = [];
      for await (const { type, object } of ground.client.watch(configMaps, options))
        events.push(`${type} ${object.metadata.name ?? object.metadata.resourceVersion}`);
      return events;
    })();
    await waitFor('the watch', () => ground.server.left()['streams'] === 1);
    const made = await ground.client.create(configMaps, { metadata: { name: 'last' } });
    void ground.server.drain(longEnough());
    expect(await told).toEqual(['ADDED last', `BOOKMARK ${made.metadata.resourceVersion}`]);
    const late = await call(ground, { path: '/api/v1/configmaps?watch=1' });
    expect([late.code, late.headers['retry-after']]).toEqual([503, '1']);
  });

  it('ends a terminal with a word and a code, after its node was told', async () => {
    let closed = 0;
    const openShell: ServerOptions['openShell'] = async () => ({
      write: async () => undefined,
      resize: async () => undefined,
      close: async () => void closed++,
    });
    const ground = await open({ openShell });
    await ground.client.create(nodes, { metadata: { name: 'web1' } });
    const terminal = await ground.client.shell('web1', { columns: 80, rows: 24 });
    await ground.server.drain(longEnough());
    expect(await terminal.ended).toEqual({ exit: 255, reason: expect.stringContaining('is stopping') });
    expect([closed, ground.server.left()['shells']]).toEqual([1, 0]);
  });
});

describe('/drain', () => {
  it('is for who may create it, begins and says how far it is', async () => {
    const begun: string[] = [];
    const status: DrainStatus = {
      state: 'leaving',
      delaySeconds: 1,
      timeoutSeconds: 25,
      left: { agents: 2 },
    };
    const ground = await open({ drain: { status: () => status, begin: (why) => void begun.push(why) } });
    await bind(ground, 'olga', 'operator');
    const operator = await tokenOf(ground, 'olga');
    expect((await call(ground, { method: 'POST', path: '/drain', token: operator })).code).toBe(403);
    expect(begun).toEqual([]);
    expect(await ground.client.drain()).toEqual(status);
    expect(await ground.client.drainStatus()).toEqual(status);
    expect(begun).toEqual(['asked for by admin']);
  });
});

describe('health', () => {
  it('is ok while all is well, and says of what when asked', async () => {
    const ground = await open();
    for (const path of ['/livez', '/readyz', '/healthz'])
      expect((await call(ground, { path, token: null })).text).toBe('ok');
    expect((await call(ground, { path: '/readyz?verbose', token: null })).text).toBe(
      '[+]ping ok\n[+]store ok\n[+]storage ok\n[+]shutdown ok\nreadyz check passed\n',
    );
  });

  it('is not ready while it means to stop, but alive', async () => {
    const status: DrainStatus = { state: 'leaving', delaySeconds: 1, timeoutSeconds: 25, left: {} };
    const ground = await open({ drain: { status: () => status, begin: () => undefined } });
    const ready = await call(ground, { path: '/readyz', token: null });
    expect([ready.code, ready.text]).toEqual([
      503,
      '[+]ping ok\n[+]store ok\n[+]storage ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n',
    ]);
    expect((await call(ground, { path: '/livez', token: null })).code).toBe(200);
    expect((await call(ground, { path: '/healthz', token: null })).code).toBe(200);
    expect((await call(ground, { path: '/readyz?exclude=shutdown', token: null })).code).toBe(200);
  });

  it('is not ready when the store does not answer, but alive', async () => {
    const ground = await open();
    await ground.store.close();
    expect((await call(ground, { path: '/readyz', token: null })).text).toContain('[-]store failed');
    expect((await call(ground, { path: '/livez', token: null })).code).toBe(200);
  });
});
