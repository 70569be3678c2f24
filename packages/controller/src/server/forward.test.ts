// Two servers, of which the second has the agent of node n1.
import { groupKind, nodeKind } from '@drover/api';
import { createClient } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCertificateDesk } from '../auth/client-certificates.ts';
import { newRequest } from '../auth/test-request.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { createForwarder } from './forward.ts';
import { makePerson } from './test-browser.ts';
import { openHolder } from './test-certificates.ts';
import { type Ground, openGround } from './test-ground.ts';
import { grant } from './test-people.ts';

const secret = new Uint8Array(32).fill(7);
let holder: Ground;
let door: Ground;
let target = '';
const updated: string[] = [];

beforeAll(async () => {
  const nobody = { elsewhere: async () => undefined, secret };
  holder = await openGround({ forward: nobody, updateAgent: async (node) => void updated.push(node) });
  const { address, caPem, store, resources, auth, authority } = holder;
  target = address;
  // Both have one database, one CA and the same callers, as controllers of one fleet have.
  const { serverTls, caPin } = authority;
  expect(caPin).not.toBe('');
  const shared = { store, resources, auth, tls: await serverTls(['127.0.0.1']) };
  const joinInfo = {
    caPem,
    agentFile: async () => Buffer.from(''),
    config: { agentPort: 1, controllers: [], releasePublicKey: '' },
  };
  door = await openGround({ ...shared, joinInfo, forward: { elsewhere: async () => target, secret } });
  await resources.create(nodeKind, '', { metadata: { name: 'n1' } });
});
afterAll(async () => {
  await door.close();
  await holder.close();
});

const client = () => createClient({ address: door.address, caPem: holder.caPem, token: holder.token });

test('what needs the session of an agent is carried out where it is, and is in the audit trail once', async () => {
  const one = client();
  await one.updateAgent('n1');
  one.close();

  expect(updated).toEqual(['n1']);
  const { records } = await holder.store.audit.list({
    filter: { resource: 'agents' },
    from: { after: 0 },
    limit: 50,
  });
  expect(records.map(({ verb, code, address }) => [verb, code, address])).toEqual([
    ['update', 200, '127.0.0.1'],
  ]);
});

/** Somebody who may update agents, by their group, and shows a certificate at the door. */
const openUpdater = async (name: string) => {
  const { resources, store, auth, authority } = holder;
  await makePerson(holder, name, 'correct horse battery');
  await grant(holder, name, [{ verbs: ['post'], nonResourceURLs: ['/agents/*'] }]);
  await resources.create(groupKind, '', { metadata: { name: `of-${name}` }, spec: { members: [name] } });
  const { keyPem, csrPem } = await newRequest(name, [`of-${name}`]);
  const desk = openCertificateDesk({ authority, auth, resources, credentials: store.credentials, clock });
  const { certPem, id } = await desk.issue(csrPem, { description: 'test' });
  const shown = { address: door.address, caPem: holder.caPem };
  return { id, shower: openHolder(shown, { keyPem, certPem }) };
};

test('who shows a client certificate here is known by it there, until it is revoked', async () => {
  const { id, shower } = await openUpdater('ada');
  const before = updated.length;
  const update = () => shower.send('POST', '/agents/n1/update');
  expect((await update()).code).toBe(200);
  expect(updated).toHaveLength(before + 1);
  const page = { filter: { user: 'ada' }, from: { after: 0 }, limit: 5 };
  const { records } = await holder.store.audit.list(page);
  expect(records.map(({ credential, address }) => [credential, address])).toEqual([
    [`certificate/${id}`, '127.0.0.1'],
  ]);
  await holder.store.credentials.remove(id);
  expect((await update()).code).toBe(401);
  shower.close();
});

test('a certificate that somebody writes into the header of controllers is not believed', async () => {
  const { id, shower } = await openUpdater('grace');
  shower.close();
  const stranger = openHolder(holder, {});
  const asked = { method: 'POST', url: '/agents/n1/update', headers: {}, certificate: id };
  const forged = createForwarder({ elsewhere: async () => undefined, secret: new Uint8Array(32), caPem: '' });
  const headers = { 'x-drover-forwarded': String(forged.stamped(asked, '192.0.2.7')['x-drover-forwarded']) };
  expect((await stranger.send('POST', asked.url, { headers })).code).toBe(401);
  const right = createForwarder({ elsewhere: async () => undefined, secret, caPem: '' });
  const stamp = String(right.stamped(asked, '192.0.2.7')['x-drover-forwarded']);
  const send = (url: string) => stranger.send('POST', url, { headers: { 'x-drover-forwarded': stamp } });
  expect((await send(asked.url)).code).toBe(200);
  expect((await send('/agents/n2/update')).code).toBe(401);
  const { certificate: _, ...plain } = asked;
  const added = `${right.stamped(plain, '192.0.2.7')['x-drover-forwarded']} ${id}`;
  const swapped = await stranger.send('POST', asked.url, { headers: { 'x-drover-forwarded': added } });
  expect(swapped.code).toBe(401);
  stranger.close();
});

test('a controller that cannot be reached is named, and the request is noted as refused', async () => {
  target = 'https://127.0.0.1:1';
  const one = client();
  await expect(one.updateAgent('n1')).rejects.toMatchObject({
    reason: 'ServiceUnavailable',
    message: expect.stringContaining('cannot reach the controller https://127.0.0.1:1'),
  });
  one.close();
  target = holder.address;
});

test('from where a caller came is believed of controllers only, and of one request only', () => {
  const forwarder = (with_: Uint8Array) =>
    createForwarder({ elsewhere: async () => undefined, secret: with_, caPem: '' });
  const asked = { method: 'POST', url: '/agents/n1/update', headers: { authorization: 'Bearer a' } };
  const headers = forwarder(secret).stamped(asked, '192.0.2.9');
  const told = (changes: Partial<typeof asked>, by = secret) =>
    forwarder(by).origin({ ...asked, headers, ...changes });

  expect(told({})).toBe('192.0.2.9');
  expect(told({ url: '/agents/n2/update' })).toBeUndefined();
  expect(told({ headers: { ...headers, authorization: 'Bearer b' } })).toBeUndefined();
  expect(told({}, new Uint8Array(32))).toBeUndefined();
});
