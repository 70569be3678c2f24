// Owns how apply on the server meets kubectl's apply on the client, which keeps what it applied in an annotation
// (apimachinery managedfields lastAppliedManager and lastAppliedUpdater).
// I1: only for the manager "kubectl": what the annotation shows to be the client's own is taken over without force.
// I2: an annotation that is there is kept up to date, so that applying on the client goes on working.
import { isPlainObject } from '../patch/json.ts';
import type { SchemaNode } from '../patch/strategic-schema.ts';
import { compareObjects } from './compare.ts';
import { toFields } from './extract.ts';
import { difference, type Fields, union } from './field-set.ts';
import type { ManagerName } from './managers.ts';
import { type ApplyInput, type ApplyResult, type Conflict, ownApply } from './own.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

type JsonObject = Readonly<Record<string, unknown>>;

const isKubectl = ({ manager, subresource }: ManagerName): boolean =>
  manager === 'kubectl' && subresource === '';

const metadataOf = (object: JsonObject): JsonObject =>
  isPlainObject(object['metadata']) ? object['metadata'] : {};

const annotationsOf = (object: JsonObject): JsonObject => {
  const { annotations } = metadataOf(object) as { readonly annotations?: unknown };
  return isPlainObject(annotations) ? annotations : {};
};

const parsed = (text: unknown): JsonObject | undefined => {
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** Fields that the annotation says were applied and that still have the value applied. */
const clientOwned = (live: JsonObject, schema: SchemaNode): Fields => {
  const last = parsed(annotationsOf(live)[annotation]);
  if (last === undefined || last['apiVersion'] !== live['apiVersion']) return undefined;
  const { added, modified, removed } = compareObjects(last, live, schema);
  return difference(toFields(last, schema), union(union(added, modified), removed));
};

const withAnnotation = (object: JsonObject, applied: JsonObject): JsonObject => {
  const annotations = { ...annotationsOf(object), [annotation]: `${JSON.stringify(applied)}\n` };
  return { ...object, metadata: { ...metadataOf(object), annotations } };
};

const notAllowed = (conflicts: readonly Conflict[], allowed: Fields): readonly Conflict[] =>
  conflicts.flatMap((conflict) => {
    const fields = difference(conflict.fields, allowed);
    return fields === undefined ? [] : [{ ...conflict, fields }];
  });

const withUpgrade = (input: ApplyInput): ApplyResult => {
  const result = ownApply(input);
  if (result.kind === 'applied') return result;
  const conflicts = notAllowed(result.conflicts, clientOwned(input.live, input.schema));
  return conflicts.length > 0 ? { kind: 'conflicts', conflicts } : ownApply({ ...input, force: true });
};

/** As ownApply, with I1 and I2. */
export const applyFields = (input: ApplyInput): ApplyResult => {
  if (!isKubectl(input.by)) return ownApply(input);
  const result = withUpgrade(input);
  if (result.kind === 'conflicts' || annotationsOf(result.object)[annotation] === undefined) return result;
  return { ...result, object: withAnnotation(result.object, input.applied) };
};
