import { expect, test } from 'vitest';
import { mayWorkTogether } from './skew.ts';

test.each([
  ['0.1.0', '0.1.0', true],
  ['0.1.0', '0.1.7', true],
  ['0.1.0', '0.2.0', true],
  ['0.1.9', '0.2.0-rc.1', true],
  ['0.1.0', '0.3.0', false],
  ['0.9.2', '1.0.0', true],
  ['0.9.2', '1.1.0', false],
  ['1.9.0', '1.10.0', true],
  ['1.0.0', '3.0.0', false],
])('%s and %s: %s', (one, other, may) => {
  expect([mayWorkTogether(one, other), mayWorkTogether(other, one)]).toEqual([may, may]);
});
