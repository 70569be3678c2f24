import { expect, test } from 'vitest';
import { takeKeySource } from './key-source-option.ts';

test('a start says in one way where the key comes from, or not at all', () => {
  expect(takeKeySource({}, {})).toBeUndefined();
  expect(takeKeySource({ 'secrets-key-file': '/k' }, {})).toEqual({ kind: 'file', path: '/k' });
  expect(takeKeySource({ 'secrets-passphrase-file': '/p' }, {})).toEqual({
    kind: 'passphrase-file',
    path: '/p',
  });
  expect(takeKeySource({ 'secrets-key-command': '["a","b c"]' }, {})).toEqual({
    kind: 'command',
    argv: ['a', 'b c'],
  });
  expect(() => takeKeySource({ 'secrets-key-file': '/k', 'secrets-passphrase-file': '/p' }, {})).toThrow(
    /only one may be given/,
  );
});

test('a passphrase is taken out of the environment', () => {
  const environment = { DROVER_SECRETS_PASSPHRASE: 'correct horse battery staple', PATH: '/bin' };

  expect(takeKeySource({}, environment)).toEqual({
    kind: 'passphrase',
    passphrase: 'correct horse battery staple',
  });
  expect(environment).toEqual({ PATH: '/bin' });
});

test.each(['cat /k', '[]', '{}', '["a",1]', '[""]'])('%s is no command', (text) => {
  expect(() => takeKeySource({ 'secrets-key-command': text }, {})).toThrow(/JSON list of words/);
});
