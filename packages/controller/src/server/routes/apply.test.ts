import { type Call, configMaps, createClient } from '@drover/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServerAuth } from '../deps.ts';
import { type Ground, openGround } from '../test-ground.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());
afterEach(async () => {
  for await (const { metadata } of ground.client.listAll(configMaps)) {
    await ground.client.delete(configMaps, metadata.name ?? '');
  }
});

const path = '/api/v1/namespaces/default/configmaps/a';

type Query = NonNullable<Call['query']>;

const bytes = async function* (text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
};

const send = async (text: string, query: Query = {}) => {
  const answer = await ground.client.http.open({
    method: 'PATCH',
    path,
    query,
    contentType: 'application/apply-patch+yaml',
    bytes: bytes(text),
  });
  let sent = '';
  for await (const part of answer) sent += String(part);
  const body = JSON.parse(sent) as Record<string, unknown>;
  return { code: answer.statusCode, warning: answer.headers['warning'], body };
};

const yaml = (rest: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n${rest}`;
const by = (fieldManager: string) => ({ fieldManager });

describe('PATCH with application/apply-patch+yaml', () => {
  it('takes YAML and JSON; 201 when it makes the object, else 200', async () => {
    expect(await send(yaml('data: {x: "1"}\n'), by('one'))).toMatchObject({ code: 201 });
    const json = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { x: '2' } };
    const second = await send(JSON.stringify(json), by('one'));
    expect(second).toMatchObject({ code: 200, body: { data: { x: '2' } } });
    // A flow mapping begins as JSON does.
    expect(await send('{apiVersion: v1, kind: ConfigMap, data: {x: "3"}}', by('one'))).toMatchObject({
      body: { data: { x: '3' } },
    });
  });

  it('needs a fieldManager, and only it takes force', async () => {
    await expect(send(yaml(''))).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining('fieldManager: Required value: is required for apply patch'),
    });
    await expect(send(yaml(''), by('x'.repeat(129)))).rejects.toMatchObject({ reason: 'Invalid' });
    await ground.client.create(configMaps, { metadata: { name: 'a' } });
    const merge = ground.client.http.json({
      method: 'PATCH',
      path,
      query: { force: true },
      contentType: 'application/merge-patch+json',
      body: {},
    });
    await expect(merge).rejects.toMatchObject({ message: expect.stringContaining('force: Forbidden') });
  });

  it('answers a conflict with a cause per field, and takes over with force', async () => {
    await send(yaml('data: {x: "1"}\n'), by('one'));
    await expect(send(yaml('data: {x: "2"}\n'), by('two'))).rejects.toMatchObject({
      code: 409,
      details: {
        causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.x' }],
      },
    });
    const forced = await send(yaml('data: {x: "2"}\n'), { ...by('two'), force: true });
    expect(forced).toMatchObject({ code: 200, body: { data: { x: '2' } } });
  });

  it('refuses, tells of, or drops unknown fields as the client wants it', async () => {
    const text = yaml('date: {}\n');
    await expect(send(text, by('one'))).rejects.toMatchObject({
      message: expect.stringContaining('unknown field "date"'),
    });
    const warned = await send(text, { ...by('one'), fieldValidation: 'Warn' });
    expect(warned.warning).toContain('unknown field \\"date\\"');
    expect((await send(text, { ...by('one'), fieldValidation: 'Ignore' })).warning).toBeUndefined();
  });

  it('refuses objects of another kind or name, and what is no object', async () => {
    const other = yaml('').replace('ConfigMap', 'Secret');
    await expect(send(other, by('one'))).rejects.toMatchObject({ reason: 'BadRequest' });
    const named = yaml('').replace('name: a', 'name: b');
    await expect(send(named, by('one'))).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(send('- 1\n', by('one'))).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  it('makes an enrolment token as its creation does, with its secret in the answer alone', async () => {
    const call = {
      method: 'PATCH' as const,
      path: '/apis/drover.dev/v1alpha1/enrollmenttokens/t',
      query: by('one'),
      contentType: 'application/apply-patch+yaml',
      body: { metadata: { name: 't' }, spec: { maxUses: 3 } },
    };
    const made = await ground.client.http.json<{ status: { joinCommand?: string } }>(call);
    expect(made.status.joinCommand).toContain('t.');
    const again = await ground.client.http.json<{ status?: { joinCommand?: string } }>(call);
    expect(again.status?.joinCommand).toBeUndefined();
  });
});

describe('who may patch but not create', () => {
  it('may apply to what is there, and makes nothing', async () => {
    const auth: ServerAuth = {
      ...ground.auth,
      authorize: (identity, attributes) =>
        attributes.verb === 'create'
          ? { allowed: false, reason: 'test' }
          : ground.auth.authorize(identity, attributes),
    };
    const other = await openGround({ auth, resources: ground.resources });
    const client = createClient({ ...other, token: ground.token });
    const call = {
      method: 'PATCH' as const,
      path,
      query: by('one'),
      contentType: 'application/apply-patch+yaml',
      body: { data: { x: '1' } },
    };
    try {
      await expect(client.http.json(call)).rejects.toMatchObject({ reason: 'Forbidden' });
      await ground.client.create(configMaps, { metadata: { name: 'a' } });
      expect(await client.http.json(call)).toMatchObject({ data: { x: '1' } });
    } finally {
      client.close();
      await other.close();
    }
  });
});

describe('who writes', () => {
  it('is fieldManager, else the program that the User-Agent names', async () => {
    const create = (name: string, query: Query, agent: string) =>
      ground.client.http.json<{ metadata: { managedFields: readonly { manager: string }[] } }>({
        method: 'POST',
        path: '/api/v1/namespaces/default/configmaps',
        query,
        headers: { 'user-agent': agent },
        body: { metadata: { name }, data: { x: '1' } },
      });
    const managerOf = async (...input: Parameters<typeof create>) =>
      (await create(...input)).metadata.managedFields.map(({ manager }) => manager);
    expect(await managerOf('a', by('mine'), 'tool/1.0')).toEqual(['mine']);
    expect(await managerOf('b', {}, 'tool/1.0 (linux)')).toEqual(['tool']);
    expect(await managerOf('c', {}, '')).toEqual(['unknown']);
  });
});
