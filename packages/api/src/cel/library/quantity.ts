// Owns quantities such as 500m and 2Gi (Kubernetes' resource.Quantity, and its quantity library).
// I1: values are exact: whole numbers of 10^-18.
import type { CelValue } from '@bufbuild/cel';
import { dyn, opaque, scalar } from '../types.ts';
import { type Declared, func, method, textOfOpaque, toOpaque } from './declare.ts';

const decimals = 18;
const one = 10n ** BigInt(decimals);

const suffixes: Readonly<Record<string, readonly [bigint, bigint]>> = {
  n: [1n, 10n ** 9n],
  u: [1n, 10n ** 6n],
  m: [1n, 1000n],
  '': [1n, 1n],
  k: [10n ** 3n, 1n],
  M: [10n ** 6n, 1n],
  G: [10n ** 9n, 1n],
  T: [10n ** 12n, 1n],
  P: [10n ** 15n, 1n],
  E: [10n ** 18n, 1n],
  Ki: [2n ** 10n, 1n],
  Mi: [2n ** 20n, 1n],
  Gi: [2n ** 30n, 1n],
  Ti: [2n ** 40n, 1n],
  Pi: [2n ** 50n, 1n],
  Ei: [2n ** 60n, 1n],
};

/** In units of 10^-18, rounded up as Kubernetes does; undefined when the text is no quantity. */
export const parseQuantity = (text: string): bigint | undefined => {
  const found = /^([+-]?)(\d{0,40})(?:\.(\d{0,40}))?(?:([eE][+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)$/.exec(
    text,
  );
  const [, sign = '', whole = '', fraction = '', exponent = '', suffix = ''] = found ?? [];
  if (found === null || (whole === '' && fraction === '')) return undefined;
  const [times, over] = suffixes[suffix] ?? [1n, 1n];
  const power = Number(exponent.slice(1) || 0);
  if (Math.abs(power) > 40) return undefined;
  const up = power > 0 ? 10n ** BigInt(power) : 1n;
  const down = (power < 0 ? 10n ** BigInt(-power) : 1n) * over * 10n ** BigInt(fraction.length);
  const value = BigInt(`${whole}${fraction}` || '0') * one * times * up;
  const rounded = (value + down - 1n) / down;
  return sign === '-' ? -rounded : rounded;
};

const quantity = opaque('quantity');
const [bool, int, string, double] = [scalar('bool'), scalar('int'), scalar('string'), scalar('double')];

const read = (value: CelValue | undefined): bigint => BigInt(textOfOpaque('quantity', value));
const write = (value: bigint): CelValue => toOpaque('quantity', String(value));

const parse = (text: CelValue | undefined): CelValue => {
  const value = parseQuantity(String(text));
  if (value === undefined) throw new Error(`"${String(text).slice(0, 100)}" is not a quantity`);
  return write(value);
};

const integer = (value: CelValue | undefined): bigint => {
  const units = read(value);
  if (units % one !== 0n) throw new Error('cannot convert value to integer');
  return units / one;
};

const compare = (a: CelValue | undefined, b: CelValue | undefined): bigint => {
  const [left, right] = [read(a), read(b)];
  return left < right ? -1n : left > right ? 1n : 0n;
};

/** An amount that is added: a quantity, or a whole number. */
const amount = (value: CelValue | undefined): bigint =>
  typeof value === 'bigint' ? value * one : read(value);

export const quantities: readonly Declared[] = [
  func('quantity', [string], quantity, parse),
  func('isQuantity', [string], bool, (text) => parseQuantity(String(text)) !== undefined),
  method('isInteger', quantity, [], bool, (value) => read(value) % one === 0n),
  method('asInteger', quantity, [], int, integer),
  method('asApproximateFloat', quantity, [], double, (value) => Number(read(value)) / Number(one)),
  method('sign', quantity, [], int, (value) => {
    const units = read(value);
    return units === 0n ? 0n : units > 0n ? 1n : -1n;
  }),
  method('compareTo', quantity, [quantity], int, compare),
  method('isLessThan', quantity, [quantity], bool, (a, b) => compare(a, b) < 0n),
  method('isGreaterThan', quantity, [quantity], bool, (a, b) => compare(a, b) > 0n),
  method('add', quantity, [dyn], quantity, (a, b) => write(read(a) + amount(b))),
  method('sub', quantity, [dyn], quantity, (a, b) => write(read(a) - amount(b))),
];
