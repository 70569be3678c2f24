import { type KubeObject, namespaceKind, resourceQuotaKind, serviceAccountKind } from '@drover/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { type Ground, openGround, until } from '../test-ground.ts';
import { runServiceAccountController, type ServiceAccountController } from './controller.ts';

let ground: Ground;
let controller: ServiceAccountController;
beforeEach(async () => {
  ground = await openGround();
  controller = runServiceAccountController({ ...ground, log: silentLog });
});
afterEach(async () => {
  await controller.close();
  await ground.close();
});

const find = (namespace: string): KubeObject | undefined =>
  ground.resources.find(serviceAccountKind, namespace, 'default');
const found = (namespace: string) => until(`${namespace} has its account`, () => find(namespace));
const makeNamespace = (name: string) => ground.resources.create(namespaceKind, '', { metadata: { name } });

it('every namespace has the account, those of the beginning too', async () => {
  await found('default');
  await makeNamespace('shop');
  await found('shop');
});

it('a deleted one comes back with another identity', async () => {
  const { uid } = (await found('default')).metadata;
  await ground.resources.delete(serviceAccountKind, 'default', 'default');
  await until('another', () => {
    const now = find('default')?.metadata.uid;
    return now !== undefined && now !== uid ? now : undefined;
  });
});

it('it does not hold up a namespace that is going', async () => {
  await makeNamespace('shop');
  await found('shop');
  await ground.resources.delete(namespaceKind, '', 'shop');
  await until('gone', () => ground.resources.find(namespaceKind, '', 'shop') === undefined || undefined);
});

it('a quota that leaves no room is obeyed, and the account comes once there is room', async () => {
  await found('default');
  const quota = { metadata: { name: 'none' }, spec: { hard: { 'count/serviceaccounts': '0' } } };
  await ground.resources.create(resourceQuotaKind, 'default', quota);
  await ground.resources.delete(serviceAccountKind, 'default', 'default');
  await expect(
    ground.resources.create(serviceAccountKind, 'default', { metadata: { name: 'other' } }),
  ).rejects.toThrow('quota');
  expect(find('default')).toBeUndefined();
  await ground.resources.delete(resourceQuotaKind, 'default', 'none');
  await found('default');
});
