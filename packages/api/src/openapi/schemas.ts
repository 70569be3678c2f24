// Owns the components of OpenAPI v3 documents: kinds' JSON Schemas in the dialect that Kubernetes clients read.
// I1: every nested object with fields is a component of its own, referred to by allOf + $ref, as Kubernetes does;
//     kubectl follows these for `explain` and for the merge keys of `apply`.
// I2: only OpenAPI 3.0 words leave: no const, no patternProperties, no type null.
import { type Kind, listKindOf } from '../kind.ts';
import { Condition, LabelSelector, ObjectMeta, OwnerReference } from '../meta.ts';

type Node = Readonly<Record<string, unknown>>;
/** Component name → schema. */
export type Components = Map<string, Node>;

const metaPrefix = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Shared types keep their name wherever they are used; they are told by their properties. */
const sharedNames = new Map<unknown, string>([
  [ObjectMeta.properties, `${metaPrefix}.ObjectMeta`],
  [OwnerReference.properties, `${metaPrefix}.OwnerReference`],
  [LabelSelector.properties, `${metaPrefix}.LabelSelector`],
  [Condition.properties, `${metaPrefix}.Condition`],
]);

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kept = [
  'description',
  'default',
  'format',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'enum',
] as const;

const keptWords = (schema: Node): Node =>
  Object.fromEntries(
    Object.entries(schema).filter(
      ([key]) => (kept as readonly string[]).includes(key) || key.startsWith('x-kubernetes-'),
    ),
  );

const pascal = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

const toUnion = (schema: Node, options: readonly Node[], name: string, components: Components): Node => {
  const real = options.filter((option) => option['type'] !== 'null');
  const [only] = real;
  if (real.length === 1 && only !== undefined)
    return { ...toSchema(only, name, components), ...keptWords(schema) };
  if (real.every((option) => Object.hasOwn(option, 'const'))) {
    return { type: 'string', ...keptWords(schema), enum: real.map((option) => option['const']) };
  }
  return { ...keptWords(schema), oneOf: real.map((option) => toSchema(option, name, components)) };
};

const toFields = (schema: Node, name: string, components: Components): Node => {
  const fields = schema['properties'] as Readonly<Record<string, Node>>;
  // validation comes after defaulting: who writes an object may leave out what has a default
  const required = ((schema['required'] ?? []) as readonly string[]).filter(
    (key) => !Object.hasOwn(fields[key] ?? {}, 'default'),
  );
  return {
    type: 'object',
    ...(typeof schema['description'] === 'string' ? { description: schema['description'] } : {}),
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [
        key,
        toSchema(value, `${name}${pascal(key)}`, components),
      ]),
    ),
  };
};

const toObject = (schema: Node, name: string, components: Components): Node => {
  const maps = schema['patternProperties'];
  const values = isNode(maps) ? Object.values(maps)[0] : undefined;
  if (isNode(values)) {
    return {
      type: 'object',
      ...keptWords(schema),
      additionalProperties: toSchema(values, `${name}Value`, components),
    };
  }
  if (!isNode(schema['properties'])) return { type: 'object', ...keptWords(schema) };
  const component = sharedNames.get(schema['properties']) ?? name;
  if (!components.has(component)) {
    components.set(component, {});
    components.set(component, toFields(schema, component, components));
  }
  return { ...keptWords(schema), allOf: [{ $ref: `#/components/schemas/${component}` }] };
};

const toSchema = (schema: Node, name: string, components: Components): Node => {
  if (Array.isArray(schema['anyOf']))
    return toUnion(schema, schema['anyOf'] as readonly Node[], name, components);
  if (Object.hasOwn(schema, 'const'))
    return { type: 'string', ...keptWords(schema), enum: [schema['const']] };
  switch (schema['type']) {
    case 'object':
      return toObject(schema, name, components);
    case 'array': {
      const items = schema['items'];
      return {
        type: 'array',
        ...keptWords(schema),
        items: isNode(items) ? toSchema(items, `${name}Item`, components) : {},
      };
    }
    case 'integer':
      return { type: 'integer', format: 'int64', ...keptWords(schema) };
    default:
      return { ...(schema['type'] === undefined ? {} : { type: schema['type'] }), ...keptWords(schema) };
  }
};

const packageOf = ({ group, version }: Pick<Kind, 'group' | 'version'>): string => {
  if (group === '') return `io.k8s.api.core.${version}`;
  if (group.endsWith('.k8s.io')) return `io.k8s.api.${group.split('.')[0]}.${version}`;
  return `${group.split('.').reverse().join('.')}.${version}`;
};

/** 'io.k8s.api.core.v1.Node', 'dev.drover.v1alpha1.CommandRun'. */
export const componentName = (kind: Pick<Kind, 'group' | 'version' | 'kind'>): string =>
  `${packageOf(kind)}.${kind.kind}`;

const apiVersionField = {
  type: 'string',
  description: 'APIVersion defines the versioned schema of this representation of an object.',
};
const kindField = {
  type: 'string',
  description: 'Kind is a string value representing the REST resource this object represents.',
};

const gvk = (kind: Kind, word: string) => [{ group: kind.group, version: kind.version, kind: word }];

const addList = (kind: Kind, components: Components): void => {
  const name = componentName(kind);
  components.set(`${name}List`, {
    type: 'object',
    description: `${kind.kind}List is a list of ${kind.kind} objects.`,
    required: ['items'],
    properties: {
      apiVersion: apiVersionField,
      items: { type: 'array', items: { allOf: [{ $ref: `#/components/schemas/${name}` }] } },
      kind: kindField,
      metadata: { type: 'object', description: 'Standard list metadata.', properties: listMetaFields },
    },
    'x-kubernetes-group-version-kind': gvk(kind, listKindOf(kind)),
  });
};

const listMetaFields = {
  continue: { type: 'string' },
  remainingItemCount: { type: 'integer', format: 'int64' },
  resourceVersion: { type: 'string' },
};

const addOwnKind = (kind: Kind, components: Components): void => {
  const name = componentName(kind);
  const schema = kind.schema as Node;
  const fields = toFields(schema, name, components);
  const required = (fields['required'] as readonly string[] | undefined)?.filter((f) =>
    hasNoDefault(schema, f),
  );
  const { required: _all, ...rest } = fields;
  components.set(name, {
    ...rest,
    ...(required !== undefined && required.length > 0 ? { required } : {}),
    properties: { ...(fields['properties'] as Node), apiVersion: apiVersionField, kind: kindField },
    'x-kubernetes-group-version-kind': gvk(kind, kind.kind),
  });
};

/** A structural schema is OpenAPI already: only what every object has is added. */
const addCustomKind = (kind: Kind, schema: Node, components: Components): void => {
  const name = componentName(kind);
  const fields = isNode(schema['properties']) ? schema['properties'] : {};
  components.set(name, {
    ...schema,
    type: 'object',
    properties: {
      ...fields,
      apiVersion: apiVersionField,
      kind: kindField,
      metadata: toSchema(ObjectMeta as unknown as Node, name, components),
    },
    'x-kubernetes-group-version-kind': gvk(kind, kind.kind),
  });
};

/** Adds the components of one kind, and of its list. */
export const addKind = (kind: Kind, components: Components): void => {
  if (kind.custom === undefined) addOwnKind(kind, components);
  else addCustomKind(kind, kind.custom.schema as Node, components);
  addList(kind, components);
};

const hasNoDefault = (schema: Node, field: string): boolean => {
  const property = (schema['properties'] as Readonly<Record<string, Node>>)[field];
  const fromServer = field === 'apiVersion' || field === 'kind' || field === 'metadata';
  return !fromServer && property !== undefined && !Object.hasOwn(property, 'default');
};

/** Status and DeleteOptions, which every group's paths speak of. */
export const addMeta = (components: Components): void => {
  components.set(`${metaPrefix}.Status`, {
    type: 'object',
    description: 'Status is a return value for calls that do not return other objects.',
    properties: {
      apiVersion: apiVersionField,
      kind: kindField,
      code: { type: 'integer', format: 'int32' },
      message: { type: 'string' },
      reason: { type: 'string' },
      status: { type: 'string' },
      details: { type: 'object' },
      metadata: { type: 'object', properties: listMetaFields },
    },
    'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Status' }],
  });
  components.set(`${metaPrefix}.DeleteOptions`, {
    type: 'object',
    description: 'DeleteOptions may be provided when deleting an API object.',
    properties: {
      apiVersion: apiVersionField,
      kind: kindField,
      dryRun: { type: 'array', items: { type: 'string' } },
      gracePeriodSeconds: { type: 'integer', format: 'int64' },
      orphanDependents: { type: 'boolean' },
      preconditions: {
        type: 'object',
        properties: { resourceVersion: { type: 'string' }, uid: { type: 'string' } },
      },
      propagationPolicy: { type: 'string' },
    },
    'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'DeleteOptions' }],
  });
  components.set(`${metaPrefix}.Patch`, { type: 'object', description: 'The body of a patch.' });
};
