// Owns reading custom objects: pruned, defaulted and validated by their structural schema, then by its CEL rules.
// I1: what comes out is a fresh copy; the input is not changed.
// I2: an update is not refused for what it leaves as it was: an object that a newer schema would not allow can still be
//     changed elsewhere, and lose its finalizers (Kubernetes' ratcheting).
import { Ajv } from 'ajv';
import { Type } from 'typebox';
import type { Cause } from '../errors.ts';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { isEqualJson, isPlainObject } from '../patch/json.ts';
import { toCauses } from '../validation/causes.ts';
import { metadataCauses } from '../validation/metadata.ts';
import { prune } from '../validation/prune.ts';
import {
  checkType,
  type FieldValidation,
  invalidObject,
  nameOf,
  strictError,
  type Validator,
} from '../validation/validator.ts';
import { maxCauses } from './causes.ts';
import { fillDefaults } from './defaults.ts';
import { embeddedCauses } from './embedded.ts';
import { pruneBySchema } from './prune.ts';
import { loadedRules } from './rules-on-demand.ts';
import { hasRules, type Schema } from './schema.ts';
import { validateTypes, validateValue } from './validate.ts';

const MetadataHolder = Type.Object({ metadata: ObjectMeta }, { additionalProperties: false });
const checkMetadata = new Ajv({ strict: false, allErrors: true, logger: false }).compile(MetadataHolder);

interface Read {
  readonly object: KubeObject;
  readonly name: string;
  readonly warnings: readonly string[];
}

const read = (kind: Kind, schema: Schema, input: unknown, mode: FieldValidation): Read => {
  const { metadata: given = {}, ...rest } = checkType(kind, input);
  const { value, unknown: unknownFields } = pruneBySchema(rest, schema);
  const { value: holder, unknown: unknownMetadata } = prune({ metadata: given }, MetadataHolder);
  const unknown = [...unknownFields, ...unknownMetadata];
  const { apiVersion, kind: word, ...fields } = value;
  const metadata = holder['metadata'];
  // Whether metadata is one is looked at next.
  const object = { apiVersion, kind: word, metadata, ...fields } as unknown as KubeObject;
  const name = nameOf({ metadata: isPlainObject(metadata) ? metadata : {} });
  if (mode === 'Strict' && unknown.length > 0) throw strictError(kind, name, unknown);
  if (!checkMetadata(holder)) throw invalidObject(kind, name, toCauses(checkMetadata.errors ?? []));
  const warnings = mode === 'Warn' ? unknown.map((field) => `unknown field "${field}"`) : [];
  return { object, name, warnings };
};

/** Names and indexes of a path such as spec.list[0].a[some.key]. */
const stepsOf = (path: string): readonly string[] =>
  [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inside, plain]) => inside ?? plain ?? '');

const at = (value: unknown, steps: readonly string[]): unknown =>
  steps.reduce<unknown>((inner, step) => {
    if (Array.isArray(inner)) return inner[Number(step)];
    return isPlainObject(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined;
  }, value);

/** I2: the value spoken of, or what lacks it, is what it was. */
const isOld = ({ field = '', reason }: Cause, object: KubeObject, before: KubeObject): boolean => {
  const steps = stepsOf(field);
  const about = reason === 'FieldValueRequired' ? steps.slice(0, -1) : steps;
  const had = at(before, about);
  return about.length > 0 && had !== undefined && isEqualJson(had, at(object, about));
};

const withoutNulls = (value: unknown, schema: Schema | undefined): unknown => {
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, schema?.items));
  if (!isPlainObject(value)) return value;
  const kept = Object.entries(value).filter(
    ([key, inner]) => inner !== null || schema?.properties?.[key]?.nullable === true,
  );
  return Object.fromEntries(
    kept.map(([key, inner]) => [key, withoutNulls(inner, schema?.properties?.[key])]),
  );
};

/** Made when the first object is written, for they are loaded by then (rules-on-demand.ts I1). */
const createRules = (schema: Schema) => {
  let made: ReturnType<ReturnType<typeof loadedRules>['createRules']> | undefined;
  return (object: KubeObject, before: KubeObject | undefined): readonly Cause[] => {
    made ??= loadedRules().createRules(schema);
    return made(object, before);
  };
};

/** The validator of one version of a custom kind. */
export const createCustomValidator = (kind: Kind, schema: Schema): Validator => {
  const rules = hasRules(schema) ? createRules(schema) : () => [];
  const full = (input: unknown, mode: FieldValidation, before?: KubeObject) => {
    const { object, name, warnings } = read(kind, schema, input, mode);
    fillDefaults(object, schema);
    const values = [
      ...metadataCauses(kind, object),
      ...validateValue(object, schema, ''),
      ...embeddedCauses(object, schema, ''),
    ];
    const causes = values.filter((cause) => before === undefined || !isOld(cause, object, before));
    if (causes.length === 0) causes.push(...rules(object, before));
    if (causes.length > 0) throw invalidObject(kind, name, causes.slice(0, maxCauses));
    return { object, warnings };
  };
  const partial = (input: unknown, mode: FieldValidation) => {
    const { object: whole, name, warnings } = read(kind, schema, input, mode);
    const object = withoutNulls(whole, schema) as KubeObject; // it only lost members that were null
    const causes = validateTypes(object, schema);
    if (causes.length > 0) throw invalidObject(kind, name, causes.slice(0, maxCauses));
    return { object, warnings };
  };
  return Object.assign(full, { partial });
};
