// Owns what is found wrong with an expression before it ever runs: names, fields, functions and types that do not exist.
// I1: what is not known for sure ('dyn') is let through; it may still fail when the expression runs.
// I2: what our evaluator does not have is refused here, in so many words, so that no rule is accepted and then not kept.
import type { parse } from '@bufbuild/cel';
import type { Signature } from './library/declare.ts';
import { signatures } from './library/index.ts';
import { dyn, fits, listOf, mapOf, nameOfType, scalar, type ValueType } from './types.ts';

export type Expr = NonNullable<ReturnType<typeof parse>['expr']>;
type Kinds = Expr['exprKind'];
type Call = Extract<Kinds, { case: 'callExpr' }>['value'];
type Select = Extract<Kinds, { case: 'selectExpr' }>['value'];
type Comprehension = Extract<Kinds, { case: 'comprehensionExpr' }>['value'];
type Scope = Readonly<Record<string, ValueType>>;

const bool = scalar('bool');
const typeNames = ['bool', 'bytes', 'double', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint'];
/** What Kubernetes has and Drover has not, by the name that stands in expressions. */
const missing = new Set(['authorizer', 'optional', 'format', 'semver', 'cel', 'math', 'sets']);

const fail = (message: string): never => {
  throw new Error(message);
};

const infer = (expr: Expr | undefined, scope: Scope): ValueType => {
  const kind = expr?.exprKind;
  switch (kind?.case) {
    case 'constExpr':
      return constants[kind.value.constantKind.case ?? ''] ?? dyn;
    case 'identExpr':
      return inferName(kind.value.name, scope);
    case 'selectExpr': {
      const type = inferSelect(kind.value, scope);
      // has(a.b): whether it is there, not what it is.
      return kind.value.testOnly ? bool : type;
    }
    case 'callExpr':
      return inferCall(kind.value, scope);
    case 'listExpr':
      return listOf(common(kind.value.elements.map((item) => infer(item, scope))));
    case 'structExpr': {
      if (kind.value.messageName !== '') fail(`undeclared reference to '${kind.value.messageName}'`);
      for (const entry of kind.value.entries)
        if (entry.keyKind.case === 'mapKey') infer(entry.keyKind.value, scope);
      return mapOf(common(kind.value.entries.map((entry) => infer(entry.value, scope))));
    }
    case 'comprehensionExpr':
      return inferLoop(kind.value, scope);
    default:
      return fail('not an expression');
  }
};

const constants: Readonly<Record<string, ValueType>> = {
  boolValue: bool,
  bytesValue: scalar('bytes'),
  doubleValue: scalar('double'),
  int64Value: scalar('int'),
  nullValue: scalar('null_type'),
  stringValue: scalar('string'),
  uint64Value: scalar('uint'),
};

const isSame = (a: ValueType, b: ValueType): boolean =>
  a.kind !== 'object' && b.kind !== 'object' && nameOfType(a) === nameOfType(b);

const common = ([first = dyn, ...rest]: readonly ValueType[]): ValueType =>
  rest.every((type) => type === first || isSame(type, first)) ? first : dyn;

const inferName = (name: string, scope: Scope): ValueType => {
  if (Object.hasOwn(scope, name)) return scope[name] ?? dyn;
  if (typeNames.includes(name)) return scalar('type');
  if (missing.has(name)) fail(`'${name}' is not supported by this server`);
  return fail(`undeclared reference to '${name}'`);
};

const inferSelect = ({ operand, field }: Select, scope: Scope): ValueType => {
  const type = infer(operand, scope);
  switch (type.kind) {
    case 'dyn':
      return dyn;
    case 'map':
      return type.values;
    case 'object':
      return type.field(field) ?? fail(`undefined field '${field}'`);
    case 'opaque': {
      const known = type.fields !== undefined && Object.hasOwn(type.fields, field);
      return (known ? type.fields?.[field] : undefined) ?? fail(`undefined field '${field}'`);
    }
    default:
      return fail(`type '${nameOfType(type)}' does not support field selection`);
  }
};

/** a.b.c of names only, as 'a.b.c'. */
const qualified = (expr: Expr | undefined): string | undefined => {
  const kind = expr?.exprKind;
  if (kind?.case === 'identExpr') return kind.value.name;
  if (kind?.case !== 'selectExpr') return undefined;
  const before = qualified(kind.value.operand);
  return before === undefined ? undefined : `${before}.${kind.value.field}`;
};

const needBool = (type: ValueType, name: string): void => {
  if (!fits(type, bool)) fail(`found no matching overload for '${name}' applied to '${nameOfType(type)}'`);
};

const inferIndex = ([of = dyn, by = dyn]: readonly ValueType[]): ValueType => {
  if (of.kind === 'list' && fits(by, scalar('int'))) return of.items;
  if (of.kind === 'map') return of.values;
  if (of.kind === 'dyn') return dyn;
  return fail(`found no matching overload for '_[_]' applied to '(${nameOfType(of)}, ${nameOfType(by)})'`);
};

const isNumber = (type: ValueType): boolean =>
  type.kind === 'scalar' && ['int', 'uint', 'double'].includes(type.name);

const isComparable = (a: ValueType, b: ValueType): boolean => {
  const isNull = (type: ValueType) => type.kind === 'scalar' && type.name === 'null_type';
  return isNull(a) || isNull(b) || (isNumber(a) && isNumber(b)) || fits(a, b) || fits(b, a);
};

/** Operators that are part of the evaluator, not functions. */
const inferOperator = (name: string, args: readonly ValueType[]): ValueType | undefined => {
  switch (name) {
    case '_&&_':
    case '_||_':
    case '@not_strictly_false':
      for (const type of args) needBool(type, name);
      return bool;
    case '_?_:_':
      needBool(args[0] ?? dyn, name);
      return common(args.slice(1));
    case '_[_]':
      return inferIndex(args);
    case '_==_':
    case '_!=_':
      return isComparable(args[0] ?? dyn, args[1] ?? dyn) ? bool : undefined;
    default:
      return undefined;
  }
};

const matches = (one: Signature, target: ValueType | undefined, args: readonly ValueType[]): boolean =>
  (one.target === undefined) === (target === undefined) &&
  one.args.length === args.length &&
  (one.target === undefined || target === undefined || fits(target, one.target)) &&
  one.args.every((wanted, i) => fits(args[i] ?? dyn, wanted));

const resolve = (name: string, target: ValueType | undefined, args: readonly ValueType[]): ValueType => {
  const all = signatures.get(name) ?? fail(`undeclared reference to '${name}' (no such function here)`);
  const found = all.filter((one) => matches(one, target, args));
  const told = args.map(nameOfType).join(', ');
  const applied = target === undefined ? `(${told})` : `${nameOfType(target)}.(${told})`;
  if (found.length === 0) fail(`found no matching overload for '${name}' applied to '${applied}'`);
  // What is read of a list, or added to it, is of its type.
  const [result = dyn] = [common(found.map((one) => one.result))];
  return result.kind === 'list' && result.items.kind === 'dyn' && name === '_+_' ? common(args) : result;
};

const inferCall = (call: Call, scope: Scope): ValueType => {
  const path = call.target === undefined ? undefined : qualified(call.target);
  const long = path === undefined ? undefined : `${path}.${call.function}`;
  const [root = ''] = path?.split('.') ?? [];
  const args = call.args.map((arg) => infer(arg, scope));
  if (long !== undefined && signatures.has(long)) return resolve(long, undefined, args);
  if (path !== undefined && missing.has(root) && !Object.hasOwn(scope, root))
    fail(`'${long ?? ''}' is not supported by this server`);
  const target = call.target === undefined ? undefined : infer(call.target, scope);
  const all = target === undefined ? args : [target, ...args];
  const operator = inferOperator(call.function, all);
  if (operator !== undefined) return operator;
  if (call.function === '_==_' || call.function === '_!=_')
    fail(
      `found no matching overload for '${call.function}' applied to '(${all.map(nameOfType).join(', ')})'`,
    );
  return resolve(call.function, target, args);
};

const itemOf = (range: ValueType): ValueType => {
  switch (range.kind) {
    case 'list':
      return range.items;
    case 'map':
    case 'object':
      return scalar('string');
    case 'dyn':
      return dyn;
    default:
      return fail(
        `expression of type '${nameOfType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
      );
  }
};

const inferLoop = (loop: Comprehension, scope: Scope): ValueType => {
  const item = itemOf(infer(loop.iterRange, scope));
  const start = infer(loop.accuInit, scope);
  const inside = { ...scope, [loop.iterVar]: item };
  // Once: what stands in loops in loops would else be looked at twice as often with each.
  const step = infer(loop.loopStep, { ...inside, [loop.accuVar]: start });
  // A list that begins empty is of what is added to it.
  const built = start.kind === 'list' ? step : start;
  infer(loop.loopCondition, { ...inside, [loop.accuVar]: built });
  return infer(loop.result, { ...scope, [loop.accuVar]: built });
};

/** The type of an expression over these variables. Throws an Error that says what is wrong with it. */
export const checkExpression = (expr: Expr, scope: Scope): ValueType => infer(expr, scope);
