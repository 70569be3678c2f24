import { expect, it } from 'vitest';
import { handClock } from '../test-ground.ts';
import { createWaitingRoom } from './waiting-room.ts';

const open = () => {
  const clock = handClock();
  return { clock, room: createWaitingRoom<string>({ clock, lifeMs: 100, most: 3 }) };
};
const anything = () => true;

it('gives what waits once, and only for what it was meant', () => {
  const { room } = open();
  room.add('k', 'mine');
  expect(room.take('k', (value) => value === 'yours')).toBeUndefined();
  expect([room.take('k', anything), room.take('k', anything)]).toEqual(['mine', undefined]);
});

it('gives nothing that is over', () => {
  const { clock, room } = open();
  room.add('k', 'late');
  clock.advance(100);
  expect(room.take('k', anything)).toBeUndefined();
});

it('holds as many as it may; the oldest give way', () => {
  const { room } = open();
  for (const key of ['a', 'b', 'c', 'd']) room.add(key, key);
  expect(['a', 'b', 'd'].map((key) => room.take(key, anything))).toEqual([undefined, 'b', 'd']);
});
