import { expect, test } from 'vitest';
import { parseTarget } from './ssh-target.ts';

test('targets are read with user, port and IPv6', () => {
  expect(parseTarget('root@web1')).toMatchObject({ user: 'root', host: 'web1', port: 22 });
  expect(parseTarget('a@10.0.0.1:2222')).toMatchObject({ user: 'a', host: '10.0.0.1', port: 2222 });
  expect(parseTarget('a@[2001:db8::1]:2222')).toMatchObject({ host: '2001:db8::1', port: 2222 });
  for (const bad of ['', 'a@', 'a@b:0', 'a@b:99999', 'a@2001:db8::1', 'a b@c', 'a@-x y'])
    expect(() => parseTarget(bad)).toThrow('cannot use');
});
