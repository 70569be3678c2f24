// Owns what the patches share: plain objects, copies that cannot touch prototypes, bounded depth.
// I1: no key named `__proto__` is ever assigned; a patch that has one is refused.
import { ApiError } from '../errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, unknown>>;

/** Deepest nesting of a patch or object. */
export const maxDepth = 64;

export const isPlainObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const refusePatch = (why: string): never => {
  throw new ApiError('BadRequest', `cannot apply the patch: ${why}`);
};

export const withDepth = (depth: number): void => {
  if (depth > maxDepth) refusePatch(`nested deeper than ${maxDepth} levels`);
};

/** Own entries; refuses the one key that is not plain data. */
export const safeEntries = (value: JsonObject): readonly (readonly [string, unknown])[] => {
  if (Object.hasOwn(value, '__proto__')) refusePatch('"__proto__" is not a field');
  return Object.entries(value);
};

/** Deep equality of JSON values; the order of keys does not matter. */
export const isEqualJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqualJson(item, b[i]));
  }
  if (!isPlainObject(a) || !isPlainObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqualJson(a[key], b[key]))
  );
};
