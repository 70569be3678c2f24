import {
  ApiError,
  cleanupFinalizer,
  customResourceDefinitionKind as crdKind,
  type Kind,
  type KubeObject,
} from '@drover/api';
import { expect, test } from 'vitest';
import type { Resources } from './resources.ts';
import { kindOf, take, told, until, useRooms } from './test-room.ts';

const rooms = useRooms();

const version = (name: string, extra: object = {}) => ({
  name,
  served: true,
  storage: name === 'v1',
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          required: ['cron'],
          properties: {
            cron: { type: 'string', pattern: '^\\S+ \\S+$' },
            replicas: { type: 'integer', minimum: 1, maximum: 10, default: 3 },
          },
        },
      },
    },
  },
  ...extra,
});

const definition = (versions: readonly object[] = [version('v1')], names: object = {}) => ({
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', kind: 'CronTab', shortNames: ['ct'], ...names },
    versions,
  },
});

const conditions = (object: KubeObject | undefined): string =>
  ((object?.['status'] as { conditions?: { type: string; status: string }[] } | undefined)?.conditions ?? [])
    .map(({ type, status }) => `${type}=${status}`)
    .join(' ');

const served = async (resources: Resources, name = 'v1'): Promise<Kind> => {
  await until(() => resources.customKind('stable.example.com', name, 'crontabs') !== undefined);
  return resources.customKind('stable.example.com', name, 'crontabs') ?? crdKind;
};

const define = async (resources: Resources, object: object = definition()): Promise<Kind> => {
  await resources.create(crdKind, '', object);
  return served(resources);
};

const tab = (name: string, spec: object = { cron: '* *' }, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec,
});

const refusal = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof ApiError ? `${error.reason}: ${error.message}` : String(error)),
  );

test('a definition is established, and its objects are defaulted, validated and found again after a restart', async () => {
  const { resources } = await rooms.fresh();
  const kind = await define(resources);
  const found = resources.get(crdKind, '', 'crontabs.stable.example.com');
  expect(conditions(found)).toBe('NamesAccepted=True Established=True');
  expect(found['status']).toMatchObject({
    acceptedNames: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', listKind: 'CronTabList' },
    storedVersions: ['v1'],
  });
  expect(resources.kinds).toContain(kind);
  const made = await resources.create(kind, 'default', tab('a'));
  expect(made['spec']).toEqual({ cron: '* *', replicas: 3 });
  expect(await refusal(resources.create(kind, 'default', tab('b', { cron: 'x', replicas: 11 })))).toBe(
    'Invalid: CronTab.stable.example.com "b" is invalid: [spec.cron: Invalid value: "x": spec.cron in body should match \'^\\S+ \\S+$\', spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10]',
  );
  const again = (await rooms.again()).resources;
  const known = again.customKind('stable.example.com', 'v1', 'crontabs');
  expect(known && again.get(known, 'default', 'a')).toEqual(made);
});

test('a changed definition holds at once, and ends the watches of its kind', async () => {
  const { resources } = await rooms.fresh();
  const kind = await define(resources);
  const stop = new AbortController();
  const events = resources.watch(kind, { signal: stop.signal })[Symbol.asyncIterator]();
  const first = events.next();
  await resources.create(kind, 'default', tab('a'));
  expect((await first).value?.type).toBe('ADDED');
  await resources.modify(crdKind, '', 'crontabs.stable.example.com', (object) => {
    const spec = object['spec'] as { versions: { schema: object }[] };
    const schema = {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { color: { type: 'string' } } } },
      },
    };
    return { ...object, spec: { ...spec, versions: [{ ...spec.versions[0], schema }] } };
  });
  expect((await events.next()).done).toBe(true);
  const changed = await served(resources);
  const made = await resources.create(changed, 'default', tab('b', { color: 'red' }));
  expect(made['spec']).toEqual({ color: 'red' });
});

test('versions are views of one object', async () => {
  const { resources } = await rooms.fresh();
  const v1 = await define(resources, definition([version('v1'), version('v1beta1')]));
  const beta = await served(resources, 'v1beta1');
  const made = await resources.create(beta, 'default', tab('a'), { fieldManager: 'me' });
  expect(made.apiVersion).toBe('stable.example.com/v1beta1');
  const one = resources.get(v1, 'default', 'a');
  expect(one).toEqual({ ...made, apiVersion: 'stable.example.com/v1' });
  expect(resources.list(beta).items.map((item) => item.apiVersion)).toEqual([made.apiVersion]);
  const patched = await resources.patch(
    beta,
    'default',
    'a',
    { type: 'application/merge-patch+json', body: { spec: { replicas: 5 } } },
    { fieldManager: 'you' },
  );
  expect(patched.metadata.managedFields?.map((entry) => entry['manager'])).toEqual(['me', 'you']);
  const [event] = await take(resources, beta, 1);
  expect(event?.object).toEqual(patched);
});

test('deleting a definition deletes its objects first, and waits for their finalizers', async () => {
  const { resources } = await rooms.fresh();
  const kind = await define(resources);
  await resources.create(kind, 'default', tab('free'));
  await resources.create(kind, 'default', tab('held', { cron: '* *' }, { finalizers: ['example.com/wait'] }));
  const watched = take(resources, kind, 5);
  await resources.delete(crdKind, '', 'crontabs.stable.example.com');
  await until(() => resources.find(kind, 'default', 'free') === undefined);
  expect(await refusal(resources.create(kind, 'default', tab('late')))).toContain(
    'MethodNotAllowed: cannot create',
  );
  await until(() =>
    conditions(resources.find(crdKind, '', 'crontabs.stable.example.com')).includes('Terminating=True'),
  );
  await resources.modify(kind, 'default', 'held', (object) => ({
    ...object,
    metadata: { ...object.metadata, finalizers: [] },
  }));
  await until(() => resources.find(crdKind, '', 'crontabs.stable.example.com') === undefined);
  expect((await watched).map(told).map((text) => text.split(' ').slice(0, 2).join(' '))).toEqual([
    'ADDED free',
    'ADDED held',
    'DELETED free',
    'MODIFIED held',
    'DELETED held',
  ]);
  expect(resources.customKind('stable.example.com', 'v1', 'crontabs')).toBeUndefined();
  expect(() => resources.list(kind)).toThrow('is not served here');
  expect(await define(resources)).toBeDefined();
});

test('a definition that was going when the controller ended goes on going after a restart', async () => {
  const { resources } = await rooms.fresh();
  const kind = await define(resources);
  await resources.create(kind, 'default', tab('held', { cron: '* *' }, { finalizers: ['example.com/wait'] }));
  await resources.delete(crdKind, '', 'crontabs.stable.example.com');
  const again = (await rooms.again()).resources;
  const known = await served(again);
  expect(await refusal(again.create(known, 'default', tab('late')))).toContain('MethodNotAllowed');
  await again.modify(known, 'default', 'held', (object) => ({
    ...object,
    metadata: { ...object.metadata, finalizers: [] },
  }));
  await until(() => again.find(crdKind, '', 'crontabs.stable.example.com') === undefined);
});

test('nobody can take the finalizer away by which a definition waits for its objects', async () => {
  const { resources } = await rooms.fresh();
  await define(resources);
  const name = 'crontabs.stable.example.com';
  const replaced = await resources.update(crdKind, '', name, definition());
  expect(replaced.metadata.finalizers).toEqual([cleanupFinalizer]);
  const kind = await served(resources);
  await resources.create(kind, 'default', tab('held', { cron: '* *' }, { finalizers: ['example.com/wait'] }));
  await resources.delete(crdKind, '', name);
  const body = { metadata: { finalizers: null } };
  const patch = { type: 'application/merge-patch+json', body } as const;
  expect(await refusal(resources.patch(crdKind, '', name, patch))).toContain(
    'metadata.finalizers: Forbidden: customresourcecleanup.apiextensions.k8s.io is taken away by Drover',
  );
});

test('a name that another definition has is not given twice', async () => {
  const { resources } = await rooms.fresh();
  await define(resources);
  const other = {
    metadata: { name: 'others.stable.example.com' },
    spec: { ...definition().spec, names: { plural: 'others', kind: 'CronTab' } },
  };
  await resources.create(crdKind, '', other);
  const found = () => resources.get(crdKind, '', 'others.stable.example.com');
  await until(() => conditions(found()) === 'NamesAccepted=False Established=False');
  expect(JSON.stringify(found()['status'])).toContain('\\"crontab\\" is already in use');
  await resources.delete(crdKind, '', 'crontabs.stable.example.com');
  await until(() => conditions(found()) === 'NamesAccepted=True Established=True');
});

test('a group of the server itself is not given away', async () => {
  const { resources } = await rooms.fresh();
  const { spec } = definition();
  await resources.create(crdKind, '', {
    metadata: { name: 'crontabs.drover.dev' },
    spec: { ...spec, group: 'drover.dev' },
  });
  const found = () => resources.get(crdKind, '', 'crontabs.drover.dev');
  await until(() => conditions(found()) === 'NamesAccepted=False Established=False');
  expect(JSON.stringify(found()['status'])).toContain('GroupReserved');
});

test('what a newer schema would not allow can still be changed elsewhere', async () => {
  const { resources } = await rooms.fresh();
  const kind = await define(resources);
  await resources.create(kind, 'default', tab('a', { cron: '* *', replicas: 9 }));
  await resources.modify(crdKind, '', 'crontabs.stable.example.com', (object) =>
    JSON.parse(JSON.stringify(object).replace('"maximum":10', '"maximum":5')),
  );
  const strict = await served(resources);
  const patch = (body: object) =>
    resources.patch(strict, 'default', 'a', { type: 'application/merge-patch+json', body });
  expect((await patch({ metadata: { labels: { a: 'b' } } })).metadata.labels).toEqual({ a: 'b' });
  expect(await refusal(patch({ spec: { replicas: 8 } }))).toContain('spec.replicas: Invalid value: 8');
});

test('an owner that users defined takes what belongs to it along', async () => {
  const { resources } = await rooms.fresh();
  const kind = await define(resources);
  const { apiVersion, kind: word, metadata } = await resources.create(kind, 'default', tab('owner'));
  const configMaps = kindOf(resources, 'configmaps');
  const ownerReferences = [{ apiVersion, kind: word, name: 'owner', uid: metadata.uid ?? '' }];
  await resources.create(configMaps, 'default', { metadata: { name: 'mine', ownerReferences } });
  await resources.delete(kind, 'default', 'owner');
  await until(() => resources.find(configMaps, 'default', 'mine') === undefined);
});
