import { expect, test } from 'vitest';
import { CredentialMemory } from './credential-memory.ts';
import type { CredentialRow } from './store.ts';

const row = (id: string): CredentialRow => ({
  id,
  kind: 'token',
  sha256: `hash of ${id}`,
  user: 'ada',
  userUid: '',
  description: '',
  createdAtMs: 1,
  expiresAtMs: 0,
  lastUsedMs: 0,
  details: {},
});

/** A memory beside rows that take their time to be read. */
const ground = (ids: readonly string[]) => {
  const rows = new Map(ids.map((id) => [row(id).sha256, row(id)]));
  const reads: string[] = [];
  const memory = new CredentialMemory();
  const find = (id: string) =>
    memory.find(row(id).sha256, (hash) => {
      reads.push(id);
      return Promise.resolve(rows.get(hash));
    });
  const remove = (id: string): void => {
    rows.delete(row(id).sha256);
    memory.forget(id);
  };
  return { find, remove, reads };
};

test('what is there is read once, what is not there each time', async () => {
  const { find, reads } = ground(['a']);
  for (let turn = 0; turn < 3; turn++) {
    expect(await find('a')).toEqual(row('a'));
    expect(await find('guess')).toBeUndefined();
  }
  expect(reads).toEqual(['a', 'guess', 'guess', 'guess']);
});

test('a row that is removed while it is read is not kept', async () => {
  const { find, remove } = ground(['a', 'b']);
  await find('b');
  const [asked] = [find('a'), remove('a'), remove('b')];
  await asked;
  expect([await find('a'), await find('b')]).toEqual([undefined, undefined]);
});

test('of more rows than it holds the one that was read first goes', async () => {
  const ids = Array.from({ length: 4_097 }, (_, number) => `t${number}`);
  const { find, reads } = ground(ids);
  for (const id of ids) await find(id);
  reads.length = 0;
  await find('t4096');
  await find('t1');
  await find('t0');
  expect(reads).toEqual(['t0']);
});
