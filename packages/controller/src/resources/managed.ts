// Owns metadata.managedFields of what is written: whether fields are tracked, for whom, and that it costs little.
// I1: tracking begins when somebody with a name creates the object, or first applies it; as in Kubernetes, an object that
//     nobody manages is changed without. So what the controllers make, thousands of nodes say, carries nothing.
// I2: the controllers of this process are one manager; its entry changes only with the set of its fields.
// I3: equal sets are one object in memory.
import {
  applyFields,
  conflictError,
  isEqualJson,
  isPlainObject,
  type Kind,
  type KubeObject,
  type ManagedFields,
  type Manager,
  type ManagerName,
  type Managers,
  managerId,
  ownUpdate,
  parseManagedFields,
  schemaOf,
  storedApiVersionOf,
  toManagedFields,
  toManagers,
} from '@drover/api';
import type { ObjectName } from './errors.ts';

/** Who the controllers of this process are (I2). */
const ownManager = 'drover';
/** Whose the fields are that were there before tracking began; Kubernetes' name for it. */
const beforeApply = 'before-first-apply';

const maxSharedSets = 1024;
/** Larger sets are rarely equal. */
const maxSharedChars = 2048;
const shared = new Map<string, unknown>();

/** I3. */
const share = (set: unknown): unknown => {
  const key = JSON.stringify(set);
  if (key.length > maxSharedChars) return set;
  const known = shared.get(key);
  if (known !== undefined) return known;
  if (shared.size >= maxSharedSets) shared.clear();
  shared.set(key, set);
  return set;
};

const sharing = (entries: ManagedFields | undefined): ManagedFields | undefined =>
  entries?.map((entry) => ({ ...entry, fieldsV1: share(entry['fieldsV1']) }));

/** The object with these entries, and no others. */
export const withManaged = (object: KubeObject, entries: ManagedFields | undefined): KubeObject => {
  if (object.metadata.managedFields === entries) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: entries === undefined ? metadata : { ...metadata, managedFields: entries } };
};

/** The object with its sets shared (I3); the object itself when it has none. */
export const withSharedSets = (object: KubeObject): KubeObject =>
  object.metadata.managedFields === undefined
    ? object
    : withManaged(object, sharing(object.metadata.managedFields));

const fieldsOf = (kind: Kind, managers: Managers): ManagedFields | undefined =>
  sharing(toManagedFields(managers, storedApiVersionOf(kind)));

/** Versions of a custom kind are the same but for their name: a manager of one is a manager of all. */
const isOwnVersion =
  (kind: Kind) =>
  (apiVersion: unknown): boolean =>
    kind.custom === undefined
      ? apiVersion === storedApiVersionOf(kind)
      : String(apiVersion).startsWith(`${kind.group}/`);

export interface Change {
  /** Of the controllers when undefined. */
  readonly manager: string | undefined;
  readonly subresource: string | undefined;
  readonly time: string;
}

const updaterOf = ({ manager = ownManager, subresource = '' }: Change): ManagerName => ({
  manager,
  operation: 'Update',
  subresource,
});

const nothing = { metadata: {} };

const createdBy = (kind: Kind, object: KubeObject, by: ManagerName, time: string): Managers =>
  ownUpdate({ before: nothing, after: object, schema: schemaOf(kind), managers: new Map(), by, time });

/** The names of all fields, with their lengths so that no two shapes have one text; undefined where values count too. */
const shapeOf = (value: unknown): string | undefined => {
  if (typeof value !== 'object') return value === undefined ? undefined : '.';
  // Items of lists are known by what they hold.
  if (!isPlainObject(value)) return undefined;
  let text = '{';
  for (const name of Object.keys(value)) {
    const inner = shapeOf(value[name]);
    if (inner === undefined) return undefined;
    text += `${name.length}:${name}${inner}`;
  }
  return `${text}}`;
};

const createdSets = new WeakMap<Kind, Map<string, Manager['fields']>>();

/** The fields of a new object. Who creates many creates them alike: what a shape has is remembered. */
const createdFields = (kind: Kind, object: KubeObject, by: ManagerName): Manager['fields'] => {
  const find = () => {
    const [made] = createdBy(kind, object, by, '').values();
    return made && (share(made.fields) as Manager['fields']); // the same, or one that is equal
  };
  const shape = shapeOf(object);
  if (shape === undefined || shape.length > maxSharedChars) return find();
  const known = createdSets.get(kind) ?? new Map<string, Manager['fields']>();
  createdSets.set(kind, known);
  if (!known.has(shape)) {
    if (known.size >= maxSharedSets) known.clear();
    known.set(shape, find());
  }
  return known.get(shape);
};

/** A new object with its first manager (I1). */
export const trackCreated = (kind: Kind, object: KubeObject, change: Change): KubeObject => {
  if (change.manager === undefined) return object;
  const by = updaterOf(change);
  const fields = createdFields(kind, object, by);
  const managers = new Map([[managerId(by), { ...by, fields, time: change.time }]]);
  return withManaged(object, toManagedFields(managers, storedApiVersionOf(kind)));
};

/** What an update says of the managers (`given`), unless that is what they are. */
const saidOf = (
  live: unknown,
  given: unknown,
  { subresource }: Change,
): ManagedFields | 'reset' | undefined => {
  // A subresource is no place to say who manages what.
  const isSaid = subresource === undefined && given !== live && !isEqualJson(given, live);
  return isSaid ? parseManagedFields(given) : undefined;
};

/** `object`, the new form of `current`, with its managers. `given`: metadata.managedFields as the update has it. */
export const trackUpdated = (
  kind: Kind,
  current: KubeObject,
  object: KubeObject,
  given: unknown,
  change: Change,
): KubeObject => {
  const live = current.metadata.managedFields;
  const said = saidOf(live, given, change);
  if (said === 'reset' || (said ?? live) === undefined) return withManaged(object, undefined);
  const managers = toManagers(said ?? live, isOwnVersion(kind));
  const after = ownUpdate({
    before: current,
    after: object,
    schema: schemaOf(kind),
    managers,
    by: updaterOf(change),
    time: change.time,
    keepTime: change.manager === undefined,
  });
  if (after === managers && said === undefined) return withManaged(object, live);
  const entries = fieldsOf(kind, after);
  return withManaged(object, isEqualJson(entries, live) ? live : entries);
};

export interface Apply {
  readonly manager: string;
  readonly subresource: string | undefined;
  readonly force: boolean;
  readonly time: string;
}

const applierOf = ({ manager, subresource = '' }: Apply): ManagerName => ({
  manager,
  operation: 'Apply',
  subresource,
});

/** Without times: who applies the same again has changed nothing. */
const timeless = (entries: ManagedFields | undefined) => entries?.map(({ time: _, ...entry }) => entry);

export interface Applied {
  /** What the object becomes, not yet validated. */
  readonly object: Readonly<Record<string, unknown>>;
  readonly managedFields: ManagedFields | undefined;
}

/** What becomes of `current` when `applied` is applied to it. Throws ApiError Conflict with a cause per field. */
export const applyTo = (
  name: ObjectName,
  current: KubeObject,
  applied: KubeObject,
  apply: Apply,
): Applied => {
  const { kind } = name;
  const live = current.metadata.managedFields;
  const known = toManagers(live, isOwnVersion(kind));
  const before: ManagerName = { manager: beforeApply, operation: 'Update', subresource: '' };
  const result = applyFields({
    live: current,
    applied,
    schema: schemaOf(kind),
    managers: known.size > 0 ? known : createdBy(kind, current, before, apply.time),
    by: applierOf(apply),
    time: apply.time,
    force: apply.force,
  });
  if (result.kind === 'conflicts') {
    const details = { name: name.name, group: kind.group, kind: kind.plural };
    throw conflictError(result.conflicts, storedApiVersionOf(kind), details);
  }
  const entries = fieldsOf(kind, result.managers);
  const isSame = isEqualJson(timeless(entries), timeless(live));
  return {
    object: result.object,
    managedFields: isSame && isEqualJson(current, result.object) ? live : entries,
  };
};

/** Managers of an object that `applied` has just made. */
export const trackApplied = (
  kind: Kind,
  object: KubeObject,
  applied: KubeObject,
  apply: Apply,
): KubeObject => {
  const by = applierOf(apply);
  const { time } = apply;
  const result = applyFields({
    live: nothing,
    applied,
    schema: schemaOf(kind),
    managers: new Map(),
    by,
    time,
    force: false,
  });
  return result.kind === 'applied' ? withManaged(object, fieldsOf(kind, result.managers)) : object;
};
