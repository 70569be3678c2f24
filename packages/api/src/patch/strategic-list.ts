// Owns merging and ordering of lists in strategic merge patches (apimachinery strategicpatch).
// I1: items are told apart by their merge key, or by their value when they are primitives.
// I2: the order of the patch's items and the order of the others are each kept; where both are known from the
//     list as it was, that order interleaves them.
// I3: cost is linear (sorting aside) in the lengths of the lists.
import { isPlainObject, type JsonObject, refusePatch } from './json.ts';

export type List = readonly unknown[];

/** What becomes of an object of a patch's list. */
export interface ItemRules {
  /** Where its key is there. */
  merge(original: JsonObject, patch: JsonObject): JsonObject;
  /** Where it is new: as it is, without what may not be stored. */
  add(patch: JsonObject): JsonObject;
}

/** What tells an item apart, as text. Throws ApiError BadRequest for an item without its key. */
export const identify = (item: unknown, mergeKey: string): string => {
  if (!isPlainObject(item)) {
    if (Array.isArray(item)) return refusePatch('lists of lists cannot be merged');
    return JSON.stringify(item);
  }
  if (mergeKey === '') return refusePatch('a list of objects without a merge key cannot be merged');
  const key = Object.hasOwn(item, mergeKey) ? item[mergeKey] : undefined;
  if (key === undefined || typeof key === 'object') {
    return refusePatch(`an item of a merged list lacks its key "${mergeKey}"`);
  }
  return JSON.stringify(key);
};

const checkOneType = (lists: readonly List[]): void => {
  const types = new Set(lists.flat().map((item) => (isPlainObject(item) ? 'object' : typeof item)));
  if (types.size > 1) refusePatch('a merged list holds values of different types');
};

interface Split {
  /** Patch items that carry no directive. */
  readonly plain: readonly JsonObject[];
  readonly deleted: ReadonlySet<string>;
  readonly replace: boolean;
}

const splitDirectives = (patch: readonly JsonObject[], mergeKey: string): Split => {
  const plain: JsonObject[] = [];
  const deleted = new Set<string>();
  let replace = false;
  for (const item of patch) {
    const directive = item['$patch'];
    if (directive === undefined) plain.push(item);
    else if (directive === 'delete') deleted.add(identify(item, mergeKey));
    else if (directive === 'replace') replace = true;
    else refusePatch(`"$patch: ${String(directive).slice(0, 100)}" is not known in a list (delete, replace)`);
  }
  return { plain, deleted, replace };
};

const mergeObjects = (
  original: readonly JsonObject[],
  plain: readonly JsonObject[],
  mergeKey: string,
  rules: ItemRules,
) => {
  const result: JsonObject[] = [...original];
  const places = new Map<string, number>();
  for (const [i, item] of original.entries()) {
    // An item that is there without its key can never be meant.
    if (!Object.hasOwn(item, mergeKey)) continue;
    const id = identify(item, mergeKey);
    if (!places.has(id)) places.set(id, i);
  }
  for (const item of plain) {
    const id = identify(item, mergeKey);
    const place = places.get(id);
    const there = place === undefined ? undefined : result[place];
    if (place === undefined || there === undefined) places.set(id, result.push(rules.add(item)) - 1);
    else result[place] = rules.merge(there, item);
  }
  return result;
};

/** Position of each item in a list; the first counts. */
const positions = (list: List, mergeKey: string): ReadonlyMap<string, number> => {
  const found = new Map<string, number>();
  for (const [i, item] of list.entries()) {
    const id = identify(item, mergeKey);
    if (!found.has(id)) found.set(id, i);
  }
  return found;
};

/** Puts `merged` in order: items named in `order` along it, the others as in `original`, interleaved (I2). */
export const orderItems = (merged: List, order: List, original: List, mergeKey: string): List => {
  const wanted = positions(order, mergeKey);
  const before = positions(original, mergeKey);
  const ids = new Map(merged.map((item) => [item, identify(item, mergeKey)]));
  const idOf = (item: unknown): string => ids.get(item) ?? '';
  const place = (map: ReadonlyMap<string, number>, item: unknown) => map.get(idOf(item)) ?? merged.length;
  const named = merged
    .filter((item) => wanted.has(idOf(item)))
    .sort((a, b) => place(wanted, a) - place(wanted, b));
  const others = merged
    .filter((item) => !wanted.has(idOf(item)))
    .sort((a, b) => place(before, a) - place(before, b));
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const limit = before.get(idOf(item));
    while (limit !== undefined && next < others.length) {
      const position = before.get(idOf(others[next]));
      if (position === undefined || position >= limit) break;
      result.push(others[next]);
      next += 1;
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
};

const mergePrimitives = (original: List, patch: List): List =>
  orderItems([...new Set([...original, ...patch])], patch, original, '');

/** The list that results from merging `patch` into `original`, item by item. */
export const mergeLists = (original: List, patch: List, mergeKey: string, rules: ItemRules): List => {
  checkOneType([original, patch]);
  if (!isPlainObject(original[0] ?? patch[0])) return mergePrimitives(original, patch);
  // checkOneType has just seen that all items are objects.
  const { plain, deleted, replace } = splitDirectives(patch as readonly JsonObject[], mergeKey);
  if (replace) return plain.map(rules.add);
  const left = (original as readonly JsonObject[]).filter(
    (item) => !Object.hasOwn(item, mergeKey) || !deleted.has(identify(item, mergeKey)),
  );
  const merged = mergeObjects(left, plain, mergeKey, rules);
  return orderItems(merged, plain, left, mergeKey);
};

/** $deleteFromPrimitiveList: the original without the named values. */
export const deleteFromList = (original: List, remove: List): List => {
  if (remove.some((item) => typeof item === 'object'))
    refusePatch('$deleteFromPrimitiveList takes plain values');
  const gone = new Set(remove);
  return original.filter((item) => !gone.has(item));
};

/** $setElementOrder must name the patch's items, in the patch's order. */
export const checkElementOrder = (patch: List, order: List, mergeKey: string): void => {
  const items = patch.filter((item) => !(isPlainObject(item) && item['$patch'] === 'delete'));
  if (order.length === 0 || items.length === 0) return;
  let at = 0;
  for (const item of order) {
    const wanted = items[at];
    if (at < items.length && identify(item, mergeKey) === identify(wanted, mergeKey)) at += 1;
  }
  if (at < items.length) refusePatch('the order of a list does not match its $setElementOrder');
};

/**
 * The list as it was, as $setElementOrder looks at it: new items stand where deleted ones have made room, as
 * upstream has it.
 */
export const placesFor = (original: List, patch: List, mergeKey: string): List => {
  const directive = (item: unknown) => (isPlainObject(item) ? item['$patch'] : undefined);
  const gone = new Set(patch.filter((i) => directive(i) === 'delete').map((i) => identify(i, mergeKey)));
  if (gone.size === 0) return original;
  const left = original.filter((item) => !gone.has(identify(item, mergeKey)));
  const known = positions(left, mergeKey);
  const fresh = patch.filter((i) => directive(i) === undefined && !known.has(identify(i, mergeKey)));
  return [...left, ...fresh].slice(0, original.length);
};
