// What looks for planted secrets finds them, and does not take an empty place for a clean one.
import { expect, test } from 'vitest';
import { Planted } from '../harness/planted.ts';

const secret = 'correct "horse"\\ battery/+ä';
const planted = new Planted();
planted.plant('a password', secret);
planted.plant('a code', '482913');

test.each([
  ['as it is', `x ${secret} y`],
  ['in JSON', JSON.stringify({ msg: `is ${secret}` })],
  ['in JSON within JSON', JSON.stringify({ msg: JSON.stringify({ text: secret }) })],
  ['in an address', `/sign-in?link=${encodeURIComponent(secret)}&next=/`],
  ['in a form', `user=a&${new URLSearchParams({ password: secret })}`],
  ['in base64', Buffer.from(secret).toString('base64')],
  ['in base64', Buffer.from(`user:${secret}:more`).toString('base64')],
  ['in base64', Buffer.from(`user1:${secret}`).toString('base64')],
  ['in base64', Buffer.from(`user12:${secret}`).toString('base64')],
  ['in base64url', Buffer.from(`user:${secret}`).toString('base64url')],
])('finds a secret %s: %s', (_, text) => {
  expect(planted.toldInAny({ 'x.log': text })).toContainEqual(expect.stringContaining('x.log: a password'));
});

test('finds a code of an app, and does not take a time or a hash for it', () => {
  const found = ['x.log: a code, as it is'];
  expect(planted.toldInAny({ 'x.log': '{"code":"482913"}' })).toEqual(found);
  expect(planted.toldInAny({ 'x.log': 'code=482913&next=' })).toEqual(found);
  expect(planted.toldInAny({ 'x.log': '1482913000 a482913f 0.482913' })).toEqual([]);
});

test('finds nothing but what was planted, and where it is shown on purpose nothing either', () => {
  expect(planted.toldInAny({ 'x.log': 'correct horse' })).toEqual([]);
  const shown = new Planted();
  shown.plant('a link', 'one-time-link', 'stdout.log');
  const places = { 'stdout.log': 'one-time-link', 'controller.log': 'one-time-link' };
  expect(shown.toldInAny(places)).toEqual(['controller.log: a link, as it is']);
});

test('an empty place, and a search for nothing, fail', () => {
  expect(() => planted.toldInAny({ 'x.log': '\n' })).toThrow('cannot look into x.log: it is empty');
  expect(() => new Planted().toldInAny({ 'x.log': 'x' })).toThrow('nothing was');
  expect(() => new Planted().plant('a token', '')).toThrow('too short');
});
