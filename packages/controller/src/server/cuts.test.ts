import { userKind } from '@drover/api';
import { expect, test } from 'vitest';
import { createAuth } from '../auth/auth.ts';
import type { Identity } from '../auth/identity.ts';
import { silentLog } from '../platform/log.ts';
import { type Room, until, useRooms } from '../resources/test-room.ts';
import { createCuts } from './cuts.ts';

const rooms = useRooms();

/** Users that each have one thing open with a token of their own, and whom it was looked at since. */
const openGround = async (room: Room, names: readonly string[]) => {
  const { store, resources, clock } = room;
  const auth = createAuth({ store, resources, clock });
  const looked: string[] = [];
  const isStillGood = (identity: Identity): Promise<boolean> => {
    if (identity.kind === 'user') looked.push(identity.name);
    return auth.isStillGood(identity);
  };
  const cuts = createCuts({ auth: { isStillGood }, store, resources, log: silentLog });
  const ended: string[] = [];
  const tokens = new Map<string, string>();
  for (const name of names) {
    await resources.create(userKind, '', { metadata: { name }, spec: {} });
    const { token, id } = await auth.createToken(name, { description: 'test' });
    const identity = await auth.authenticate({ authorization: `Bearer ${token}` });
    cuts.hold(identity ?? null, () => ended.push(name));
    tokens.set(name, id);
  }
  await until(() => new Set(looked).size === names.length);
  return { cuts, ended, looked, tokens };
};

test('what a user has open ends when the user is disabled or deleted, and nobody else is looked at', async () => {
  const room = await rooms.fresh();
  const { cuts, ended, looked } = await openGround(room, ['ada', 'ben', 'eve']);
  await room.resources.modify(userKind, '', 'ada', (user) => ({ ...user, spec: { disabled: true } }));
  await until(() => ended.length === 1);
  // Changes are told in order: all that came before is over.
  looked.length = 0;
  await room.resources.delete(userKind, '', 'ben');
  await until(() => ended.length === 2);

  expect(ended).toEqual(['ada', 'ben']);
  expect(looked).toEqual(['ben']);
  cuts.close();
});

test('what is open ends with its token, also what was begun in the name of another', async () => {
  const room = await rooms.fresh();
  const { cuts, ended, tokens } = await openGround(room, ['ada', 'ben']);
  const credential = `token/${tokens.get('ada')}`;
  const asEve: Identity = { kind: 'user', name: 'eve', groups: [], impersonator: 'ada', credential };
  cuts.hold(asEve, () => ended.push('ada as eve'));
  cuts.hold(asEve, () => ended.push('over before'))();

  await room.store.credentials.remove(tokens.get('ada') ?? '');

  expect(ended).toEqual(['ada', 'ada as eve']);
  cuts.close();
});
