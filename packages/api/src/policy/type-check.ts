// Owns what the schemas of the matched kinds say to the expressions of a policy, which know nothing of them when they run.
// I1: kinds are those that the rules name without wildcards, without subresources, and ten at most (as in Kubernetes).
// I2: what a schema does not say for sure is let through: a warning is always right.
import { CelProblem } from '../cel/compile.ts';
import { dyn, listOf, mapOf, objectOf, scalar, type ValueType } from '../cel/types.ts';
import { apiVersionOf, type Kind } from '../kind.ts';
import type { ExpressionWarning, ValidatingAdmissionPolicy } from '../kinds/validating-admission-policy.ts';
import { ObjectMeta } from '../meta.ts';
import { isPlainObject } from '../patch/json.ts';
import { compileSlots } from './compile.ts';

const maxKinds = 10;

type Node = Readonly<Record<string, unknown>>;
type Spec = ValidatingAdmissionPolicy['spec'];

const plain: Readonly<Record<string, ValueType>> = {
  boolean: scalar('bool'),
  // Whole numbers are read as int, whatever the schema calls them: 'number' is not known.
  integer: scalar('int'),
  string: scalar('string'),
};

const asNode = (value: unknown): Node => (isPlainObject(value) ? value : {});

const typeOfObject = (schema: Node): ValueType => {
  const { properties, additionalProperties, patternProperties } = schema;
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return dyn;
  if (isPlainObject(additionalProperties)) return mapOf(typeOf(additionalProperties));
  const [values] = Object.values(asNode(patternProperties));
  if (values !== undefined) return mapOf(typeOf(asNode(values)));
  if (!isPlainObject(properties)) return dyn;
  const fields = Object.entries(properties).map(([key, value]) => [key, typeOf(asNode(value))] as const);
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  return objectOf({ ...(isEmbedded ? rootFields : {}), ...Object.fromEntries(fields) });
};

const typeOfUnion = (options: readonly unknown[]): ValueType =>
  options.every((option) => typeof asNode(option)['const'] === 'string') ? scalar('string') : dyn;

/** Values of JSON Schema as expressions see them: as the JSON that they are. */
const typeOf = (schema: Node): ValueType => {
  if (Array.isArray(schema['anyOf']) && schema['type'] === undefined) return typeOfUnion(schema['anyOf']);
  if (typeof schema['const'] === 'string') return scalar('string');
  if (schema['x-kubernetes-int-or-string'] === true || schema['nullable'] === true) return dyn;
  switch (schema['type']) {
    case 'object':
      return typeOfObject(schema);
    case 'array':
      return listOf(typeOf(asNode(schema['items'])));
    default:
      return plain[String(schema['type'])] ?? dyn;
  }
};

const rootFields: Readonly<Record<string, ValueType>> = {
  apiVersion: scalar('string'),
  kind: scalar('string'),
  metadata: typeOf(asNode(ObjectMeta)),
};

const typeOfKind = (kind: Kind): ValueType => {
  const schema = asNode(kind.custom?.schema ?? kind.schema);
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return dyn;
  const fields = Object.entries(asNode(schema['properties']));
  return objectOf({
    ...Object.fromEntries(fields.map(([key, value]) => [key, typeOf(asNode(value))])),
    ...rootFields,
  });
};

const isWild = (words: readonly string[] = []): boolean => words.some((word) => word.includes('*'));

/** I1. */
const matchedKinds = ({ matchConstraints }: Spec, kinds: readonly Kind[]): readonly Kind[] => {
  const rules = (matchConstraints?.resourceRules ?? []).filter(
    ({ apiGroups, apiVersions, resources }) =>
      !isWild(apiGroups) && !isWild(apiVersions) && !isWild(resources),
  );
  const isNamed = ({ group, version, plural }: Kind): boolean =>
    rules.some(
      ({ apiGroups, apiVersions, resources }) =>
        apiGroups?.includes(group) && apiVersions?.includes(version) && resources?.includes(plural),
    );
  return kinds.filter((kind) => kind.transient !== true && isNamed(kind)).slice(0, maxKinds);
};

/** The kind that a policy's params are of; undefined when it is not served. */
const paramKindOf = ({ paramKind }: Spec, kinds: readonly Kind[]): Kind | undefined =>
  paramKind &&
  kinds.find((kind) => kind.kind === paramKind.kind && apiVersionOf(kind) === paramKind.apiVersion);

/**
 * Expressions that cannot be right for one of these kinds, in the order of the policy. Compiling takes its time: `pause` is
 * awaited between kinds.
 */
export const checkTypes = async (
  { spec }: ValidatingAdmissionPolicy,
  kinds: readonly Kind[],
  pause: () => Promise<unknown>,
): Promise<ExpressionWarning[]> => {
  const paramKind = paramKindOf(spec, kinds);
  const params = paramKind === undefined ? dyn : typeOfKind(paramKind);
  const found = new Map<string, string[]>();
  for (const kind of matchedKinds(spec, kinds)) {
    const slots = compileSlots(spec, { object: typeOfKind(kind), params });
    for (const { path, result } of slots)
      if (result instanceof CelProblem) {
        const told = `${apiVersionOf(kind)}, Kind=${kind.kind}: ${result.message}`;
        found.set(path, [...(found.get(path) ?? []), told]);
      }
    await pause();
  }
  return [...found].map(([fieldRef, told]) => ({ fieldRef, warning: told.join('\n') }));
};
