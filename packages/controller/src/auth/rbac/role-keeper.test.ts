import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  allKinds,
  type ClusterRole,
  clusterRoleBindingKind,
  clusterRoleKind,
  type KubeObject,
} from '@drover/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { createResources } from '../../resources/index.ts';
import type { Resources } from '../../resources/resources.ts';
import { openStore } from '../../store/index.ts';
import type { Store } from '../../store/store.ts';
import { testThreads } from '../../store/test-threads.ts';
import { readyBindings, readyRoles } from './ready-roles.ts';
import { openRoleKeeper, type RoleKeeper } from './role-keeper.ts';

let dataDir: string;
let store: Store;
let resources: Resources;
let keeper: RoleKeeper;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-roles-'));
  store = await openStore({ dataDir, clock: systemClock, log: silentLog, threads: testThreads });
  resources = await createResources({ store, kinds: allKinds, clock: systemClock, log: silentLog });
  keeper = await openRoleKeeper({ resources, log: silentLog });
});
afterEach(async () => {
  await keeper.close();
  await resources.close();
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
});

const role = (name: string): ClusterRole =>
  resources.get(clusterRoleKind, '', name) as unknown as ClusterRole;
const again = async (): Promise<void> => {
  await keeper.close();
  keeper = await openRoleKeeper({ resources, log: silentLog });
};
const change = (name: string, to: (object: KubeObject) => KubeObject) =>
  resources.modify(clusterRoleKind, '', name, to);
const resourcesOf = (name: string) => (role(name).rules ?? []).flatMap((rule) => rule.resources ?? []);

/** Waits until the role has, or no longer has, rules about a resource. */
const settled = async (name: string, resource: string, isThere: boolean): Promise<void> => {
  const signal = AbortSignal.timeout(10_000);
  for await (const _event of resources.watch(clusterRoleKind, { signal }))
    if (resourcesOf(name).includes(resource) === isThere) return;
  throw new Error(`${name} has ${isThere ? 'no' : 'still'} rule about ${resource}`);
};

test('the ready roles and bindings are there from the first start, gathered ones complete', () => {
  for (const { metadata } of readyRoles) expect(role(metadata.name ?? '').rules).not.toEqual([]);
  expect(resources.list(clusterRoleBindingKind).items).toHaveLength(readyBindings.length);
  expect(role('view').metadata.labels).toMatchObject({ 'kubernetes.io/bootstrapping': 'rbac-defaults' });
  expect(resourcesOf('admin')).toEqual(expect.arrayContaining(['nodes', 'secrets', 'rolebindings']));
  expect(resourcesOf('view')).not.toContain('secrets');
});

test('a second start changes nothing', async () => {
  const before = resources.revision();
  await again();
  expect(resources.revision()).toBe(before);
});

test('what a ready role lacks is put back at the next start, what was added stays', async () => {
  await resources.delete(clusterRoleKind, '', 'system:basic-user');
  const added = { verbs: ['get'], apiGroups: ['example.org'], resources: ['things'] };
  await change('system:aggregate-to-edit', (object) => ({ ...object, rules: [added] }));
  await again();
  expect(role('system:basic-user').rules).toHaveLength(3);
  expect(resourcesOf('system:aggregate-to-edit')).toEqual(expect.arrayContaining(['things', 'secrets']));
});

test('a ready binding that gives another role is made anew; one that says no is left alone', async () => {
  await resources.delete(clusterRoleBindingKind, '', 'system:basic-user');
  await resources.create(clusterRoleBindingKind, '', {
    metadata: { name: 'system:basic-user' },
    roleRef: { kind: 'ClusterRole', name: 'view' },
  });
  await change('system:aggregate-to-view', (object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' },
    },
    rules: [],
  }));
  await again();
  const binding = resources.get(clusterRoleBindingKind, '', 'system:basic-user');
  expect(binding['roleRef']).toMatchObject({ name: 'system:basic-user' });
  expect(role('system:aggregate-to-view').rules).toEqual([]);
});

test('a role with the label joins the ones that gather it, through several levels, and leaves them', async () => {
  await resources.create(clusterRoleKind, '', {
    metadata: { name: 'things-view', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
    rules: [{ verbs: ['get'], apiGroups: ['example.org'], resources: ['things'] }],
  });
  await settled('admin', 'things', true);
  expect(resourcesOf('view')).toContain('things');
  await resources.delete(clusterRoleKind, '', 'things-view');
  await settled('admin', 'things', false);
});

test('rules written by hand into a role that gathers are written over', async () => {
  await change('view', (object) => ({
    ...object,
    rules: [{ verbs: ['*'], apiGroups: [''], resources: ['secrets'] }],
  }));
  await settled('view', 'secrets', false);
  expect(resourcesOf('view')).toContain('nodes');
});
