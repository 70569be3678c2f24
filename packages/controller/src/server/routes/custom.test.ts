// Kinds that users define, over HTTPS.
import type { Call } from '@drover/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ground, openGround } from '../test-ground.ts';
import { call, grant, tokenOf } from '../test-people.ts';
import { leftBy } from '../test-trail.ts';

let ground: Ground;
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const group = '/apis/shop.example.com';
const orders = `${group}/v1/namespaces/default/orders`;

const definition = {
  metadata: { name: 'orders.shop.example.com' },
  spec: {
    group: 'shop.example.com',
    scope: 'Namespaced',
    names: { plural: 'orders', kind: 'Order', shortNames: ['ord'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        additionalPrinterColumns: [{ name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' }],
        selectableFields: [{ jsonPath: '.spec.color' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'An order of the shop.',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  color: { type: 'string' },
                  replicas: { type: 'integer', minimum: 0, maximum: 9, default: 1, description: 'How many.' },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: { name: { type: 'string' }, size: { type: 'integer' } },
                    },
                  },
                },
              },
              status: {
                type: 'object',
                properties: { replicas: { type: 'integer' }, selector: { type: 'string' } },
              },
            },
          },
        },
      },
      {
        name: 'v1beta1',
        served: true,
        storage: false,
        deprecated: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

type Fields = Readonly<Record<string, unknown>>;

const bytes = async function* (text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
};
const send = async (call: Call, body: object) => {
  const answer = await ground.client.http.open({ ...call, bytes: bytes(JSON.stringify(body)) });
  let sent = '';
  for await (const part of answer) sent += String(part);
  return { code: answer.statusCode, warning: answer.headers['warning'], body: JSON.parse(sent) as Fields };
};
const get = (path: string, query: NonNullable<Call['query']> = {}, accept = 'application/json') =>
  ground.client.http.json<Fields>({ path, query, accept });
const post = (path: string, body: object) => ground.client.http.json<Fields>({ method: 'POST', path, body });
const remove = (path: string) => ground.client.http.json<Fields>({ method: 'DELETE', path });
const patch = (
  path: string,
  body: object,
  type = 'merge-patch+json',
  query: NonNullable<Call['query']> = {},
) => send({ method: 'PATCH', path, query, contentType: `application/${type}` }, body);
const order = (name: string, spec: object = {}) => ({ metadata: { name }, spec });

beforeAll(async () => {
  ground = await openGround();
  await post(crds, definition);
  await vi.waitFor(() =>
    expect(ground.resources.customKind('shop.example.com', 'v1', 'orders')).toBeDefined(),
  );
});
afterAll(() => ground.close());

describe('a kind that users defined', () => {
  it('is created, read, changed in four ways, and deleted', async () => {
    expect(await post(orders, order('a', { color: 'red' }))).toMatchObject({
      apiVersion: 'shop.example.com/v1',
      kind: 'Order',
      metadata: { name: 'a', namespace: 'default', generation: 1 },
      spec: { color: 'red', replicas: 1 },
    });
    expect((await patch(`${orders}/a`, { spec: { color: 'blue' } })).body).toMatchObject({
      metadata: { generation: 2 },
    });
    const operations = [{ op: 'replace', path: '/spec/replicas', value: 2 }];
    expect((await patch(`${orders}/a`, operations, 'json-patch+json')).body).toMatchObject({
      spec: { replicas: 2 },
    });
    await patch(`${orders}/a`, { spec: { replicas: 3 } }, 'strategic-merge-patch+json');
    const current = await get(`${orders}/a`);
    const replaced = await ground.client.http.json<Fields>({
      method: 'PUT',
      path: `${orders}/a`,
      body: { ...current, spec: {} },
    });
    expect(replaced).toMatchObject({ spec: { replicas: 1 } });
    expect(await remove(`${orders}/a`)).toMatchObject({ status: 'Success' });
    await expect(get(`${orders}/a`)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('is applied by two managers, item by item of a list that has keys', async () => {
    const apply = (manager: string, name: string, size: number, force = false) =>
      patch(
        `${orders}/b`,
        {
          apiVersion: 'shop.example.com/v1',
          kind: 'Order',
          metadata: { name: 'b' },
          spec: { parts: [{ name, size }] },
        },
        'apply-patch+yaml',
        { fieldManager: manager, force },
      );
    expect((await apply('one', 'wheel', 1)).code).toBe(201);
    const both = await apply('two', 'door', 2);
    expect(both.body['spec']).toMatchObject({
      parts: [
        { name: 'wheel', size: 1 },
        { name: 'door', size: 2 },
      ],
    });
    await expect(apply('two', 'wheel', 5)).rejects.toMatchObject({
      reason: 'Conflict',
      details: { causes: [{ field: '.spec.parts[name="wheel"].size' }] },
    });
    expect((await apply('two', 'wheel', 5, true)).body['spec']).toMatchObject({
      parts: [{ name: 'wheel', size: 5 }],
    });
    await remove(`${orders}/b`);
  });

  it('is refused with the path of what is wrong; unknown fields as the client wants', async () => {
    await expect(post(orders, order('x', { replicas: 10 }))).rejects.toMatchObject({
      reason: 'Invalid',
      message:
        'Order.shop.example.com "x" is invalid: spec.replicas: Invalid value: 10: spec.replicas in body should be less than or equal to 9',
    });
    const odd = order('x', { colour: 'red' });
    await expect(post(orders, odd)).rejects.toMatchObject({
      reason: 'BadRequest',
      message: expect.stringContaining('strict decoding error: unknown field "spec.colour"'),
    });
    const query = { fieldValidation: 'Warn', dryRun: 'All' };
    const warned = await send({ method: 'POST', path: orders, query, contentType: 'application/json' }, odd);
    expect(warned).toMatchObject({ code: 201, warning: '299 - "unknown field \\"spec.colour\\""' });
    expect(warned.body['spec']).toEqual({ replicas: 1 });
  });

  it('has its columns, its field selectors, and a status of its own', async () => {
    await post(orders, { ...order('c', { color: 'red', replicas: 4 }), status: { replicas: 7 } });
    await post(orders, order('d', { color: 'blue' }));
    const table = await get(
      orders,
      { fieldSelector: 'spec.color=red' },
      'application/json;as=Table;v=v1;g=meta.k8s.io',
    );
    expect(table).toMatchObject({
      columnDefinitions: [{ name: 'Name' }, { name: 'Replicas', type: 'integer' }],
      rows: [{ cells: ['c', 4] }],
    });
    expect(table['rows']).toHaveLength(1);
    expect(await get(`${orders}/c`)).not.toHaveProperty('status');
    await patch(`${orders}/c/status`, { status: { replicas: 3, selector: 'a=b' }, spec: { color: 'green' } });
    expect(await get(`${orders}/c`)).toMatchObject({ spec: { color: 'red' }, status: { replicas: 3 } });
    const list = await get(`${group}/v1/orders`);
    expect(list).toMatchObject({
      kind: 'OrderList',
      items: [{ metadata: { name: 'c' } }, { metadata: { name: 'd' } }],
    });
  });

  it('is scaled', async () => {
    expect(await get(`${orders}/c/scale`)).toMatchObject({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'c' },
      spec: { replicas: 4 },
      status: { replicas: 3, selector: 'a=b' },
    });
    expect((await patch(`${orders}/c/scale`, { spec: { replicas: 6 } })).body).toMatchObject({
      spec: { replicas: 6 },
    });
    expect(await get(`${orders}/c`)).toMatchObject({ spec: { color: 'red', replicas: 6 } });
    await expect(patch(`${orders}/c/scale`, { spec: { replicas: 10 } })).rejects.toMatchObject({
      reason: 'Invalid',
    });
    const stale = { metadata: { name: 'c', resourceVersion: '1' }, spec: { replicas: 1 } };
    await expect(
      ground.client.http.json({ method: 'PUT', path: `${orders}/c/scale`, body: stale }),
    ).rejects.toMatchObject({ reason: 'Conflict' });
  });

  it('is in discovery and in OpenAPI, from the moment that it is served', async () => {
    const resources = await get(`${group}/v1`);
    expect(resources).toMatchObject({
      resources: [
        { name: 'orders', singularName: 'order', shortNames: ['ord'], namespaced: true },
        { name: 'orders/status' },
        {
          name: 'orders/scale',
          group: 'autoscaling',
          version: 'v1',
          kind: 'Scale',
          verbs: ['get', 'patch', 'update'],
        },
      ],
    });
    expect(await get('/apis/shop.example.com')).toMatchObject({ preferredVersion: { version: 'v1' } });
    const index = await get('/openapi/v3');
    expect(index['paths']).toHaveProperty(['apis/shop.example.com/v1beta1']);
    const document = JSON.stringify(await get('/openapi/v3/apis/shop.example.com/v1'));
    expect(document).toContain('"description":"How many."');
    expect(document).not.toContain('strategic-merge-patch');
  });

  it('in another version is the same object, and a deprecated version warns', async () => {
    const path = `${group}/v1beta1/namespaces/default/orders/c`;
    const { warning, body } = await patch(path, { spec: { color: 'old' } });
    expect(warning).toBe('299 - "shop.example.com/v1beta1 Order is deprecated"');
    expect(body).toMatchObject({
      apiVersion: 'shop.example.com/v1beta1',
      spec: { color: 'old', replicas: 6 },
    });
    expect(await get(`${orders}/c`)).toMatchObject({
      apiVersion: 'shop.example.com/v1',
      spec: { color: 'old' },
    });
  });

  it.each([
    `${group}/v2/namespaces/default/orders`,
    `${group}/v1/namespaces/default/bills`,
    `${group}/v1/orders/c`,
    `${group}/v1beta1/namespaces/default/orders/c/scale`,
    '/apis/apps/v1/namespaces/default/deployments',
  ])('is not found where it is not: %s', async (path) => {
    await expect(get(path)).rejects.toMatchObject({
      reason: 'NotFound',
      message: expect.stringContaining('the server could not find the requested resource'),
    });
  });

  it('may be used by those who may, as any other', async () => {
    const token = await tokenOf(ground, 'reader');
    const codeOf = async (path: string, method = 'GET') => (await call(ground, { path, method, token })).code;
    expect(await codeOf(`${orders}/c`)).toBe(403);
    const rules = [{ apiGroups: ['shop.example.com'], resources: ['orders'], verbs: ['get'] }];
    await grant(ground, 'reader', rules, 'default');
    expect(await codeOf(`${orders}/c`)).toBe(200);
    expect(await codeOf(`${orders}/c/scale`)).toBe(403);
    expect(await codeOf(`${orders}/c`, 'DELETE')).toBe(403);
    expect(await codeOf(`${group}/v1/orders`)).toBe(403);
  });

  it('leaves rows in the audit trail, as any other', async () => {
    const names = { resource: 'orders', group: 'shop.example.com', namespace: 'default', name: 'audited' };
    const made = await leftBy(ground, () => post(orders, order('audited')));
    expect(made).toMatchObject([{ ...names, verb: 'create', code: 201, decision: 'allow' }]);
    const token = await tokenOf(ground, 'nobody');
    const path = `${orders}/audited`;
    const denied = await leftBy(ground, () => call(ground, { path, method: 'DELETE', token }));
    expect(denied).toMatchObject([{ ...names, verb: 'delete', code: 403, decision: 'deny' }]);
    const scaled = await leftBy(ground, () => patch(`${path}/scale`, { spec: { replicas: 2 } }));
    expect(scaled).toMatchObject([{ ...names, verb: 'patch', subresource: 'scale' }]);
  });

  it('goes with its definition', async () => {
    await remove(`${crds}/orders.shop.example.com`);
    await expect.poll(() => ground.resources.customKind('shop.example.com', 'v1', 'orders')).toBeUndefined();
    await expect(get(orders)).rejects.toMatchObject({ reason: 'NotFound' });
    await expect(get(`${group}/v1`)).rejects.toMatchObject({ reason: 'NotFound' });
    expect(Object.keys((await get('/openapi/v3'))['paths'] as object)).not.toContain(
      'apis/shop.example.com/v1',
    );
  });
});
