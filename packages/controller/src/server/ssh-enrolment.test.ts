// Who may make servers join over SSH, asked of the real server: nobody gains the Secret of another by it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { bind, call, grant, tokenOf } from './test-people.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const collection = '/apis/drover.dev/v1alpha1/namespaces/default/sshenrollments';
const fingerprint = `SHA256:${'A'.repeat(43)}`;
const key = { host: 'web1', fingerprint };
const make = (token: string, name: string, more: object = {}, credentials: object = {}) =>
  call(ground, {
    method: 'POST',
    path: collection,
    token,
    body: {
      metadata: { name },
      spec: { hosts: [{ names: 'web1' }], credentials: { secretName: 'login', ...credentials }, ...more },
    },
  });

test('who may not read the Secret may not have it used', async () => {
  await bind(ground, 'olga', 'operator');
  const refused = await make(await tokenOf(ground, 'olga'), 'a');
  expect([refused.code, refused.json().message]).toEqual([
    403,
    expect.stringContaining('cannot get resource "secrets"'),
  ]);
  await bind(ground, 'olga', 'edit', 'default');
  expect((await make(await tokenOf(ground, 'olga'), 'a')).code).toBe(201);
});

test('who may read the Secret and not delete it may not have it deleted; nor make tokens who may not', async () => {
  const read = { verbs: ['get'], apiGroups: [''], resources: ['secrets'] };
  const enrol = { verbs: ['create', 'patch'], apiGroups: ['drover.dev'], resources: ['sshenrollments'] };
  await grant(ground, 'rita', [read, enrol]);
  const token = await tokenOf(ground, 'rita');
  const deleted = await make(token, 'b', {}, { deleteSecret: true });
  expect(deleted.json().message).toContain('cannot delete resource "secrets"');
  expect((await make(token, 'b')).json().message).toContain('cannot create resource "enrollmenttokens"');
});

test('trusting a host key needs leave of its own, at once and later, and the audit trail says which key', async () => {
  const rules = [
    { verbs: ['get'], apiGroups: [''], resources: ['secrets'] },
    {
      verbs: ['create', 'patch'],
      apiGroups: ['drover.dev'],
      resources: ['sshenrollments', 'enrollmenttokens'],
    },
  ];
  await grant(ground, 'tom', rules);
  const token = await tokenOf(ground, 'tom');
  const atOnce = await make(token, 'c', { hostKeys: [key] });
  expect(atOnce.json().message).toContain('cannot trust resource "sshenrollments"');
  expect((await make(token, 'c')).code).toBe(201);
  const patch = { method: 'PATCH', path: `${collection}/c`, body: { spec: { hostKeys: [key] } } };
  expect((await call(ground, { ...patch, token })).code).toBe(403);
  expect((await call(ground, { ...patch, token: await tokenOf(ground, 'olga') })).code).toBe(200);
  const { items } = await ground.client.audit.page({ resource: 'sshenrollments', limit: 1 });
  expect(items[0]).toMatchObject({ user: 'olga', reason: `trusts host keys: web1 ${fingerprint}` });
});

test.each([
  [{ hosts: [{ names: 'web[1-501]' }] }, 'at most 500'],
  [{ hosts: [{ names: 'web1' }, { names: 'web1', user: 'admin' }] }, 'web1 is there twice'],
  [{ hosts: [{ names: '*' }] }, 'stands for no server'],
  [{ hosts: [{ names: 'web1', user: '-oProxyCommand=x' }] }, 'spec.hosts[0].user'],
  [{ hostKeys: [{ host: 'web1', fingerprint: 'MD5:00' }] }, 'spec.hostKeys[0].fingerprint'],
])('%j is refused with its path', async (spec, why) => {
  const refused = await make(ground.token, 'd', spec);
  expect([refused.code, refused.text]).toEqual([422, expect.stringContaining(why)]);
});
