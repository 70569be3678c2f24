import { argon2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkPassword, createHasher } from './password.ts';

test('a password has ten characters or more, and is none of those that are guessed first', () => {
  for (const good of ['correct horse', '密码密码密码密码密码', 'xK9$mmmmmm']) checkPassword(good);
  expect(() => checkPassword('short')).toThrow('at least 10 characters');
  expect(() => checkPassword('x'.repeat(513))).toThrow('at most 512 characters');
  expect(() => checkPassword('Password123')).toThrow('guessed first');
});

test('what is kept is an argon2id hash with its parameters, and another salt each time', async () => {
  const hasher = createHasher();
  const [one, two] = [await hasher.hash('correct horse'), await hasher.hash('correct horse')];
  expect(one).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=4\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(one).not.toBe(two);
  expect(await hasher.verify('correct horse', one)).toBe(true);
  expect(await hasher.verify('correct horsf', one)).toBe(false);
  expect(await hasher.verify('correct horse', undefined)).toBe(false);
  expect(await hasher.verify('correct horse', '$argon2id$v=19$m=99999999,t=1,p=1$AAAA$AAAA')).toBe(false);
});

test('a hash with other parameters is verified by them', async () => {
  const nonce = Buffer.from('saltsaltsaltsalt');
  const cost = { memory: 1024, passes: 2, parallelism: 1, tagLength: 32 };
  const tag = argon2Sync('argon2id', { ...cost, nonce, message: 'correct horse' });
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  const hash = `$argon2id$v=19$m=1024,t=2,p=1$${text(nonce)}$${text(tag)}`;
  expect(await createHasher().verify('correct horse', hash)).toBe(true);
});

test('the same characters in another composition are the same password', async () => {
  const hasher = createHasher();
  expect(await hasher.verify('Ame\u0301lie in Paris', await hasher.hash('Am\u00e9lie in Paris'))).toBe(true);
});

test('of very many that sign in at one moment the last are told to come again', async () => {
  const hasher = createHasher({ memory: 64, passes: 1, parallelism: 1 });
  const all = await Promise.allSettled(Array.from({ length: 40 }, () => hasher.verify('x', undefined)));
  const refused = all.filter((one) => one.status === 'rejected');
  expect(refused).toHaveLength(40 - 34);
  expect(refused[0]?.reason).toMatchObject({ reason: 'TooManyRequests' });
});
