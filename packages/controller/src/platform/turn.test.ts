import { expect, test } from 'vitest';
import { nextTurn } from './turn.ts';

test('who asks in one turn goes on with the others of it, in order; who asks later, later', async () => {
  const order: string[] = [];
  const ask = async (name: string): Promise<void> => {
    await nextTurn();
    order.push(`${name} goes on`);
  };
  const first = ask('a');
  const arrived = new Promise<void>((resolve) =>
    process.nextTick(() => {
      order.push('b arrives');
      resolve(ask('b'));
    }),
  );
  await first;
  await arrived;
  await ask('c');
  expect(order).toEqual(['b arrives', 'a goes on', 'b goes on', 'c goes on']);
});
