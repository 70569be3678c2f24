import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Ground, type HandClock, handClock, openGround } from '../test-ground.ts';
import { openSlowing, type Slowing } from './slowing.ts';

let ground: Ground;
let clock: HandClock;
let slowing: Slowing;
const home = '192.0.2.1';

beforeAll(async () => {
  ground = await openGround();
});
beforeEach(async () => {
  await ground.store.factors.removeTries((await ground.store.factors.tries()).map(({ key }) => key));
  clock = handClock();
  slowing = await open();
});
afterAll(() => ground.close());

const open = () => openSlowing({ factors: ground.store.factors, clock });

/** Seconds that a try has to wait; 0: it was let through (and counts). */
const attempt = async (account: string, address = home): Promise<number> => {
  const refused = await slowing.begin(account, address).then(
    () => undefined,
    (error: { readonly details?: { readonly retryAfterSeconds?: number } }) => error,
  );
  return refused?.details?.retryAfterSeconds ?? 0;
};

test('the wait doubles from the fourth failure on, up to a quarter of an hour', async () => {
  const waits: number[] = [];
  for (let count = 0; count < 20; count++) {
    const wait = await attempt('alice');
    waits.push(wait);
    clock.advance(wait * 1000);
    if (wait > 0) expect(await attempt('alice')).toBe(0);
  }
  expect(waits.slice(0, 9)).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16]);
  expect(Math.max(...waits)).toBe(900);
});

test('of many that are sent at once no more get through', async () => {
  const all = await Promise.all(Array.from({ length: 50 }, () => attempt('alice')));
  expect(all.filter((wait) => wait === 0)).toHaveLength(4);
});

test('a right one takes back what its address failed of the account', async () => {
  for (let count = 0; count < 3; count++) await attempt('alice');
  await (await slowing.begin('alice', home)).succeeded();
  for (let count = 0; count < 4; count++) expect(await attempt('alice')).toBe(0);
});

test('a right password without its code takes back itself only', async () => {
  for (let count = 0; count < 3; count++) await attempt('alice');
  await (await slowing.begin('alice', home)).undo();
  expect([await attempt('alice'), await attempt('alice')]).toEqual([0, 1]);
});

test('guessing from many addresses slows all but those the owner signs in from', async () => {
  await (await slowing.begin('alice', home)).succeeded();
  let longest = 0;
  for (let host = 1; host < 60; host++)
    longest = Math.max(longest, await attempt('alice', `198.51.100.${host}`));
  expect(longest).toBeGreaterThan(0);
  expect(await attempt('alice', '203.0.113.1')).toBeLessThanOrEqual(30);
  expect(await attempt('alice', home)).toBe(0);
});

test('an address that tries many names is slowed, and another is not', async () => {
  let refused = 0;
  for (let count = 0; count < 30; count++) refused += (await attempt(`user${count}`)) > 0 ? 1 : 0;
  expect(refused).toBe(9);
  expect(await attempt('user31', '192.0.2.77')).toBe(0);
});

test('a restart forgives nothing, a day does, and no name is kept', async () => {
  for (let count = 0; count < 4; count++) await attempt('hunter2-typed-as-a-name');
  slowing = await open();
  expect(await attempt('hunter2-typed-as-a-name')).toBe(1);
  expect(JSON.stringify(await ground.store.factors.tries())).not.toContain('hunter2');
  clock.advance(86_400_000);
  expect(await attempt('hunter2-typed-as-a-name')).toBe(0);
});
