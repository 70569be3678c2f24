import { expect, test } from 'vitest';
import { takeControllers } from './controllers-option.ts';

test('each controller is named once, by name or address, with the port for agents', () => {
  expect(takeControllers({ controller: [] })).toEqual([]);
  expect(takeControllers({ controller: ['c1:7444', '[2001:db8::7]:7444', 'c1:7444'] })).toEqual([
    'c1:7444',
    '[2001:db8::7]:7444',
  ]);
});

test.each(['c1', 'c1:0', 'c1:70000', 'https://c1:7444', '2001:db8::7:7444', '[c1]:7444', 'c1:7444 '])(
  '--controller %j is refused, naming the option',
  (text) => {
    expect(() => takeControllers({ controller: [text] })).toThrow(`--controller must be like`);
  },
);
