// Signing in with client certificates, against the real server.
import { execFile } from 'node:child_process';
import {
  certificateSigningRequestKind,
  groupKind,
  nodeKind,
  serviceAccountKind,
  userKind,
} from '@drover/api';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openCertificateDesk } from '../auth/client-certificates.ts';
import { newRequest } from '../auth/test-request.ts';
import { runClientCertificateController } from '../controllers/client-certificates/controller.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { silentLog as log } from '../platform/log.ts';
import { makePerson } from './test-browser.ts';
import { type Holder, openHolder, whoIs } from './test-certificates.ts';
import { type Ground, openGround } from './test-ground.ts';
import { call, grant } from './test-people.ts';

let ground: Ground;
let controller: ReturnType<typeof runClientCertificateController>;
let desk: ReturnType<typeof openCertificateDesk>;
const holders: Holder[] = [];

beforeAll(async () => {
  ground = await openGround();
  const { authority, auth, resources } = ground;
  desk = openCertificateDesk({ authority, auth, resources, credentials: ground.store.credentials, clock });
  controller = runClientCertificateController({ resources, certificates: desk, clock, log });
  await resources.create(nodeKind, '', { metadata: { name: 'web1' } });
});
afterEach(() => {
  for (const holder of holders.splice(0)) holder.close();
});
afterAll(async () => {
  await controller.close();
  await ground.close();
});

let count = 0;
/** Somebody in a group of their own, with a token. */
const newPerson = async () => {
  const { name, uid } = await makePerson(ground, `holder${++count}`, 'correct horse battery');
  const group = `team${count}`;
  await ground.resources.create(groupKind, '', { metadata: { name: group }, spec: { members: [name] } });
  const { token } = await ground.auth.createToken(name, { description: 'test' });
  return { name, uid, group, token };
};

/** A certificate made by the desk, and who shows it. */
const holderOf = async (name: string, groups: readonly string[] = []) => {
  const { keyPem, csrPem } = await newRequest(name, groups);
  const { certPem, id } = await desk.issue(csrPem, { description: 'test' });
  const holder = openHolder(ground, { keyPem, certPem });
  holders.push(holder);
  return { holder, id };
};

describe('who shows a certificate', () => {
  it('is its user, in the groups that it names and they are in now', async () => {
    const { name, group } = await newPerson();
    const { holder } = await holderOf(name, [group]);
    expect(await whoIs(holder)).toMatchObject({ username: name, groups: [group, 'system:authenticated'] });
    await ground.resources.delete(groupKind, '', group);
    expect(await whoIs(holder)).toMatchObject({ username: name, groups: ['system:authenticated'] });
  });

  it('is not in groups that it does not name, and makes nothing new then', async () => {
    const { name } = await newPerson();
    const { holder } = await holderOf(name);
    expect(await whoIs(holder)).toMatchObject({ username: name, groups: ['system:authenticated'] });
    const made = await holder.send('POST', '/auth/tokens', { body: { description: 'x' } });
    expect([made.code, made.json['message']]).toEqual([403, expect.stringContaining('has bounds')]);
  });

  it('is known before a token, and by the token once the certificate is revoked', async () => {
    const [one, other] = [await newPerson(), await newPerson()];
    const { holder, id } = await holderOf(one.name, [one.group]);
    const headers = { authorization: `Bearer ${other.token}` };
    expect(await whoIs(holder, headers)).toMatchObject({ username: one.name });
    await ground.store.credentials.remove(id);
    expect(await whoIs(holder, headers)).toMatchObject({ username: other.name });
  });

  it.each<[string, (person: { name: string; id: string }) => Promise<unknown>]>([
    ['it is revoked', ({ id }) => ground.store.credentials.remove(id)],
    [
      'its user is disabled',
      ({ name }) =>
        ground.resources.modify(userKind, '', name, (user) => ({
          ...user,
          spec: { ...(user['spec'] as object), disabled: true },
        })),
    ],
    ['its user is deleted', ({ name }) => ground.resources.delete(userKind, '', name)],
  ])(
    'is nobody on the same connection, and loses what is open, when %s',
    async (_what, end) => {
      const { name, group } = await newPerson();
      await grant(ground, name, [{ verbs: ['watch'], apiGroups: [''], resources: ['nodes'] }]);
      const { holder, id } = await holderOf(name, [group]);
      const before = await holder.send('GET', '/api');
      const { promise: open, resolve } = Promise.withResolvers<void>();
      const ended = holder.follow('/api/v1/nodes?watch=1', resolve);
      await open;
      await end({ name, id });
      await ended;
      const after = await holder.send('GET', '/api');
      expect([before.code, after.code, after.port]).toEqual([200, 401, before.port]);
      expect(after.json['message']).toContain('the client certificate does not hold any more');
      // Less than the time after which everything that is open is looked at (cuts.ts).
    },
    10_000,
  );

  it('cannot be used by a page of another site', async () => {
    const { name, group } = await newPerson();
    const { holder } = await holderOf(name, [group]);
    const body = { description: 'x' };
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const refused = await holder.send('POST', '/auth/tokens', { body, headers: foreign });
    expect([refused.code, refused.json['message']]).toEqual([403, expect.stringContaining('another site')]);
    expect((await holder.send('POST', '/auth/tokens', { body })).code).toBe(201);
  });

  it('stands in the audit trail with its fingerprint', async () => {
    const { name, group } = await newPerson();
    const { holder, id } = await holderOf(name, [group]);
    await holder.send('POST', '/auth/tokens', { body: { description: 'audited' } });
    const page = { filter: { user: name }, from: { after: 0 }, limit: 10 };
    const { records } = await ground.store.audit.list(page);
    expect(records.map(({ credential }) => credential)).toEqual([`certificate/${id}`]);
  });

  it('is known in WebSockets: watches and terminals', async () => {
    const { name, group } = await newPerson();
    const { keyPem: key, csrPem } = await newRequest(name, [group]);
    const { certPem: cert } = await desk.issue(csrPem, { description: 'test' });
    const upgrade = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${ground.address}${path}`, { ca: ground.caPem, key, cert });
        socket.once('error', reject);
        socket.once('unexpected-response', (_request, answer) => {
          answer.once('data', (data: Buffer) => resolve(data.toString()));
        });
      });
    for (const path of ['/api/v1/nodes?watch=1', '/api/v1/nodes/web1/shell'])
      expect(await upgrade(path)).toContain(`User \\"${name}\\" cannot`);
  });

  it('is told that those of our CA alone are asked for: a browser offers no other', async () => {
    const address = `127.0.0.1:${ground.server.port}`;
    const child = execFile('openssl', ['s_client', '-connect', address]);
    child.stdin?.end();
    let said = '';
    for await (const part of child.stdout ?? []) said += String(part);
    const named = /Acceptable client certificate CA names\n((?:.*CN.*\n)*)/.exec(said)?.[1] ?? '';
    expect(named.trim()).toMatch(/^CN ?= ?Drover CA [0-9a-f]{8}$/);
  });

  it('of a node is nobody here', async () => {
    const { keyPem, csrPem } = await newRequest('system:node:web1', ['system:nodes']);
    const { certPem } = await ground.authority.signNode({ csrPem, node: 'web1', lifetimeMs: 3_600_000 });
    const holder = openHolder(ground, { keyPem, certPem });
    holders.push(holder);
    expect(await whoIs(holder)).toBeUndefined();
  });
});

describe('of one’s own', () => {
  it('is made with a request whose key stays, listed, and revoked', async () => {
    const { name, group, token } = await newPerson();
    const { keyPem, csrPem } = await newRequest(name, [group]);
    const body = { request: csrPem, description: 'laptop', expiresSeconds: 3_600 };
    const made = await call(ground, { method: 'POST', path: '/auth/certificates', token, body });
    expect(made.code).toBe(201);
    const { certificate, id } = made.json() as { certificate: string; id: string };
    const holder = openHolder(ground, { keyPem, certPem: certificate });
    holders.push(holder);
    expect(await whoIs(holder)).toMatchObject({ username: name, groups: [group, 'system:authenticated'] });
    const listed = (await holder.send('GET', '/auth/certificates')).json['items'];
    expect(listed).toEqual([
      expect.objectContaining({ id, description: 'laptop', groups: [group], current: true }),
    ]);
    expect((await holder.send('DELETE', `/auth/certificates/${id}`)).code).toBe(200);
    expect(await whoIs(holder)).toBeUndefined();
  });

  it.each<[string, (person: { name: string; group: string }) => Promise<object>, number, string]>([
    ['for somebody else', async () => newRequest('admin'), 403, 'the request is for "admin"'],
    ['for nobody', async () => newRequest('ghost'), 422, 'there is no user or service account "ghost"'],
    ['without a name', async () => newRequest(''), 422, 'must have one common name'],
    [
      'in a group of others',
      async ({ name }) => newRequest(name, ['system:masters']),
      422,
      'is not in the group',
    ],
    ['for a node', async () => newRequest('system:node:web1', ['system:nodes']), 422, 'there is no user'],
    [
      'too long',
      async ({ name }) => ({ ...(await newRequest(name)), expiresSeconds: 366 * 86_400 }),
      422,
      'a year',
    ],
  ])('is refused %s', async (_what, wish, code, why) => {
    const person = await newPerson();
    const { csrPem: request, ...more } = (await wish(person)) as { csrPem: string };
    const body = { request, ...more };
    const options = { method: 'POST', path: '/auth/certificates', token: person.token, body };
    const refused = await call(ground, options);
    expect([refused.code, refused.json().message]).toEqual([code, expect.stringContaining(why)]);
  });
});

const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const approved = { type: 'Approved', status: 'True', reason: 'Test', message: 'by the test' };

const ask = async (name: string, groups: readonly string[] = [], spec: object = {}, token = ground.token) => {
  const { keyPem, csrPem } = await newRequest(name, groups);
  const body = {
    metadata: { name: `csr${++count}` },
    spec: {
      request: Buffer.from(csrPem).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      ...spec,
    },
  };
  const made = await call(ground, { method: 'POST', path, body, token });
  return { keyPem, made, name: body.metadata.name };
};
const approve = async (name: string, token = ground.token) => {
  const object = (await call(ground, { path: `${path}/${name}` })).json();
  const body = { ...object, status: { conditions: [approved] } };
  return call(ground, { method: 'PUT', path: `${path}/${name}/approval`, body, token });
};
const statusOf = (name: string) =>
  ground.resources.get(certificateSigningRequestKind, '', name)['status'] as
    | { readonly certificate?: string; readonly conditions?: readonly Readonly<Record<string, string>>[] }
    | undefined;

describe('a CertificateSigningRequest', () => {
  it('is signed once it is approved, for a year at most', async () => {
    const { name, group } = await newPerson();
    const asked = await ask(name, [group], { expirationSeconds: 400 * 86_400 });
    expect(asked.made.code).toBe(201);
    expect((await approve(asked.name)).code).toBe(200);
    await expect.poll(() => statusOf(asked.name)?.certificate).toBeDefined();
    const certPem = Buffer.from(statusOf(asked.name)?.certificate ?? '', 'base64').toString();
    const holder = openHolder(ground, { keyPem: asked.keyPem, certPem });
    holders.push(holder);
    expect(await whoIs(holder)).toMatchObject({ username: name });
    const [row] = (await ground.store.credentials.ofUser(name)).filter(({ kind }) => kind === 'certificate');
    expect(Math.round(((row?.expiresAtMs ?? 0) - Date.now()) / 86_400_000)).toBe(365);
  });

  it('may be for a service account, whose certificate ends with it', async () => {
    const metadata = { name: `robot${++count}` };
    await ground.resources.create(serviceAccountKind, 'default', { metadata });
    const user = `system:serviceaccount:default:${metadata.name}`;
    const { holder } = await holderOf(user, ['system:serviceaccounts', 'system:serviceaccounts:default']);
    expect(await whoIs(holder)).toMatchObject({ username: user });
    await ground.resources.delete(serviceAccountKind, 'default', metadata.name);
    await ground.resources.create(serviceAccountKind, 'default', { metadata });
    expect(await whoIs(holder)).toBeUndefined();
  });

  it('of a service account is listed with its tokens, and revoked', async () => {
    const metadata = { name: `robot${++count}` };
    const account = await ground.resources.create(serviceAccountKind, 'default', { metadata });
    await ground.auth.createAccountToken(account, 3_600);
    const { holder, id } = await holderOf(`system:serviceaccount:default:${metadata.name}`);
    const list = `/api/v1/namespaces/default/serviceaccounts/${metadata.name}/credentials`;
    const items = (await call(ground, { path: list })).json()['items'];
    expect(items).toEqual([
      expect.objectContaining({ kind: 'token' }),
      expect.objectContaining({ kind: 'certificate', id }),
    ]);
    expect((await holder.send('DELETE', `${list}/${id}`)).code).toBe(403);
    expect((await call(ground, { method: 'DELETE', path: `${list}/${id}` })).code).toBe(200);
    expect(await whoIs(holder)).toBeUndefined();
    expect((await call(ground, { method: 'DELETE', path: `${list}/${id}` })).code).toBe(404);
  });

  it('is approved only by who has all that its user has', async () => {
    const clerk = await newPerson();
    const csrs = { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'] };
    await grant(ground, clerk.name, [{ verbs: ['update'], ...csrs }]);
    const forAdmin = await ask('admin', ['system:masters']);
    const refused = await approve(forAdmin.name, clerk.token);
    expect([refused.code, refused.json().message]).toEqual([403, expect.stringContaining('may more than')]);
    expect(statusOf(forAdmin.name)?.certificate).toBeUndefined();
    const forItself = await ask(clerk.name);
    expect((await approve(forItself.name, clerk.token)).code).toBe(200);
  });

  it('fails when its user has left a group, or is gone, as it is approved', async () => {
    const { name, group } = await newPerson();
    const asked = await ask(name, [group]);
    await ground.resources.delete(groupKind, '', group);
    await approve(asked.name);
    await expect.poll(() => statusOf(asked.name)?.conditions?.map(({ type }) => type)).toContain('Failed');
    expect(statusOf(asked.name)?.conditions?.at(-1)?.['message']).toContain('is not in the group');
  });

  it.each<[string, object, string]>([
    ['for servers', { usages: ['client auth', 'server auth'] }, '"server auth" is not for clients'],
    ['for no client', { usages: ['digital signature'] }, 'must hold "client auth"'],
    ['of nobody', { request: Buffer.from('x').toString('base64') }, 'not a PKCS#10 request'],
  ])('%s is refused', async (_what, spec, why) => {
    const { made } = await ask('admin', [], spec);
    expect([made.code, made.json().message]).toEqual([422, expect.stringContaining(why)]);
  });
});
