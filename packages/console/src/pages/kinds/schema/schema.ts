// Owns reading a kind's schema: what stands at a path of its objects, with references followed.
// I1: references are followed when they are come to: schemas may contain themselves.
// I2: who walks through all of it stops at fields that it has passed already, which are told by their identity.
import type { OpenApiDocument, OpenApiSchema } from '../../../api/openapi.ts';

/** Keys of maps and numbers of items, from the root of an object. */
export type Path = readonly (string | number)[];

export interface Field {
  readonly name: string;
  readonly schema: OpenApiSchema;
  readonly isRequired: boolean;
}

export interface Schemas {
  /** The whole object. */
  readonly root: OpenApiSchema;
  /** With references followed and allOf joined; the same for the same. */
  resolve(schema: OpenApiSchema): OpenApiSchema;
  /** Resolved; undefined: the schema has nothing there. */
  at(path: Path): OpenApiSchema | undefined;
  fieldsOf(schema: OpenApiSchema): readonly Field[];
}

const prefix = '#/components/schemas/';

/** I2: the fields of one component are one value wherever it is referred to. */
const bothFields = (a: OpenApiSchema['properties'], b: OpenApiSchema['properties']) =>
  a === undefined || b === undefined ? (a ?? b) : { ...a, ...b };

const joined = (parts: readonly OpenApiSchema[]): OpenApiSchema => {
  const properties = parts.map((part) => part.properties).reduce(bothFields, undefined);
  const required = parts.flatMap((part) => part.required ?? []);
  return {
    ...Object.assign({}, ...parts),
    ...(properties === undefined ? {} : { properties }),
    ...(required.length === 0 ? {} : { required }),
  };
};

const valueSchemaOf = ({ additionalProperties }: OpenApiSchema): OpenApiSchema | undefined =>
  typeof additionalProperties === 'object' ? additionalProperties : undefined;

const createSchemas = (document: OpenApiDocument, root: OpenApiSchema): Schemas => {
  const known = new WeakMap<OpenApiSchema, OpenApiSchema>();
  const resolve = (schema: OpenApiSchema): OpenApiSchema => {
    const before = known.get(schema);
    if (before !== undefined) return before;
    const { $ref, allOf = [], ...own } = schema;
    if ($ref === undefined && allOf.length === 0) return schema;
    const target = $ref === undefined ? undefined : document.components.schemas[$ref.slice(prefix.length)];
    const resolved = joined([...(target === undefined ? [] : [target]), ...allOf].map(resolve).concat(own));
    known.set(schema, resolved);
    return resolved;
  };
  const step = (schema: OpenApiSchema, key: string | number): OpenApiSchema | undefined => {
    if (typeof key === 'number') return schema.items;
    const field = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : undefined;
    return field ?? valueSchemaOf(schema);
  };
  return {
    root: resolve(root),
    resolve,
    at: (path) => {
      let schema: OpenApiSchema | undefined = resolve(root);
      for (const key of path) {
        const next: OpenApiSchema | undefined = schema === undefined ? undefined : step(schema, key);
        schema = next === undefined ? undefined : resolve(next);
      }
      return schema;
    },
    fieldsOf: ({ properties = {}, required = [] }) =>
      Object.entries(properties).map(([name, schema]) => ({
        name,
        schema: resolve(schema),
        isRequired: required.includes(name),
      })),
  };
};

interface KindName {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** undefined: the document knows no such kind. */
export const schemasOfKind = (document: OpenApiDocument, wanted: KindName): Schemas | undefined => {
  const root = Object.values(document.components.schemas).find((schema) =>
    schema['x-kubernetes-group-version-kind']?.some(
      ({ group, version, kind }) =>
        group === wanted.group && version === wanted.version && kind === wanted.kind,
    ),
  );
  return root === undefined ? undefined : createSchemas(document, root);
};

export type Shape = 'object' | 'map' | 'list' | 'choice' | 'boolean' | 'integer' | 'number' | 'text' | 'any';

/** How a value of this (resolved) schema is shown and asked for. */
export const shapeOf = (schema: OpenApiSchema): Shape => {
  if (schema['x-kubernetes-int-or-string'] === true) return 'text';
  if (schema.oneOf !== undefined && schema.type === undefined && schema.properties === undefined)
    return 'any';
  if (schema.enum !== undefined) return 'choice';
  switch (schema.type) {
    case 'object':
      if (schema.properties !== undefined) return 'object';
      return valueSchemaOf(schema) === undefined ? 'any' : 'map';
    case 'array':
      return 'list';
    case 'boolean':
    case 'integer':
    case 'number':
      return schema.type;
    case 'string':
      return 'text';
    default:
      return schema.properties === undefined ? 'any' : 'object';
  }
};

/** As people write a type: string, []integer, map of string. */
export const typeName = (schemas: Schemas, schema: OpenApiSchema): string => {
  const shape = shapeOf(schema);
  if (shape === 'list') return `[]${typeName(schemas, schemas.resolve(schema.items ?? {}))}`;
  if (shape === 'map') return `map[string]${typeName(schemas, schemas.resolve(valueSchemaOf(schema) ?? {}))}`;
  if (shape === 'any') return schema.type ?? 'any';
  if (shape === 'text') return schema['x-kubernetes-int-or-string'] === true ? 'integer or string' : 'string';
  if (shape === 'choice') return schema.type ?? 'string';
  return shape;
};

/** Schema of the items or values below; {}: anything. */
export const innerSchema = (schemas: Schemas, schema: OpenApiSchema): OpenApiSchema =>
  schemas.resolve(schema.items ?? valueSchemaOf(schema) ?? {});

/** What is required and has no default, with empty values: where a new object begins. */
export const skeleton = (schemas: Schemas, schema: OpenApiSchema, depth = 0): unknown => {
  if (schema.default !== undefined) return schema.default;
  switch (shapeOf(schema)) {
    case 'object':
      return Object.fromEntries(
        schemas
          .fieldsOf(schema)
          .filter(({ isRequired, schema: field }) => isRequired && field.default === undefined && depth < 8)
          .map(({ name, schema: field }) => [name, skeleton(schemas, field, depth + 1)]),
      );
    case 'map':
      return {};
    case 'list':
      return [];
    case 'choice':
      return schema.enum?.[0] ?? '';
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    case 'text':
      return '';
    case 'any':
      return schema.type === 'object' ? {} : null;
  }
};

const madeHere = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status']);

/** A new object of a kind, as far as anybody can know. */
export const skeletonOf = (
  kind: KindName & { readonly namespaced: boolean },
  schemas: Schemas | undefined,
  namespace: string,
): Readonly<Record<string, unknown>> => {
  const body = schemas === undefined ? {} : skeleton(schemas, schemas.root);
  const required = Object.entries(body as object).filter(([name]) => !madeHere.has(name));
  const fields = schemas === undefined ? [] : schemas.fieldsOf(schemas.root);
  // Nearly every kind has a spec, though some do not require it.
  const spec = fields.find(({ name }) => name === 'spec');
  const begun = spec === undefined || schemas === undefined ? {} : { spec: skeleton(schemas, spec.schema) };
  return {
    apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
    kind: kind.kind,
    metadata: { name: '', ...(kind.namespaced ? { namespace } : {}) },
    ...begun,
    ...Object.fromEntries(required),
  };
};
