import { expect, test } from 'vitest';
import { parseAddress, withoutPassword } from './store/postgres/address.ts';
import { parseContentBounds, takeStore } from './store-option.ts';

test('of several servers each has its own port, and all the same database and user', () => {
  const servers = parseAddress('postgres://drover@db1,db2:5433/fleet?sslmode=disable');

  expect(servers.map(({ host, port, database, user }) => [host, port, database, user])).toEqual([
    ['db1', undefined, 'fleet', 'drover'],
    ['db2', 5433, 'fleet', 'drover'],
  ]);
});

test('a way through a network that others could read is refused with what to add', () => {
  for (const url of [
    'postgres://db1/fleet',
    'postgres://db1/fleet?sslmode=require',
    'postgres://127.0.0.1,db2/f',
  ])
    expect(() => parseAddress(url)).toThrow(/would not be encrypted and checked; add \?sslmode=verify-full/);
  expect(parseAddress('postgres:///fleet?host=/run/postgresql')).toHaveLength(1);
  expect(parseAddress('postgres://127.0.0.1/fleet')).toHaveLength(1);
});

test('what is no address of a database is refused', () => {
  expect(() => takeStore({ store: 'mysql://db/fleet' }, {})).toThrow(/must begin with postgres:\/\//);
  expect(() => takeStore({ store: 'postgres://127.0.0.1/f' }, { DROVER_STORE: 'postgres://::1/f' })).toThrow(
    /only one may be given/,
  );
});

test('the address leaves the environment, and is shown without its password', () => {
  const environment = { DROVER_STORE: 'postgres://drover:planted@127.0.0.1/fleet' };

  const url = takeStore({}, environment);

  expect(environment).toEqual({});
  expect(withoutPassword(url ?? '')).toBe('postgres://drover@127.0.0.1/fleet');
});

test('the bounds of content are whole GiB, and a wrong one is refused by its name', () => {
  const parse = (content: string, cache: string) =>
    parseContentBounds({ 'content-gib': content, 'content-cache-gib': cache });

  expect(parse('2', '0')).toEqual({ contentBytes: 2 * 1024 ** 3, cacheBytes: 0 });
  expect(() => parse('0', '1')).toThrow(/--content-gib must be a whole number from 1/);
  expect(() => parse('1', 'much')).toThrow(/--content-cache-gib must be .*not "much"/);
});
