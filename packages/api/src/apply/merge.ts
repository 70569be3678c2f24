// Owns laying an applied object over the one that is there (structured-merge-diff Merge).
// I1: nothing is removed; a leaf that both have is the applied one's.
// I2: items that only the present list has keep their places, the applied items come in the order applied.
import { itemSchema, memberSchema, type SchemaNode } from '../patch/strategic-schema.ts';
import { asList, asMap, commonShape, isEmptyContainer, itemsByStep } from './shape.ts';

const mergeMaps = (present: unknown, applied: unknown, schema: SchemaNode): unknown => {
  const result: Record<string, unknown> = { ...asMap(present) };
  for (const [key, value] of Object.entries(asMap(applied))) {
    const had = Object.hasOwn(result, key) ? result[key] : undefined;
    result[key] = mergeApplied(had, value, memberSchema(schema, key));
  }
  return result;
};

/** The order of the steps of both lists (I2): a present step that is not applied stays behind the one before it. */
const orderSteps = (present: readonly string[], applied: readonly string[]): readonly string[] => {
  const isApplied = new Set(applied);
  const isPresent = new Set(present);
  const shared = applied.filter((step) => isPresent.has(step));
  const done = new Set<string>();
  const order: string[] = [];
  let [at, next, turn] = [0, 0, 0];
  while (at < present.length || next < applied.length) {
    const [here, there] = [present[at], applied[next]];
    const isKept = here !== undefined && !isApplied.has(here);
    if (isKept) order.push(here);
    // A present item that is applied too comes when it is its turn in the applied order.
    const isLater = here !== there && there !== undefined && turn < shared.length && shared[turn] !== here;
    if (isKept || (here !== undefined && isLater)) {
      at += 1;
      continue;
    }
    if (here !== undefined && (here === there || done.has(here))) at += 1;
    if (there === undefined) continue;
    order.push(there);
    done.add(there);
    next += 1;
    if (shared[turn] === there) turn += 1;
  }
  return order;
};

const mergeLists = (
  present: readonly unknown[],
  applied: readonly unknown[],
  keys: readonly string[],
  items: SchemaNode,
): readonly unknown[] => {
  const [had, wanted] = [itemsByStep(present, keys, items), itemsByStep(applied, keys, items)];
  return orderSteps([...had.keys()], [...wanted.keys()]).flatMap((step) => {
    const [old = [], now] = [had.get(step), wanted.get(step)];
    if (now === undefined) return old;
    return [mergeApplied(old.length === 1 ? old[0] : undefined, now[0], items)];
  });
};

/** `present` with `applied` laid over it. Neither is changed; the result may share parts with both. */
export const mergeApplied = (present: unknown, applied: unknown, schema: SchemaNode): unknown => {
  if (applied === undefined) return present;
  if (present === undefined || present === null) return applied;
  const shape = commonShape(present, applied, schema);
  if (shape === undefined || shape.kind === 'leaf') return applied;
  if (isEmptyContainer(present) && isEmptyContainer(applied)) return applied;
  if (shape.kind === 'map') return mergeMaps(present, applied, schema);
  return mergeLists(asList(present), asList(applied), shape.keys, itemSchema(schema));
};
