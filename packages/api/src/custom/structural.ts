// Owns which schemas are structural: the rules of apiextensions.k8s.io/v1 for spec.versions[*].schema.openAPIV3Schema.
// I1: the type of every value is said outside of allOf, anyOf, oneOf and not; what is inside of them only narrows it.
// I2: a default is itself valid, so that defaulting can never make a wrong object of a right one.
import type { Cause } from '../errors.ts';
import { isPlainObject } from '../patch/json.ts';
import { forbidden, invalidValue, notSupported, required } from './causes.ts';
import { fillDefaults } from './defaults.ts';
import { patternProblem } from './patterns.ts';
import { pruneBySchema } from './prune.ts';
import { isEmbedded, isIntOrString, keepsUnknown, type Schema } from './schema.ts';
import { validateValue } from './validate.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'] as const;
const listTypes = ['atomic', 'set', 'map'] as const;
const mapTypes = ['granular', 'atomic'] as const;

const typeCauses = (schema: Schema, path: string, isRoot: boolean): readonly Cause[] => {
  const { type = '' } = schema;
  if (isIntOrString(schema))
    return type === ''
      ? []
      : [invalidValue(`${path}.type`, type, 'must be empty if x-kubernetes-int-or-string is true')];
  if (isRoot && type !== 'object') return [invalidValue(`${path}.type`, type, 'must be object at the root')];
  if (type === '')
    return keepsUnknown(schema) ? [] : [required(`${path}.type`, 'must not be empty for specified fields')];
  if (!types.some((one) => one === type)) return [notSupported(`${path}.type`, type, types)];
  return [];
};

const objectCauses = (schema: Schema, path: string, isRoot: boolean): readonly Cause[] => {
  const causes: Cause[] = [];
  const { additionalProperties: rest, properties = {}, type } = schema;
  if (rest === false)
    causes.push(forbidden(`${path}.additionalProperties`, 'additionalProperties cannot be set to false'));
  if (rest !== undefined && Object.keys(properties).length > 0)
    causes.push(
      forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  if (rest !== undefined && isRoot)
    causes.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'));
  if (isEmbedded(schema) && type !== 'object')
    causes.push(
      invalidValue(`${path}.type`, type ?? '', 'must be object if x-kubernetes-embedded-resource is true'),
    );
  if (isEmbedded(schema) && !keepsUnknown(schema) && Object.keys(properties).length === 0)
    causes.push(
      required(
        `${path}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined && !mapTypes.some((one) => one === mapType))
    causes.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, mapTypes));
  if (mapType !== undefined && type !== 'object')
    causes.push(
      invalidValue(`${path}.type`, type ?? '', 'must be object if x-kubernetes-map-type is specified'),
    );
  return causes;
};

/** Upstream: only name and generateName of the metadata may be restricted. */
const metadataCauses = (schema: Schema, path: string): readonly Cause[] => {
  const metadata = schema.properties?.['metadata'];
  if (metadata === undefined) return [];
  return Object.keys(metadata.properties ?? {})
    .filter((key) => key !== 'name' && key !== 'generateName')
    .map((key) =>
      forbidden(
        `${path}.properties[metadata].properties[${key}]`,
        'must not be specified in a nested schema: only name and generateName may be restricted',
      ),
    );
};

const mapKeyCauses = (schema: Schema, path: string): readonly Cause[] => {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const items = schema.items;
  if (keys.length === 0)
    return [
      required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
    ];
  if (items?.type !== 'object')
    return [invalidValue(`${path}.items.type`, items?.type ?? '', 'must be object if the list is a map')];
  return keys.flatMap((key, i): readonly Cause[] => {
    const member = items.properties?.[key];
    const at = `${path}.x-kubernetes-list-map-keys[${i}]`;
    if (member === undefined) return [invalidValue(at, key, 'entries must all be names of item properties')];
    const isScalar =
      isIntOrString(member) || ['boolean', 'integer', 'number', 'string'].includes(member.type ?? '');
    if (!isScalar)
      return [
        invalidValue(
          `${path}.items.properties[${key}].type`,
          member.type ?? '',
          'must be a scalar type if it is a key',
        ),
      ];
    if (member.default === undefined && !(items.required ?? []).includes(key))
      return [
        required(
          `${path}.items.properties[${key}].default`,
          `this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
        ),
      ];
    return [];
  });
};

const isAtomic = (schema: Schema): boolean => {
  if (schema.type === 'object') return schema['x-kubernetes-map-type'] === 'atomic';
  return schema.type !== 'array' || (schema['x-kubernetes-list-type'] ?? 'atomic') === 'atomic';
};

const listCauses = (schema: Schema, path: string): readonly Cause[] => {
  const causes: Cause[] = [];
  const listType = schema['x-kubernetes-list-type'];
  if (schema.type === 'array' && schema.items === undefined)
    causes.push(required(`${path}.items`, 'must be specified'));
  if (schema.uniqueItems === true)
    causes.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  if (listType !== undefined && !listTypes.some((one) => one === listType))
    causes.push(notSupported(`${path}.x-kubernetes-list-type`, listType, listTypes));
  if (listType !== undefined && schema.type !== 'array')
    causes.push(
      invalidValue(`${path}.type`, schema.type ?? '', 'must be array if x-kubernetes-list-type is specified'),
    );
  if (listType === 'map') causes.push(...mapKeyCauses(schema, path));
  else if (schema['x-kubernetes-list-map-keys'] !== undefined)
    causes.push(
      invalidValue(
        `${path}.x-kubernetes-list-type`,
        listType ?? '',
        'must be map if x-kubernetes-list-map-keys is non-empty',
      ),
    );
  if (listType === 'set' && schema.items !== undefined && !isAtomic(schema.items))
    causes.push(
      invalidValue(
        `${path}.items`,
        schema.items.type ?? '',
        'items of a set must be scalars, or atomic lists or maps',
      ),
    );
  return causes;
};

const valueCauses = (schema: Schema, path: string): readonly Cause[] => {
  const problem = schema.pattern === undefined ? undefined : patternProblem(schema.pattern);
  return problem === undefined
    ? []
    : [
        invalidValue(
          `${path}.pattern`,
          schema.pattern,
          `must be a valid regular expression, but isn't: ${problem}`,
        ),
      ];
};

/** I2. */
const defaultCauses = (schema: Schema, path: string): readonly Cause[] => {
  if (schema.default === undefined) return [];
  const at = `${path}.default`;
  const value = structuredClone(schema.default);
  const holder = { value };
  fillDefaults(holder, { properties: { value: schema } });
  const { unknown } = pruneBySchema(holder, { properties: { value: schema } });
  const told = unknown.map((field) =>
    invalidValue(at, schema.default, `must not have unknown fields: ${field.slice('value.'.length)}`),
  );
  const wrong = validateValue(holder.value, schema, '').map((cause) => ({
    ...cause,
    field: cause.field ? `${at}.${cause.field}` : at,
  }));
  return [...told, ...wrong];
};

/** Words that only the structural part may have (I1). */
const structuralWords = [
  'type',
  'default',
  'title',
  'description',
  'nullable',
  'additionalProperties',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
] as const;

/** `anyOf: [{type: integer}, {type: string}]`, which may stand where int-or-string says the same. */
const saysIntOrString = (parts: readonly Schema[] | undefined): boolean =>
  parts?.map((part) => part.type).join() === 'integer,string';

const junctorCauses = (schema: Schema, structure: Schema, path: string): readonly Cause[] => {
  const parts = (word: 'allOf' | 'anyOf' | 'oneOf'): readonly Cause[] =>
    (schema[word] ?? []).flatMap((part, i) => narrowCauses(part, structure, `${path}.${word}[${i}]`));
  const allOf = schema.allOf ?? [];
  const told = isIntOrString(structure) && saysIntOrString(schema.anyOf) ? [] : parts('anyOf');
  const isWrapped = isIntOrString(structure) && allOf.length > 0 && saysIntOrString(allOf[0]?.anyOf);
  return [
    ...(isWrapped ? [] : parts('allOf')),
    ...told,
    ...parts('oneOf'),
    ...(schema.not === undefined ? [] : narrowCauses(schema.not, structure, `${path}.not`)),
  ];
};

const narrowCauses = (schema: Schema, structure: Schema | undefined, path: string): readonly Cause[] => {
  const causes: Cause[] = structuralWords
    .filter((word) => schema[word] !== undefined)
    .map((word) => forbidden(`${path}.${word}`, 'must be empty to be structural'));
  if (structure === undefined) return causes;
  const below = (part: Schema, known: Schema | undefined, at: string): readonly Cause[] =>
    known === undefined && !keepsUnknown(structure)
      ? [required(at.replace(/\.(?:allOf|anyOf|oneOf)\[\d+\]|\.not/g, ''), `because it is defined in ${at}`)]
      : narrowCauses(part, known, at);
  for (const [key, part] of Object.entries(schema.properties ?? {}))
    causes.push(...below(part, structure.properties?.[key], `${path}.properties[${key}]`));
  if (schema.items !== undefined) causes.push(...below(schema.items, structure.items, `${path}.items`));
  return [...causes, ...valueCauses(schema, path), ...junctorCauses(schema, structure, path)];
};

const structureCauses = (schema: Schema, path: string, isRoot: boolean): readonly Cause[] => {
  const inner = Object.entries(schema.properties ?? {})
    .filter(([key]) => !(isRoot && key === 'metadata'))
    .flatMap(([key, member]) => structureCauses(member, `${path}.properties[${key}]`, false));
  const rest = schema.additionalProperties;
  return [
    ...typeCauses(schema, path, isRoot),
    ...objectCauses(schema, path, isRoot),
    ...(isRoot || isEmbedded(schema) ? metadataCauses(schema, path) : []),
    ...listCauses(schema, path),
    ...valueCauses(schema, path),
    ...junctorCauses(schema, schema, path),
    ...inner,
    ...(typeof rest === 'object' ? structureCauses(rest, `${path}.additionalProperties`, false) : []),
    ...(schema.items === undefined ? [] : structureCauses(schema.items, `${path}.items`, false)),
  ];
};

const allDefaultCauses = (schema: Schema, path: string): readonly Cause[] => [
  ...defaultCauses(schema, path),
  ...Object.entries(schema.properties ?? {}).flatMap(([key, member]) =>
    allDefaultCauses(member, `${path}.properties[${key}]`),
  ),
  ...(isPlainObject(schema.additionalProperties)
    ? allDefaultCauses(schema.additionalProperties, `${path}.additionalProperties`)
    : []),
  ...(schema.items === undefined ? [] : allDefaultCauses(schema.items, `${path}.items`)),
];

/** Causes for what keeps a schema, of the right form (schema.ts), from being structural. */
export const structuralCauses = (schema: Schema, path: string): readonly Cause[] => {
  const causes = structureCauses(schema, path, true);
  return causes.length > 0 ? causes : allDefaultCauses(schema, path);
};
