import { expect, test } from 'vitest';
import { createHold } from './hold.ts';

test('nothing is removed while somebody holds, and whoever holds waits for what is being removed', async () => {
  const hold = createHold();
  const removal = Promise.withResolvers<string>();
  const removing = hold.unlessHeld(() => removal.promise);
  let isHeld = false;
  const holding = hold.hold().then((release) => {
    isHeld = true;
    return release;
  });
  expect(await hold.unlessHeld(async () => 'gone')).toBeUndefined();
  expect(isHeld).toBe(false);
  removal.resolve('gone');
  expect(await removing).toBe('gone');
  const release = await holding;
  expect(await hold.unlessHeld(async () => 'gone')).toBeUndefined();
  release();
  expect(await hold.unlessHeld(async () => 'gone')).toBe('gone');
});
