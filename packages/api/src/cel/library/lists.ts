// Owns functions of lists: those of Kubernetes' list and set libraries.
import { type CelList, type CelValue, celList, isCelList } from '@bufbuild/cel';
import { charge } from '../budget.ts';
import { dyn, listOf, scalar } from '../types.ts';
import { type Declared, method } from './declare.ts';

const list = listOf(dyn);

const itemsOf = (value: CelValue | undefined): readonly CelValue[] => {
  if (!isCelList(value)) throw new Error('no such overload: a list is needed');
  return [...value];
};

type Comparable = string | number | bigint | boolean;

const isComparable = (value: CelValue): value is Comparable =>
  ['string', 'number', 'bigint', 'boolean'].includes(typeof value);

const comparables = (value: CelValue | undefined): readonly Comparable[] =>
  itemsOf(value).map((item) => {
    if (isComparable(item)) return item;
    throw new Error('no such overload: the items cannot be compared');
  });

const best = (
  value: CelValue | undefined,
  isBetter: (a: Comparable, b: Comparable) => boolean,
  name: string,
) => {
  const items = comparables(value);
  const [first] = items;
  if (first === undefined) throw new Error(`${name} called on empty list`);
  return items.reduce((found, item) => (isBetter(item, found) ? item : found), first);
};

const sum = (value: CelValue | undefined): number | bigint => {
  const items = comparables(value);
  if (items.every((item) => typeof item === 'bigint')) return items.reduce((total, item) => total + item, 0n);
  return items.reduce<number>((total, item) => {
    if (typeof item === 'number') return total + item;
    throw new Error('no such overload: the items cannot be added');
  }, 0);
};

/** Equal for items that are equal: scalars only. */
const wordOf = (item: CelValue): string => {
  if (!isComparable(item)) throw new Error('no such overload: the items are not plain values');
  return typeof item === 'string' ? `s:${item}` : `n:${String(item)}`;
};

const position = (value: CelValue | undefined, item: CelValue | undefined, last: boolean): bigint => {
  if (item === undefined) return -1n;
  const words = itemsOf(value).map(wordOf);
  return BigInt(last ? words.lastIndexOf(wordOf(item)) : words.indexOf(wordOf(item)));
};

const int = scalar('int');
const bool = scalar('bool');

export const lists: readonly Declared[] = [
  method('isSorted', list, [], bool, (value) => {
    const items = comparables(value);
    return items.every((item, i) => i === 0 || (items[i - 1] ?? item) <= item);
  }),
  method('sum', list, [], dyn, sum),
  method('min', list, [], dyn, (value) => best(value, (a, b) => a < b, 'min')),
  method('max', list, [], dyn, (value) => best(value, (a, b) => a > b, 'max')),
  method('indexOf', list, [dyn], int, (value, item) => position(value, item, false)),
  method('lastIndexOf', list, [dyn], int, (value, item) => position(value, item, true)),
];

const growing = new WeakMap<CelList, CelValue[]>();

/** Adds to the list that a loop builds: in place, so that n items take n steps and not their square. */
export const append = (built: CelList, added: CelList): CelList => {
  charge(added.size);
  const known = growing.get(built);
  if (known !== undefined) {
    known.push(...added);
    return built;
  }
  const items = [...built, ...added];
  const made = celList(items);
  growing.set(made, items);
  return made;
};
