// Owns what a definition makes: one Kind for each version.
import { type Column, type Kind, resourceKey } from '../kind.ts';
import type { CustomResourceDefinition } from '../kinds/custom-resource-definition.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { ageColumn, nameColumn } from '../printing/columns.ts';
import { ageOf } from '../printing/duration.ts';
import { simplePath } from './definition.ts';
import { type JsonPath, parseJsonPath, valuesAt } from './json-path.ts';
import { loadRules } from './rules-on-demand.ts';
import { hasRules, type Schema } from './schema.ts';
import { createCustomValidator } from './validator.ts';

type Version = CustomResourceDefinition['spec']['versions'][number];
type PrinterColumn = NonNullable<Version['additionalPrinterColumns']>[number];

const textOf = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

const isColumnType = (type: string): type is Column['type'] =>
  ['string', 'integer', 'number', 'boolean', 'date'].includes(type);

/** A cell is empty where the object has nothing, or has something of another type. */
const cellOf = (type: Column['type'], path: JsonPath): Column['cell'] => {
  const read = (object: KubeObject): readonly unknown[] => valuesAt(object, path);
  switch (type) {
    case 'date':
      return (object, nowMs) => {
        const [value] = read(object);
        return value === undefined || value === null ? '' : ageOf(value, nowMs);
      };
    case 'integer':
    case 'number':
      return (object) => {
        const [value] = read(object);
        return typeof value === 'number' ? value : '';
      };
    case 'boolean':
      return (object) => {
        const [value] = read(object);
        return typeof value === 'boolean' ? value : '';
      };
    case 'string':
      return (object) => read(object).map(textOf).join(',');
  }
};

const toColumn = ({ name, type, description = '', priority = 0, jsonPath }: PrinterColumn): Column => {
  const known = isColumnType(type) ? type : 'string';
  return {
    name,
    type: known,
    description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority: priority > 0 ? 1 : 0,
    cell: cellOf(known, parseJsonPath(jsonPath)),
  };
};

const columnsOf = ({ additionalPrinterColumns = [] }: Version): readonly Column[] =>
  additionalPrinterColumns.length === 0
    ? [nameColumn, ageColumn]
    : [nameColumn, ...additionalPrinterColumns.map(toColumn)];

const selectableOf = ({ selectableFields = [] }: Version): Kind['selectableFields'] =>
  Object.fromEntries(
    selectableFields.map(({ jsonPath }) => {
      const path = parseJsonPath(jsonPath);
      return [(simplePath(jsonPath) ?? []).join('.'), (object) => textOf(valuesAt(object, path)[0])];
    }),
  );

/** The schema that apply, patches and documents read: with what every object has. */
const wholeSchema = (schema: Schema): Record<string, unknown> => ({
  ...schema,
  properties: {
    ...schema.properties,
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: ObjectMeta,
  },
});

const toKind = ({ spec }: CustomResourceDefinition, version: Version, storage: string): Kind => {
  const { names, group, scope } = spec;
  // Its form was looked at when it was stored.
  const schema = (version.schema?.openAPIV3Schema ?? { type: 'object' }) as Schema;
  const { scale, status } = version.subresources ?? {};
  const kind: Kind = {
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    scope,
    schema: wholeSchema(schema),
    columns: columnsOf(version),
    hasStatus: status !== undefined,
    subresources: scale === undefined ? [] : ['scale'],
    selectableFields: selectableOf(version),
    immutablePaths: [],
    plainPatches: true,
    ...(hasRules(schema) ? { load: loadRules } : {}),
    custom: {
      listKind: names.listKind ?? `${names.kind}List`,
      storedVersion: storage,
      isServed: version.served,
      schema,
      createValidator: () => createCustomValidator(kind, schema),
      ...(scale === undefined ? {} : { scale }),
      ...(version.deprecated === true ? { warning: deprecation(version, spec) } : {}),
    },
  };
  return kind;
};

const deprecation = (version: Version, { group, names }: CustomResourceDefinition['spec']): string =>
  version.deprecationWarning ?? `${group}/${version.name} ${names.kind} is deprecated`;

/** v2 before v1 before v1beta2 before v1alpha1 before others by name (Kubernetes' order of versions). */
const rank = (version: string): readonly [number, number, number] => {
  const found = /^v(\d{1,9})(?:(alpha|beta)(\d{1,9}))?$/.exec(version);
  if (found === null) return [-1, 0, 0];
  const stage = found[2] === undefined ? 2 : found[2] === 'beta' ? 1 : 0;
  return [stage, Number(found[1]), Number(found[3] ?? 0)];
};

const byRank = (a: Version, b: Version): number => {
  const [left, right] = [rank(a.name), rank(b.name)];
  const at = left.findIndex((part, i) => part !== right[i]);
  if (at < 0) return a.name < b.name ? -1 : 1;
  return (right[at] ?? 0) - (left[at] ?? 0);
};

/** Kinds of a definition, one for each version, the one that clients should prefer first. */
export const toCustomKinds = (definition: CustomResourceDefinition): readonly Kind[] => {
  const { versions } = definition.spec;
  const storage = versions.find((version) => version.storage)?.name ?? '';
  return versions.toSorted(byRank).map((version) => toKind(definition, version, storage));
};

/** The resource that a definition defines, as resourceKey. */
export const definedResource = ({ spec }: CustomResourceDefinition): string =>
  resourceKey({ group: spec.group, plural: spec.names.plural });
