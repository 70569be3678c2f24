// Owns the rules of lists that have a type: items of a set, and keys of a map, are there once.
import type { Cause } from '../errors.ts';
import { isPlainObject } from '../patch/json.ts';
import { duplicate, required } from './causes.ts';
import type { Schema } from './schema.ts';

/** Equal values, and only they, have equal words. */
const wordOf = (value: unknown): string => {
  if (!isPlainObject(value))
    return Array.isArray(value) ? `[${value.map(wordOf).join()}]` : JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${wordOf(inner)}`).join()}}`;
};

const keyOf = (
  item: unknown,
  keys: readonly string[],
  items: Schema | undefined,
): Record<string, unknown> => {
  const fields = isPlainObject(item) ? item : {};
  const fieldOf = (key: string): unknown =>
    Object.hasOwn(fields, key) ? fields[key] : items?.properties?.[key]?.default;
  return Object.fromEntries(
    keys.map((key) => [key, fieldOf(key)] as const).filter(([, value]) => value !== undefined),
  );
};

export const listTypeCauses = (list: readonly unknown[], schema: Schema, path: string): readonly Cause[] => {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Set<string>();
  return list.flatMap((item, i): readonly Cause[] => {
    const at = `${path}[${i}]`;
    const key = type === 'set' ? item : keyOf(item, keys, schema.items);
    if (type === 'map' && Object.keys(key as object).length === 0) {
      return [required(at, `element must have at least one of its keys: ${keys.join(', ')}`)];
    }
    const word = wordOf(key);
    if (seen.has(word)) return [duplicate(at, key)];
    seen.add(word);
    return [];
  });
};
