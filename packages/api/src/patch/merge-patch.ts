// Owns JSON Merge Patch (RFC 7386).
import { isPlainObject, type Json, safeEntries, withDepth } from './json.ts';

const merge = (target: unknown, patch: unknown, depth: number): unknown => {
  if (!isPlainObject(patch)) return patch;
  withDepth(depth);
  const result = new Map(isPlainObject(target) ? safeEntries(target) : []);
  for (const [key, value] of safeEntries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, merge(result.get(key), value, depth + 1));
  }
  return Object.fromEntries(result);
};

/**
 * The target with the patch merged in: null removes, objects merge, all else replaces. Neither argument is
 * changed. Throws ApiError BadRequest for a patch deeper than 64 levels or one that sets `__proto__`.
 */
export const applyMergePatch = <T extends Json | object>(target: T, patch: unknown): unknown =>
  merge(target, patch, 0);
