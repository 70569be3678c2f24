// Owns what a schema says about merging: the strategy and key of a field, and the schema below it.
import { isPlainObject, type JsonObject } from './json.ts';

export type SchemaNode = JsonObject | undefined;

/** How a list or map of the patch meets the one that is there. */
export interface PatchMeta {
  readonly strategy: 'merge' | 'replace' | undefined;
  readonly mergeKey: string;
}

/** Schema of a member: a field, or the values of a map; undefined when nothing is said about it. */
export const memberSchema = (schema: SchemaNode, key: string): SchemaNode => {
  const properties = schema?.['properties'];
  if (isPlainObject(properties) && Object.hasOwn(properties, key)) return asNode(properties[key]);
  const patterns = schema?.['patternProperties'];
  if (isPlainObject(patterns)) return asNode(Object.values(patterns)[0]);
  return asNode(schema?.['additionalProperties']);
};

export const itemSchema = (schema: SchemaNode): SchemaNode => asNode(schema?.['items']);

const asNode = (value: unknown): SchemaNode => (isPlainObject(value) ? value : undefined);

/** x-kubernetes-patch-strategy may name two, e.g. "merge,retainKeys": retainKeys is told by the patch itself. */
export const patchMeta = (schema: SchemaNode): PatchMeta => {
  const strategies = String(schema?.['x-kubernetes-patch-strategy'] ?? '').split(',');
  const key = schema?.['x-kubernetes-patch-merge-key'];
  return {
    strategy: strategies.includes('merge') ? 'merge' : strategies.includes('replace') ? 'replace' : undefined,
    mergeKey: typeof key === 'string' ? key : '',
  };
};
