// Owns the rules of a schema in CEL (x-kubernetes-validations): that they can be used, and what they say of an object.
// I1: a rule that cannot be kept is refused with its definition; none is passed over.
// I2: all rules of one object share one budget (cel/budget.ts): when it is used up, the object is refused.
// I3: a rule about oldSelf is asked only where it is sure what the value was: through items of a list only by their keys.
import { type Budget, requestBudget } from '../cel/budget.ts';
import { CelProblem, compileExpression, type Expression } from '../cel/compile.ts';
import { toCelValue, typeOfSchema } from '../cel/values.ts';
import type { Cause } from '../errors.ts';
import type { KubeObject } from '../meta.ts';
import { isEqualJson, isPlainObject } from '../patch/json.ts';
import { memberPath } from '../validation/prune.ts';
import { forbidden, invalidValue, maxCauses, notSupported } from './causes.ts';
import { fieldNames, parseJsonPath } from './json-path.ts';
import { hasRules, type Rule, restSchema, type Schema } from './schema.ts';

const reasons = [
  'FieldValueInvalid',
  'FieldValueForbidden',
  'FieldValueRequired',
  'FieldValueDuplicate',
] as const;

interface Compiled {
  readonly rule: Rule;
  readonly expression: Expression;
  readonly message: Expression | undefined;
  readonly isTransition: boolean;
}

const compile = (rule: Rule, schema: Schema, isRoot: boolean): Compiled => {
  const self = typeOfSchema(schema, isRoot);
  const variables = { self, oldSelf: self };
  const expression = compileExpression(rule.rule, variables, 'bool');
  const { messageExpression } = rule;
  const message =
    messageExpression === undefined ? undefined : compileExpression(messageExpression, variables, 'string');
  return { rule, expression, message, isTransition: expression.reads.has('oldSelf') };
};

/** What is wrong with a fieldPath: it names fields of the schema, as .a.b or .a['b']. */
const fieldPathProblem = (path: string, schema: Schema): string | undefined => {
  let names: readonly string[] | undefined;
  try {
    names = fieldNames(parseJsonPath(path));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const found = names?.reduce<Schema | undefined>(
    (at, name) => at && (at.properties?.[name] ?? restSchema(at)),
    schema,
  );
  return found === undefined ? 'must name a field of the schema' : undefined;
};

interface Place {
  readonly path: string;
  readonly isRoot: boolean;
  /** Whether the value that something had before can be told (I3). */
  readonly isTraceable: boolean;
}

const problemOf = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof CelProblem) return error.message;
    throw error;
  }
};

const ownCauses = (rule: Rule, schema: Schema, place: Place, at: string): readonly Cause[] => {
  const { reason, fieldPath, optionalOldSelf, message } = rule;
  const causes: Cause[] = [];
  const { messageExpression: _, ...bare } = rule;
  const broken = problemOf(() => compile({ ...bare, rule: rule.rule ?? '' }, schema, place.isRoot));
  if (broken !== undefined)
    causes.push(invalidValue(`${at}.rule`, rule.rule ?? '', `compilation failed: ${broken}`));
  else {
    const wrong = problemOf(() => compile(rule, schema, place.isRoot));
    if (wrong !== undefined)
      causes.push(
        invalidValue(`${at}.messageExpression`, rule.messageExpression, `compilation failed: ${wrong}`),
      );
    else if (compile(rule, schema, place.isRoot).isTransition && !place.isTraceable)
      causes.push(
        invalidValue(
          `${at}.rule`,
          rule.rule,
          'oldSelf cannot be used on the uncorrelatable portion of the schema',
        ),
      );
  }
  if (optionalOldSelf === true)
    causes.push(forbidden(`${at}.optionalOldSelf`, 'optional values are not supported by this server'));
  if (reason !== undefined && !reasons.some((one) => one === reason))
    causes.push(notSupported(`${at}.reason`, reason, reasons));
  if (message !== undefined && (message.trim() === '' || /[\r\n]/.test(message)))
    causes.push(invalidValue(`${at}.message`, message, 'must be one line that is not empty'));
  const path = fieldPath === undefined ? undefined : fieldPathProblem(fieldPath, schema);
  if (path !== undefined) causes.push(invalidValue(`${at}.fieldPath`, fieldPath, path));
  return causes;
};

const causesAt = (schema: Schema, place: Place): readonly Cause[] => {
  const { path, isTraceable } = place;
  const listType = schema['x-kubernetes-list-type'];
  const inside = (at: string, traceable = isTraceable): Place => ({
    path: at,
    isRoot: false,
    isTraceable: traceable,
  });
  const rest = restSchema(schema);
  return [
    ...(schema['x-kubernetes-validations'] ?? []).flatMap((rule, i) =>
      ownCauses(rule, schema, place, `${path}.x-kubernetes-validations[${i}]`),
    ),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, part]) =>
      causesAt(part, inside(`${path}.properties[${key}]`)),
    ),
    ...(rest === undefined ? [] : causesAt(rest, inside(`${path}.additionalProperties`))),
    ...(schema.items === undefined
      ? []
      : causesAt(schema.items, inside(`${path}.items`, isTraceable && listType === 'map'))),
  ];
};

/** Causes for rules that cannot be used (I1). */
export const ruleCauses = (schema: Schema, path: string): readonly Cause[] =>
  causesAt(schema, { path, isRoot: true, isTraceable: true });

interface Walk {
  readonly compiled: (schema: Schema, isRoot: boolean) => readonly Compiled[];
  readonly mayHaveRules: (schema: Schema) => boolean;
  readonly budget: Budget;
  readonly causes: Cause[];
}

const fieldOf = (path: string, { fieldPath }: Rule): string =>
  fieldPath === undefined ? path : (fieldNames(parseJsonPath(fieldPath)) ?? []).reduce(memberPath, path);

const prefixes: Readonly<Record<string, string>> = {
  FieldValueForbidden: 'Forbidden: ',
  FieldValueRequired: 'Required value: ',
};

const askRules = (value: unknown, old: unknown, schema: Schema, path: string, walk: Walk): void => {
  const isRoot = path === '';
  const known = old !== undefined && old !== null;
  for (const { rule, expression, message, isTransition } of walk.compiled(schema, isRoot)) {
    if (isTransition ? !known : known && isEqualJson(old, value)) continue;
    const variables = {
      self: toCelValue(value, schema, isRoot),
      ...(known ? { oldSelf: toCelValue(old, schema, isRoot) } : {}),
    };
    const outcome = expression.evaluate(variables, walk.budget);
    if (outcome.kind === 'value' && outcome.value === true) continue;
    const made = outcome.kind === 'value' ? message?.evaluate(variables, walk.budget) : undefined;
    const words =
      made?.kind === 'value' && typeof made.value === 'string' && made.value.trim() !== ''
        ? made.value.split('\n', 1)[0]?.slice(0, 5_000)
        : (rule.message ?? `failed rule: ${rule.rule.trim()}`);
    const why =
      outcome.kind === 'failed' ? `rule failed to evaluate: ${rule.rule.trim()}: ${outcome.message}` : words;
    const reason = rule.reason ?? 'FieldValueInvalid';
    const shown = Array.isArray(value) ? 'array' : typeof value;
    const prefix =
      prefixes[reason] ?? `${reason === 'FieldValueDuplicate' ? 'Duplicate' : 'Invalid'} value: "${shown}": `;
    walk.causes.push({ reason, field: fieldOf(path, rule), message: `${prefix}${why ?? ''}` });
  }
};

/** The item that this one was (I3). */
const oldItem = (item: unknown, old: unknown, schema: Schema): unknown => {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isPlainObject(item))
    return undefined;
  return old.find((one: unknown) => isPlainObject(one) && keys.every((key) => one[key] === item[key]));
};

const walkValue = (value: unknown, old: unknown, schema: Schema, path: string, walk: Walk): void => {
  if (walk.causes.length >= maxCauses || value === null || !walk.mayHaveRules(schema)) return;
  askRules(value, old, schema, path, walk);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined || !walk.mayHaveRules(items)) return;
    for (const [i, item] of value.entries())
      walkValue(item, oldItem(item, old, schema), items, `${path}[${i}]`, walk);
  } else if (isPlainObject(value)) {
    const before = isPlainObject(old) ? old : {};
    for (const [key, inner] of Object.entries(value)) {
      const named = schema.properties !== undefined && Object.hasOwn(schema.properties, key);
      const part = named ? schema.properties?.[key] : restSchema(schema);
      const had = Object.hasOwn(before, key) ? before[key] : undefined;
      if (part !== undefined) walkValue(inner, had, part, memberPath(path, key), walk);
    }
  }
};

/** Checks an object, and what became of it, by the rules of its schema, whose rules are known to be usable. */
export const createRules = (schema: Schema) => {
  const compiled = new Map<Schema, readonly Compiled[]>();
  const having = new Map<Schema, boolean>();
  const rulesOf = (of: Schema, isRoot: boolean): readonly Compiled[] => {
    const found =
      compiled.get(of) ?? (of['x-kubernetes-validations'] ?? []).map((rule) => compile(rule, of, isRoot));
    compiled.set(of, found);
    return found;
  };
  const mayHaveRules = (of: Schema): boolean => {
    const found = having.get(of) ?? hasRules(of);
    having.set(of, found);
    return found;
  };
  return (object: KubeObject, before: KubeObject | undefined): readonly Cause[] => {
    const walk: Walk = { compiled: rulesOf, mayHaveRules, budget: { left: requestBudget }, causes: [] };
    walkValue(object, before, schema, '', walk);
    return walk.causes;
  };
};
