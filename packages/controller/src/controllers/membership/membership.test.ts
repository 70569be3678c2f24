import { setTimeout as delay } from 'node:timers/promises';
import { leaseKind } from '@drover/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { type Ground, openGround, until } from '../test-ground.ts';
import { holderOf, leaderLease, leaseNameOf, leaseNamespace, newLease, toHeld } from './lease.ts';
import { type MembershipDeps, openMembership } from './membership.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

/** Its methods belong to it. */
const pick = (from: MembershipDeps['resources']): MembershipDeps['resources'] => ({
  find: (...asked) => from.find(...asked),
  list: (...asked) => from.list(...asked),
  create: (...asked) => from.create(...asked),
  modify: (...asked) => from.modify(...asked),
  delete: (...asked) => from.delete(...asked),
  watch: (...asked) => from.watch(...asked),
});
const open = (controller: string, address = `https://${controller}:7443`, version = '0.1.0') => {
  const { resources, clock } = ground;
  return openMembership({ resources, controller, address, version, clock, log: silentLog });
};
/** One whose renewals wait for something first. */
const openBehind = (controller: string, wait: () => Promise<unknown>) => {
  const { resources, clock } = ground;
  const modify: MembershipDeps['resources']['modify'] = async (...change) => {
    await wait();
    return resources.modify(...change);
  };
  const self = { controller, address: `https://${controller}:7443`, version: '0.1.0' };
  return openMembership({ resources: { ...pick(resources), modify }, ...self, clock, log: silentLog });
};
const holder = (): string => holderOf(ground.resources.get(leaseKind, leaseNamespace, leaderLease));

test('one leads at a time; when it retires the other does, at once, and who has left is alive no more', async () => {
  const [one, two] = [await open('one'), await open('two')];
  const told: string[] = [];
  for (const [name, { leadership }] of [['one', one] as const, ['two', two] as const])
    await leadership.during(() => {
      told.push(`begin ${name}`);
      return { close: () => void told.push(`end ${name}`) };
    });
  await one.compete();
  await two.compete();
  expect([one.leadership.isLeading, two.leadership.isLeading, holder()]).toEqual([true, false, 'one']);
  await until('both to see each other', () => one.addressOf('two') && two.addressOf('one'));
  expect(two.gone(['one', 'two', 'three'])).toEqual(['three']);

  await one.close();
  await until('the other to lead', () => two.leadership.isLeading || undefined);
  expect([holder(), two.gone(['one'])]).toEqual(['two', ['one']]);
  expect(told).toEqual(['begin one', 'end one', 'begin two']);
  await two.close();
  expect(holder()).toBe('');
});

test('where each renewal takes two seconds, a leader that is gone is known to be, and its lease is taken', async () => {
  const { resources, clock } = ground;
  const self = { address: 'https://dead:7443', version: '0.1.0' };
  for (const lease of [newLease(leaseNameOf('dead'), self), newLease(leaderLease)]) {
    await resources.delete(leaseKind, leaseNamespace, lease.metadata.name ?? '').catch(() => undefined);
    await resources.create(leaseKind, leaseNamespace, toHeld(lease, 'dead', clock.nowMs()));
  }
  const slow = await openBehind('slow', () => delay(2_000));
  await until('it to see the other', () => slow.addressOf('dead'));
  await slow.compete();

  await until('the other to be gone', () => (slow.gone(['dead']).length > 0 ? true : undefined));
  await until('the lease to be taken', () => (holder() === 'slow' ? true : undefined));
  await slow.close();
}, 40_000);

test('while nothing is answered, and right after it, nobody is taken for gone', async () => {
  let answers: Promise<unknown> = Promise.resolve();
  const [one, two] = [await openBehind('one', () => answers), await openBehind('two', () => answers)];
  await until('both to see each other', () => one.addressOf('two') && two.addressOf('one'));
  const gone = new Set<string>();
  const watching = setInterval(() => {
    for (const name of [...one.gone(['two']), ...two.gone(['one'])]) gone.add(name);
  }, 5);

  answers = delay(5_000);
  await answers;
  await delay(2_000); // right after it, too: there is no condition to wait for
  clearInterval(watching);

  expect([...gone]).toEqual([]);
  await Promise.all([one.close(), two.close()]);
}, 40_000);

test('a second controller of the same id is refused while the first is there, and let in when it is not', async () => {
  const first = await open('same');
  await expect(open('same', 'https://elsewhere:7443')).rejects.toMatchObject({
    reason: 'ServiceUnavailable',
    message: expect.stringContaining('at https://same:7443; if this data directory is a copy'),
  });
  await first.close();
  const second = await open('same', 'https://elsewhere:7443');
  await until('its address to be known', () => second.addressOf('same'));
  await second.close();
});

test('one of the next version joins, and all know who is of which; one of the version after that is refused', async () => {
  const old = await open('old');
  await old.compete();
  const next = await open('next', 'https://next:7443', '0.2.0');
  const [address, leads] = ['https://old:7443', true];
  await until('both to be known', () => (next.members().length === 2 ? true : undefined));
  expect(next.members()).toEqual([
    { controller: 'next', address: 'https://next:7443', version: '0.2.0', leads: false },
    { controller: 'old', address, version: '0.1.0', leads },
  ]);

  await expect(open('far', 'https://far:7443', '0.3.0')).rejects.toThrow(
    /version 0\.1\.0 serves at https:\/\/old:7443, and this is 0\.3\.0/,
  );
  await old.close();
  const far = await open('far', 'https://far:7443', '0.3.0');
  await far.close();
  await next.close();
});
