// What controllers and agents of Kubernetes write in protobuf, by its own path at a real server: Lease and Event. kubectl
// has no verb that sends either, and Debian has no client-go, so their bytes are made here (kubernetes-encode.ts), by
// what first makes every body that kubectl was seen to send.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, openGround } from '../../packages/controller/src/server/test-ground.ts';
import { encodeBody, type Value } from './kubernetes-encode.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground?.close());

interface Recorded {
  readonly argv: readonly string[];
  readonly hex: string;
  readonly value: Value;
}

const bodies = JSON.parse(
  readFileSync(new URL('./kubernetes-bodies.json', import.meta.url), 'utf8'),
) as readonly Recorded[];

/** k8s.io.api.core.v1.ConfigMap for a ConfigMap of v1. */
const messageOf = ({ apiVersion, kind }: Value): string => {
  const [group, version] = apiVersion === 'v1' ? ['core', 'v1'] : String(apiVersion).split('/');
  return `k8s.io.api.${group?.split('.')[0]}.${version}.${kind}`;
};
const bytesOf = (object: Value): Uint8Array => encodeBody(messageOf(object), object);

const send = (method: 'POST' | 'PUT', path: string, object: Value): Promise<Record<string, unknown>> => {
  const bytes = bytesOf(object);
  return ground.client.http.json({
    ...{ method, path, accept: 'application/vnd.kubernetes.protobuf,application/json' },
    contentType: 'application/vnd.kubernetes.protobuf',
    headers: { 'content-length': String(bytes.length) },
    query: { fieldValidation: 'Strict' },
    bytes: (async function* () {
      yield bytes;
    })(),
  });
};
const read = (path: string): Promise<Value> => ground.client.http.json({ method: 'GET', path });

describe('the bytes', () => {
  it.each(bodies)('of `$argv` are those that kubectl sends', ({ hex, value }) => {
    expect(Buffer.from(bytesOf(value)).toString('hex')).toBe(hex);
  });
});

describe('a Lease in protobuf', () => {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
  const lease = (metadata: Value, spec: Value): Value => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'default', ...metadata },
    spec,
  });

  it('of who leads is made, renewed and taken over', async () => {
    const [acquireTime, renewTime] = ['2026-11-27T03:00:00.000001Z', '2026-11-27T03:00:02.123456Z'];
    const first = { holderIdentity: 'a_1', leaseDurationSeconds: 15, acquireTime, leaseTransitions: 0 };
    const made = await send('POST', leases, lease({ name: 'leader' }, { ...first, renewTime: acquireTime }));
    expect(made).toMatchObject({ kind: 'Lease', spec: { ...first, renewTime: acquireTime } });
    const path = `${leases}/leader`;
    // client-go sends back all that it read: resourceVersion, uid, managedFields.
    const renewed = await send(
      'PUT',
      path,
      lease((await read(path))['metadata'] as Value, { ...first, renewTime }),
    );
    expect(renewed['spec']).toEqual({ ...first, renewTime });
    const next = { holderIdentity: 'b_2', leaseDurationSeconds: 15, acquireTime: renewTime, renewTime };
    await send('PUT', path, lease(renewed['metadata'] as Value, { ...next, leaseTransitions: 1 }));
    expect((await read(path))['spec']).toEqual({ ...next, leaseTransitions: 1 });
    const late = send('PUT', path, lease(renewed['metadata'] as Value, { ...first, renewTime }));
    await expect(late).rejects.toMatchObject({ code: 409 });
  });

  it('of a node names its owner', async () => {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: 'web1', uid: 'u-1' }];
    const spec = {
      holderIdentity: 'web1',
      leaseDurationSeconds: 40,
      renewTime: '2026-11-27T03:00:00.500000Z',
    };
    await send('POST', leases, lease({ name: 'web1', ownerReferences }, spec));
    expect(await read(`${leases}/web1`)).toMatchObject({ metadata: { ownerReferences }, spec });
  });
});

describe('an Event in protobuf', () => {
  const events = '/api/v1/namespaces/default/events';
  const event = (name: string, fields: Value): Value => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: 'default' },
    involvedObject: { apiVersion: 'v1', kind: 'Node', name: 'web1', uid: 'u-1', namespace: 'default' },
    reason: 'Rebooted',
    type: 'Warning',
    ...fields,
  });

  it('as a recorder sends it comes out as its JSON, and without a time that it has not', async () => {
    const at = '2026-11-27T03:00:00Z';
    const sent = event('web1.17a', {
      ...{ message: 'Grüße: web1 has been rebooted', source: { component: 'kubelet', host: 'web1' } },
      ...{ firstTimestamp: at, lastTimestamp: at, count: 1 },
      ...{ reportingComponent: 'kubelet', reportingInstance: 'web1' },
    });
    const made = await send('POST', events, sent);
    expect(made).toMatchObject(sent);
    expect(Object.keys(made).sort()).toEqual(Object.keys(sent).sort());
    expect(await read(`${events}/web1.17a`)).toEqual(made);
  });

  it('of a series has its microseconds and what it is related to', async () => {
    const sent = event('web1.17b', {
      ...{ eventTime: '2026-11-27T03:00:00.000042Z', action: 'Rebooting' },
      series: { count: 3, lastObservedTime: '2026-11-27T03:00:09.100000Z' },
      related: { apiVersion: 'v1', kind: 'Secret', namespace: 'default', name: 'key', fieldPath: 'data' },
    });
    await send('POST', events, sent);
    expect(await read(`${events}/web1.17b`)).toMatchObject(sent);
  });
});
