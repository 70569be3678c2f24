// Owns the functions that expressions may call: CEL's own, its string extension, and Kubernetes' libraries. Others are
// refused when an expression is compiled: find and findAll (our
// RE2 only says whether it matches), optional values, format, semver. Only policies have an authorizer to ask.
// I1: every function pays for what it reads (budget.ts).
import {
  type CelFunc,
  CelScalar,
  type CelValue,
  celEnv,
  celError,
  celFunc,
  celListConcat,
  celMethod,
  isCelList,
  listType,
} from '@bufbuild/cel';
import { strings as stringExtension } from '@bufbuild/cel/ext';
import { matchesPattern, patternCost } from '../../custom/patterns.ts';
import { chargeDeep, exhausted, pay, sizeOf } from '../budget.ts';
import { fromCelType } from '../types.ts';
import { authorizers } from './authorizer.ts';
import type { Signature } from './declare.ts';
import { append, lists } from './lists.ts';
import { addresses, urls } from './network.ts';
import { quantities } from './quantity.ts';
import { strings } from './strings.ts';

/** Calls that an expression is rewritten to make; nobody can write them. */
export const tickName = 'drover_tick';
export const appendName = 'drover_append';

/** Functions that read their arguments with all that is in them. */
const deep = new Set(['_==_', '_!=_', '@in', 'format', 'join']);

const paying = (given: CelFunc): CelFunc => {
  const call: CelFunc['call'] = (id, target, args) => {
    const all = target === undefined ? args : [target, ...args];
    try {
      if (deep.has(given.name)) for (const value of all) chargeDeep(value);
      if (!pay(1 + costOf(given.name, all))) return celError(exhausted, id);
    } catch (error) {
      return celError(error, id);
    }
    return given.call(id, target, args);
  };
  return Object.create(given, { call: { value: call } }) as CelFunc; // the same, but for its call
};

/** A search for a text in a text may at worst compare them at every place. */
const searches = new Set(['contains', 'indexOf', 'lastIndexOf', 'split', 'replace']);

/** In steps: what is read, and what may be made of it. */
const costOf = (name: string, [first, second, third]: readonly CelValue[]): number => {
  const total = sizeOf(first) + sizeOf(second) + sizeOf(third);
  if (typeof first !== 'string') return total;
  if (name === 'matches' && typeof second === 'string') return patternCost(second, first) / 2;
  if (typeof second !== 'string' || !searches.has(name)) return total;
  const search = (first.length * second.length) / 256;
  return (
    total +
    search +
    (name === 'split' ? first.length / 4 : 0) +
    (typeof third === 'string' ? sizeOf(first) * third.length : 0)
  );
};

const list = listType(CelScalar.DYN);

const inner: readonly CelFunc[] = [
  celFunc(
    tickName,
    [CelScalar.DYN, CelScalar.INT],
    CelScalar.DYN,
    (goes, steps) => pay(Number(steps)) && goes === true,
  ),
  celMethod('matches', CelScalar.STRING, [CelScalar.STRING], CelScalar.BOOL, function (pattern) {
    return matchesPattern(pattern, this);
  }),
  celFunc(appendName, [list, list], list, append),
  // A chain of concatenations would be walked by recursion, as deep as it is long.
  celFunc('_+_', [list, list], list, (a, b) =>
    isCelList(a) && isCelList(b) ? [...a, ...b] : celListConcat(a, b),
  ),
];

const own = [...strings, ...lists, ...quantities, ...urls, ...addresses, ...authorizers];
const known: readonly CelFunc[] = [...celEnv().funcs, ...stringExtension].filter(
  ({ name }) => name !== 'strings.quote' && name !== 'replace',
);

/** These pay by themselves. */
const isRewritten = ({ name }: CelFunc): boolean => name === tickName || name === appendName;

/** The environment that all expressions run in. */
export const environment = celEnv({
  funcs: [...known, ...own.map((one) => one.func), ...inner].map((one) =>
    isRewritten(one) ? one : paying(one),
  ),
});

const toSignature = ({ name, target, arguments: args, result }: CelFunc): Signature => ({
  name,
  target: target && fromCelType(target),
  args: args.map(fromCelType),
  result: fromCelType(result),
});

/** By name. */
export const signatures: ReadonlyMap<string, readonly Signature[]> = Map.groupBy(
  [...known.map(toSignature), ...own.map(({ signature }) => signature)],
  ({ name }) => name,
);
