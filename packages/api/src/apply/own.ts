// Owns who manages what after a change (structured-merge-diff merge.Updater, apimachinery managedfields).
// I1: who changes a field manages it, and nobody else does any more; who applies the value it has shares it.
// I2: apply changes no field that another manages, unless forced; each such field is a conflict.
// I3: a field goes when its applier no longer applies it and nobody else manages it.
// I4: what the server alone decides (name, uid, versions, times) has no manager.
import type { SchemaNode } from '../patch/strategic-schema.ts';
import { type Comparison, compareObjects } from './compare.ts';
import { toFields } from './extract.ts';
import { difference, type FieldSet, type Fields, intersection, union, withoutTrees } from './field-set.ts';
import { type Manager, type ManagerName, type Managers, managerId } from './managers.ts';
import { mergeApplied } from './merge.ts';
import { removeFields, withNamedFields } from './remove.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const leaf: FieldSet = {};
const serverFields: FieldSet = {
  'f:apiVersion': leaf,
  'f:kind': leaf,
  'f:metadata': Object.fromEntries(
    [
      'name',
      'namespace',
      'creationTimestamp',
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
      'selfLink',
      'uid',
      'generation',
      'managedFields',
      'resourceVersion',
    ].map((field) => [`f:${field}`, leaf]),
  ),
};

/** The set without I4, and without metadata itself. */
export const withoutServerFields = (fields: Fields): Fields =>
  difference(withoutTrees(fields, serverFields), { 'f:metadata': leaf });

export interface Conflict extends ManagerName {
  readonly fields: Fields;
}

/** What others manage of what was changed. */
const conflictsOf = (managers: Managers, self: string, changed: Fields): readonly Conflict[] =>
  [...managers].flatMap(([id, manager]) => {
    const fields = id === self ? undefined : intersection(manager.fields, changed);
    return fields === undefined ? [] : [{ ...manager, fields }];
  });

/** Others no longer manage what was changed or removed. */
const withoutChanged = (managers: Managers, self: string, changed: Fields, removed: Fields): Managers =>
  new Map(
    [...managers].flatMap(([id, manager]): readonly (readonly [string, Manager])[] => {
      if (id === self) return [[id, manager]];
      const taken = intersection(manager.fields, changed);
      const fields = difference(difference(manager.fields, taken), removed);
      if (fields === manager.fields) return [[id, manager]];
      return fields === undefined ? [] : [[id, { ...manager, fields }]];
    }),
  );

const isSame = (a: Managers, b: Managers): boolean =>
  a.size === b.size && [...a].every(([id, manager]) => b.get(id) === manager);

const changedIn = ({ added, modified }: Comparison): Fields => withoutServerFields(union(added, modified));

export interface UpdateInput {
  readonly before: JsonObject;
  readonly after: JsonObject;
  readonly schema: SchemaNode;
  readonly managers: Managers;
  readonly by: ManagerName;
  readonly time: string;
  /** Keep the time of an entry whose fields stay: for who writes often. */
  readonly keepTime?: boolean;
}

/** The managers after an update (I1). The same map when nothing that is managed changed hands. */
export const ownUpdate = (input: UpdateInput): Managers => {
  const { before, after, schema, managers, by, time } = input;
  const compared = compareObjects(before, after, schema);
  const changed = changedIn(compared);
  const removed = withoutServerFields(compared.removed);
  if (changed === undefined && removed === undefined) return managers;
  const self = managerId(by);
  const had = managers.get(self);
  const fields = difference(union(had?.fields, changed), removed);
  const others = withoutChanged(managers, self, changed, removed);
  const result = new Map(others);
  const isKept = fields === had?.fields && (input.keepTime === true || changed === undefined);
  if (fields === undefined) result.delete(self);
  else if (!isKept) result.set(self, { ...by, fields, time });
  return isSame(result, managers) ? managers : result;
};

export interface ApplyInput {
  readonly live: JsonObject;
  readonly applied: JsonObject;
  readonly schema: SchemaNode;
  readonly managers: Managers;
  readonly by: ManagerName;
  readonly time: string;
  readonly force: boolean;
}

export type ApplyResult =
  | { readonly kind: 'conflicts'; readonly conflicts: readonly Conflict[] }
  | { readonly kind: 'applied'; readonly object: JsonObject; readonly managers: Managers };

/** What the merged object keeps of what its applier applied before (I3). */
const pruneLeft = (
  merged: JsonObject,
  { before, said }: { readonly before: Fields; readonly said: Fields },
  managers: Managers,
  schema: SchemaNode,
): JsonObject => {
  // What it still applies stays: where it applies all it did, there is nothing to take away.
  if (difference(before, said) === undefined) return merged;
  const named = (fields: Fields): Fields => withNamedFields(fields, schema);
  const fieldsOf = (object: JsonObject): Fields => named(toFields(object, schema));
  const last = named(before);
  const mergedFields = fieldsOf(merged);
  const bare = removeFields(merged, last, schema);
  let managed: Fields;
  for (const { fields } of managers.values()) managed = union(managed, fields);
  const unowned = difference(mergedFields, union(fieldsOf(bare), named(managed)));
  const owned = removeFields(merged, unowned, schema);
  const left = intersection(difference(mergedFields, fieldsOf(owned)), last);
  return removeFields(merged, left, schema);
};

/** What becomes of `live` when `by` applies `applied` (I2, I3); values of null in it mean absent. */
export const ownApply = (input: ApplyInput): ApplyResult => {
  const { live, applied, schema, by, time, force } = input;
  const self = managerId(by);
  const had = input.managers.get(self);
  // With the name and all: what holds it must not be pruned.
  const said = toFields(applied, schema);
  const managers = new Map(input.managers).set(self, { ...by, fields: said, time });
  // Two objects merge into an object.
  const merged = mergeApplied(live, applied, schema) as JsonObject;
  const object = pruneLeft(merged, { before: had?.fields, said }, managers, schema);
  const compared = compareObjects(live, object, schema);
  const changed = changedIn(compared);
  const conflicts = conflictsOf(managers, self, changed);
  if (!force && conflicts.length > 0) return { kind: 'conflicts', conflicts };
  const result = new Map(withoutChanged(managers, self, changed, withoutServerFields(compared.removed)));
  const fields = withoutServerFields(said);
  if (fields === undefined) result.delete(self);
  else result.set(self, { ...by, fields, time });
  return { kind: 'applied', object, managers: result };
};
