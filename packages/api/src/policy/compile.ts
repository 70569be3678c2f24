// Owns the expressions of a policy: which there are, what each may see, and that they can be used.
// I1: conditions see no variables, and messages no authorizer, as in Kubernetes; params are seen where there is a paramKind.
// I2: a variable sees those before it.
import { CelProblem, compileExpression, type Expression } from '../cel/compile.ts';
import { authorizerType } from '../cel/library/authorizer.ts';
import { dyn, fits, listOf, mapOf, nameOfType, objectOf, scalar, type ValueType } from '../cel/types.ts';
import { invalidValue } from '../custom/causes.ts';
import type { Cause } from '../errors.ts';
import type { ValidatingAdmissionPolicy } from '../kinds/validating-admission-policy.ts';

type Spec = ValidatingAdmissionPolicy['spec'];
type Place = 'condition' | 'variable' | 'validation' | 'message' | 'annotation';

interface Slot {
  readonly place: Place;
  readonly index: number;
  readonly path: string;
  readonly text: string;
}

/** An expression, or why it cannot be used. */
export interface CompiledSlot extends Slot {
  readonly result: Expression | CelProblem;
}

/** What is known of the objects; nothing unless types are checked. */
export interface ObjectTypes {
  readonly object: ValueType;
  readonly params: ValueType;
}

const untyped: ObjectTypes = { object: dyn, params: dyn };

const slotsOf = (spec: Spec): readonly Slot[] => [
  ...(spec.matchConditions ?? []).map(({ expression: text }, index) => ({
    place: 'condition' as const,
    index,
    path: `spec.matchConditions[${index}].expression`,
    text,
  })),
  ...(spec.variables ?? []).map(({ expression: text }, index) => ({
    place: 'variable' as const,
    index,
    path: `spec.variables[${index}].expression`,
    text,
  })),
  ...(spec.validations ?? []).flatMap(({ expression, messageExpression }, index) => {
    const path = `spec.validations[${index}]`;
    const rule = { place: 'validation' as const, index, path: `${path}.expression`, text: expression };
    if (messageExpression === undefined) return [rule];
    const message = {
      place: 'message' as const,
      index,
      path: `${path}.messageExpression`,
      text: messageExpression,
    };
    return [rule, message];
  }),
  ...(spec.auditAnnotations ?? []).map(({ valueExpression: text }, index) => ({
    place: 'annotation' as const,
    index,
    path: `spec.auditAnnotations[${index}].valueExpression`,
    text,
  })),
];

const [string, bool] = [scalar('string'), scalar('bool')];
const kindType = objectOf({ group: string, version: string, kind: string });
const resourceType = objectOf({ group: string, version: string, resource: string });

const requestType = objectOf({
  kind: kindType,
  resource: resourceType,
  subResource: string,
  requestKind: kindType,
  requestResource: resourceType,
  requestSubResource: string,
  name: string,
  namespace: string,
  operation: string,
  userInfo: objectOf({ username: string, uid: string, groups: listOf(string), extra: mapOf(listOf(string)) }),
  dryRun: bool,
  options: dyn,
});

const namespaceType = objectOf({ apiVersion: string, kind: string, metadata: dyn, spec: dyn, status: dyn });

type Types = Readonly<Record<string, ValueType>>;

/** I1. */
const typesFor = (place: Place, spec: Spec, types: ObjectTypes, variables: Types): Types => ({
  object: types.object,
  oldObject: types.object,
  request: requestType,
  namespaceObject: namespaceType,
  ...(spec.paramKind === undefined ? {} : { params: types.params }),
  ...(place === 'message' ? {} : { authorizer: authorizerType }),
  ...(place === 'condition' ? {} : { variables: objectOf(variables) }),
});

const results = { condition: 'bool', validation: 'bool', message: 'string' } as const;

const compile = ({ place, text }: Slot, types: Types): Expression => {
  if (place === 'variable') return compileExpression(text, types);
  if (place !== 'annotation') return compileExpression(text, types, results[place]);
  const expression = compileExpression(text, types);
  if (!fits(expression.type, string) && !fits(expression.type, scalar('null_type')))
    throw new CelProblem(`must evaluate to a string or null, not to ${nameOfType(expression.type)}`);
  return expression;
};

/** Every expression of a policy, in the order in which they may use each other (I2). */
export const compileSlots = (spec: Spec, types: ObjectTypes = untyped): readonly CompiledSlot[] => {
  const variables: Record<string, ValueType> = {};
  return slotsOf(spec).map((slot) => {
    let result: Expression | CelProblem;
    try {
      result = compile(slot, typesFor(slot.place, spec, types, { ...variables }));
    } catch (error) {
      if (!(error instanceof CelProblem)) throw error;
      result = error;
    }
    const name = spec.variables?.[slot.index]?.name;
    if (slot.place === 'variable' && name !== undefined)
      variables[name] = result instanceof CelProblem ? dyn : result.type;
    return { ...slot, result };
  });
};

/** What is wrong with the expressions of a policy, whatever its objects look like. */
export const expressionCauses = ({ spec }: ValidatingAdmissionPolicy): readonly Cause[] =>
  compileSlots(spec).flatMap(({ path, text, result }) =>
    result instanceof CelProblem ? [invalidValue(path, text, `compilation failed: ${result.message}`)] : [],
  );

export interface CompiledPolicy {
  readonly spec: Spec;
  readonly conditions: readonly Expression[];
  readonly variables: readonly Expression[];
  readonly validations: readonly Expression[];
  /** By index of the validation. */
  readonly messages: ReadonlyMap<number, Expression>;
  readonly annotations: readonly Expression[];
  /** Names of all that its expressions read. */
  readonly reads: ReadonlySet<string>;
}

/** Throws CelProblem for a policy that was accepted when more could be used than now. */
export const compilePolicy = ({ spec }: ValidatingAdmissionPolicy): CompiledPolicy => {
  const slots = compileSlots(spec).map(({ place, index, path, result }) => {
    if (result instanceof CelProblem) throw new CelProblem(`${path}: compilation failed: ${result.message}`);
    return { place, index, expression: result };
  });
  const at = (place: Place): readonly Expression[] =>
    slots.filter((slot) => slot.place === place).map(({ expression }) => expression);
  const messages = slots.filter(({ place }) => place === 'message');
  return {
    spec,
    conditions: at('condition'),
    variables: at('variable'),
    validations: at('validation'),
    messages: new Map(messages.map(({ index, expression }) => [index, expression])),
    annotations: at('annotation'),
    reads: new Set(slots.flatMap(({ expression }) => [...expression.reads])),
  };
};
