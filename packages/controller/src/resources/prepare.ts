// Owns what the server decides of an object, whatever the client sends (pure functions).
// I1: uid, creationTimestamp, deletionTimestamp and generation are the server's; managedFields are managed.ts' own.
// I2: a main write leaves status as it is; a status write leaves all else; an approval write only adds approvals;
//     a finalize write changes a namespace's spec.finalizers, and nothing else does.
// I3: generation counts changes of anything but metadata and status.
import {
  apiVersionOf,
  isEqualJson,
  isPlainObject,
  type Kind,
  type KubeObject,
  type ObjectMeta,
} from '@drover/api';
import { sharing } from './sharing.ts';

export type Subresource = 'status' | 'approval' | 'finalize' | undefined;

type Fields = Readonly<Record<string, unknown>>;

export const isNamespaceKind = (kind: Kind): boolean => kind.kind === 'Namespace' && kind.group === '';

const without = (object: Fields, ...names: readonly string[]): Record<string, unknown> => {
  const rest: Record<string, unknown> = {};
  for (const name of Object.keys(object)) if (!names.includes(name)) rest[name] = object[name];
  return rest;
};

/** The input of a creation, without what a client cannot give. */
export const toCreateInput = (kind: Kind, namespace: string, input: Fields): Fields => {
  const given = isPlainObject(input['metadata']) ? input['metadata'] : {};
  const metadata = {
    ...without(given, 'uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp'),
    ...(kind.scope === 'Namespaced' ? { namespace } : {}),
  };
  const rest = kind.hasStatus ? without(input, 'metadata', 'status') : without(input, 'metadata');
  const spec = isNamespaceKind(kind) ? { spec: { finalizers: ['kubernetes'] } } : {};
  // In this order, whatever the input's is: the store finds the metadata in its text (store/objects.ts).
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata, ...rest, ...spec };
};

/** The validated object as it is stored first. `name` is the name it has or was given. */
export const toCreated = (
  object: KubeObject,
  given: { readonly name: string; readonly uid: string; readonly creationTimestamp: string },
): KubeObject => {
  const metadata = without(
    object.metadata,
    'deletionGracePeriodSeconds',
    'selfLink',
    'managedFields',
    'resourceVersion',
  );
  return { ...object, metadata: { ...metadata, ...given, generation: 1 } };
};

const approvals = ['Approved', 'Denied'];

const conditionsOf = (status: unknown): readonly Fields[] => {
  const list = isPlainObject(status) ? status['conditions'] : undefined;
  return Array.isArray(list) ? list.filter(isPlainObject) : [];
};

const isApproval = (condition: Fields): boolean => approvals.includes(String(condition['type']));

/** Present approvals stay; a status write changes all else, an approval write adds approvals only. */
const mergeStatus = (subresource: 'status' | 'approval', current: unknown, input: unknown): unknown => {
  const had = conditionsOf(current).filter(isApproval);
  const wanted = conditionsOf(input).filter(isApproval);
  const base = subresource === 'status' ? input : current;
  const others = conditionsOf(base).filter((condition) => !isApproval(condition));
  const added = wanted.filter((c) => !had.some((h) => h['type'] === c['type']));
  const approved = subresource === 'status' ? had : [...had, ...added];
  if (!isPlainObject(base) && approved.length === 0) return base;
  return { ...(isPlainObject(base) ? base : {}), conditions: [...approved, ...others] };
};

const toStatus = (
  kind: Kind,
  subresource: 'status' | 'approval',
  current: unknown,
  input: unknown,
): unknown => (kind.subresources.includes('approval') ? mergeStatus(subresource, current, input) : input);

/** Metadata of an update: what the client may change from the input, the rest as it is. */
const toMetadata = (current: ObjectMeta, input: Fields): Fields => {
  const kept = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'generateName',
    'resourceVersion',
  ];
  const own = Object.fromEntries(Object.entries(current).filter(([name]) => kept.includes(name)));
  return { ...own, ...without(input, ...kept, 'managedFields', 'selfLink') };
};

/** What is to be validated for an update of `current` with `input`, without managedFields. */
export const toUpdateInput = (
  kind: Kind,
  subresource: Subresource,
  current: KubeObject,
  input: Fields,
): Fields => {
  if (subresource === 'finalize') {
    const finalizers = isPlainObject(input['spec']) ? input['spec']['finalizers'] : undefined;
    const spec = { ...(isPlainObject(current['spec']) ? current['spec'] : {}), finalizers: finalizers ?? [] };
    return { ...current, metadata: without(current.metadata, 'managedFields'), spec };
  }
  if (subresource !== undefined) {
    const status = toStatus(kind, subresource, current['status'], input['status']);
    return { ...current, metadata: without(current.metadata, 'managedFields'), status };
  }
  const given = isPlainObject(input['metadata']) ? input['metadata'] : {};
  const kept = keepServerFields(kind, current, input);
  const rest = kind.hasStatus ? { ...kept, status: current['status'] } : kept;
  const spec = isNamespaceKind(kind) ? { spec: current['spec'] } : {};
  return { ...rest, ...spec, metadata: toMetadata(current.metadata, given) };
};

/** The input with the fields of spec that only we write as they were. */
const keepServerFields = (kind: Kind, current: KubeObject, input: Fields): Fields => {
  const { serverFields = [] } = kind;
  if (serverFields.length === 0 || !isPlainObject(input['spec'])) return input;
  const had = isPlainObject(current['spec']) ? current['spec'] : {};
  const kept = Object.fromEntries(Object.entries(had).filter(([name]) => serverFields.includes(name)));
  return { ...input, spec: { ...without(input['spec'], ...serverFields), ...kept } };
};

const wish = (object: KubeObject): Fields => without(object, 'apiVersion', 'kind', 'metadata', 'status');

/** The validated object with its generation; `current` itself when nothing changes. */
export const toUpdated = (current: KubeObject, valid: KubeObject): KubeObject => {
  const object = sharing(current, valid);
  if (object === current || isEqualJson(wish(current), wish(object))) return object;
  const generation = (current.metadata.generation ?? 0) + 1;
  return { ...object, metadata: { ...object.metadata, generation } };
};

/** Finalizers that an update of an object under deletion may not add. */
export const addedFinalizers = (current: KubeObject, object: KubeObject): readonly string[] => {
  if (current.metadata.deletionTimestamp === undefined) return [];
  const had = current.metadata.finalizers ?? [];
  return (object.metadata.finalizers ?? []).filter((name) => !had.includes(name));
};

/** Letters and digits that make no words and are not mistaken for one another. */
const suffixDigits = 'bcdfghjklmnpqrstvwxz2456789';

/** A name from a prefix: at most 63 characters; `random` gives numbers in [0, 1). */
export const toGeneratedName = (prefix: string, random: () => number): string => {
  const suffix = Array.from({ length: 5 }, () =>
    suffixDigits.charAt(Math.floor(random() * suffixDigits.length)),
  );
  return prefix.slice(0, 58) + suffix.join('');
};
