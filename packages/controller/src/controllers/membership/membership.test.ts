import { leaseKind } from '@drover/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { type Ground, openGround, until } from '../test-ground.ts';
import { holderOf, leaderLease, leaseNamespace } from './lease.ts';
import { openMembership } from './membership.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const open = (controller: string, address = `https://${controller}:7443`, version = '0.1.0') => {
  const { resources, clock } = ground;
  return openMembership({ resources, controller, address, version, clock, log: silentLog });
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
