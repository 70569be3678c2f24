import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Ground, handClock, openGround } from '../test-ground.ts';
import { createWaitingRoom } from './waiting-room.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const open = (name: string) => {
  const clock = handClock();
  const { pending } = ground.store;
  return { clock, room: createWaitingRoom<string>({ pending, name, clock, lifeMs: 100, most: 3 }) };
};
const anything = () => true;

it('gives what waits once, and only for what it was meant', async () => {
  const { room } = open('once');
  await room.add('k', 'mine');
  expect(await room.take('k', (value) => value === 'yours')).toBeUndefined();
  const taken = await Promise.all([room.take('k', anything), room.take('k', anything)]);
  expect(taken.sort()).toEqual(['mine', undefined]);
});

it('gives nothing that is over, and nothing of another room', async () => {
  const { clock, room } = open('over');
  await room.add('k', 'late');
  expect(await open('other').room.take('k', anything)).toBeUndefined();
  clock.advance(100);
  expect(await room.take('k', anything)).toBeUndefined();
});

it('holds as many as it may; the oldest give way', async () => {
  const { clock, room } = open('full');
  for (const key of ['a', 'b', 'c', 'd']) {
    await room.add(key, key);
    clock.advance(1);
  }
  const taken = await Promise.all(['a', 'b', 'd'].map((key) => room.take(key, anything)));
  expect(taken).toEqual([undefined, 'b', 'd']);
});
