// Owns that the versions of an object share what did not change between them: watchers keep old versions alive.
import { isPlainObject } from '@drover/api';

/** Gives back `before` itself when it is the same JSON, else `next` with the parts of `before` that are the same in it. */
export const sharing = <T>(before: unknown, next: T): T => {
  if (before === next) return next;
  if (Array.isArray(before) && Array.isArray(next)) {
    const items = next.map((item: unknown, i) => sharing(before[i], item));
    const isSame = items.length === before.length && items.every((item, i) => item === before[i]);
    return (isSame ? before : items) as T;
  }
  if (!isPlainObject(before) || !isPlainObject(next)) return next;
  const names = Object.keys(next);
  const parts: Record<string, unknown> = {};
  let isSame = names.length === Object.keys(before).length;
  for (const name of names) {
    const part = sharing(Object.hasOwn(before, name) ? before[name] : undefined, next[name]);
    parts[name] = part;
    isSame &&= Object.hasOwn(before, name) && part === before[name];
  }
  return (isSame ? before : parts) as T;
};
