// Bodies in protobuf, by the paths that take them.
import type { ApiError } from '@drover/api';
import { type Call, configMaps } from '@drover/client';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyObject, toBody, toBytes } from '../../../api/src/protobuf/protobuf.arbitrary.ts';
import type { Message } from '../../../api/src/protobuf/table.ts';
import { field, message } from '../../../api/src/protobuf/table.ts';
import { configMap } from '../../../api/src/protobuf/tables/core.ts';
import { deleteOptions } from '../../../api/src/protobuf/tables/meta.ts';
import { type Ground, openGround } from './test-ground.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const collection = '/api/v1/namespaces/default/configmaps';
const paths = [collection, '/api/v1/nodes', '/api/v1/namespaces/default/secrets'];
const accept = 'application/vnd.kubernetes.protobuf,application/json';

const body = (kind: string, table: Message, value: Readonly<Record<string, unknown>>) => {
  const bytes = toBody('v1', kind, toBytes(table, value));
  return {
    contentType: 'application/vnd.kubernetes.protobuf',
    headers: { 'content-length': String(bytes.length) },
    bytes: (async function* () {
      yield bytes;
    })(),
  };
};
const mapBody = (value: Readonly<Record<string, unknown>>, table = configMap) =>
  body('ConfigMap', table, value);

const send = (call: Call) => ground.client.http.json<Record<string, unknown>>({ accept, ...call });

/** A ConfigMap of a day when it has one field more. */
const newer = message('test.ConfigMap', {
  ...{ metadata: field(1, configMap.fields.get(1)?.type ?? 'string') },
  shine: field(99, 'string'),
});

describe('a body in protobuf', () => {
  it('makes, replaces and deletes an object; the answers are JSON', async () => {
    const data = { greeting: 'Grüß Gott' };
    const made = await send({
      method: 'POST',
      path: collection,
      ...mapBody({ metadata: { name: 'a' }, data, binaryData: { b: 'AAEC' } }),
    });
    expect(made).toMatchObject({ kind: 'ConfigMap', data, binaryData: { b: 'AAEC' } });
    const path = `${collection}/a`;
    await send({ method: 'PUT', path, ...mapBody({ metadata: { name: 'a' }, data: { x: '1' } }) });
    expect((await ground.client.get(configMaps, 'a')).data).toEqual({ x: '1' });
    const options = (uid: string) =>
      body('DeleteOptions', deleteOptions, { preconditions: { uid }, propagationPolicy: 'Background' });
    await expect(send({ method: 'DELETE', path, ...options('other') })).rejects.toMatchObject({ code: 409 });
    const { uid = '' } = (await ground.client.get(configMaps, 'a')).metadata;
    expect(await send({ method: 'DELETE', path, ...options(uid) })).toMatchObject({ status: 'Success' });
  });

  it('with a field that is not known is refused, told, or left alone, as fieldValidation says', async () => {
    const value = { metadata: { name: 'b' }, shine: 'bright' };
    const create = (query: Call['query'] = {}) =>
      ground.client.http.open({ method: 'POST', path: collection, accept, query, ...mapBody(value, newer) });
    await expect(create()).rejects.toMatchObject({
      code: 400,
      message: expect.stringContaining('unknown field "[protobuf field 99]"'),
    });
    const warned = await create({ fieldValidation: 'Warn', dryRun: 'All' });
    warned.resume();
    expect(warned.headers['warning']).toContain('protobuf field 99');
    const ignored = await create({ fieldValidation: 'Ignore' });
    ignored.resume();
    expect(ignored.headers['warning']).toBeUndefined();
    expect(await ground.client.get(configMaps, 'b')).not.toHaveProperty('protobuf field 99');
  });

  it('of any object is taken, or refused with a Status', async () => {
    await fc.assert(
      fc.asyncProperty(anyObject, fc.constantFrom(...paths), async ({ kind, table, value }, path) => {
        const call = { method: 'POST', path, query: { dryRun: 'All' }, ...body(kind, table, value) } as const;
        const refused = await send(call).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (refused !== undefined) expect([400, 403, 409, 415, 422]).toContain((refused as ApiError).code);
      }),
      { numRuns: 50 },
    );
  });

  it('is no patch, is of the kind of the path, and is bounded', async () => {
    const map = { metadata: { name: 'c' } };
    const patch = send({ method: 'PATCH', path: `${collection}/b`, ...mapBody(map) });
    await expect(patch).rejects.toMatchObject({ code: 415 });
    const elsewhere = send({ method: 'POST', path: '/api/v1/nodes', ...mapBody(map) });
    await expect(elsewhere).rejects.toMatchObject({ code: 400 });
    const large = mapBody({ ...map, data: { x: 'x'.repeat(5 * 1024 * 1024) } });
    await expect(send({ method: 'POST', path: collection, ...large })).rejects.toMatchObject({ code: 413 });
  });
});
