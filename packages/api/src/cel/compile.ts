// Owns expressions in the Common Expression Language: text in, something to evaluate out.
// I1: an expression is checked against the types of its variables before it is accepted (check.ts).
// I2: every round of a loop is paid for, and a loop ends when nothing is left, whatever it is made of (budget.ts).
import { type CelInput, type CelValue, isCelError, parse, plan } from '@bufbuild/cel';
import { type Budget, exhausted, withBudget } from './budget.ts';
import { checkExpression, type Expr } from './check.ts';
import { appendName, environment, tickName } from './library/index.ts';
import { fits, nameOfType, scalar, type ValueType } from './types.ts';

const maxLength = 20_000;
const maxNodes = 20_000;
const maxNesting = 100;

export type Outcome =
  | { readonly kind: 'value'; readonly value: CelValue }
  | { readonly kind: 'failed'; readonly message: string };

export interface Expression {
  /** Names of the variables that it reads. */
  readonly reads: ReadonlySet<string>;
  readonly type: ValueType;
  evaluate(variables: Readonly<Record<string, CelInput>>, budget: Budget): Outcome;
}

/** An expression that cannot be used; the message says why. */
export class CelProblem extends Error {}

const partsOf = ({ exprKind: kind }: Expr): readonly (Expr | undefined)[] => {
  switch (kind.case) {
    case 'selectExpr':
      return [kind.value.operand];
    case 'callExpr':
      return [kind.value.target, ...kind.value.args];
    case 'listExpr':
      return kind.value.elements;
    case 'structExpr':
      return kind.value.entries.flatMap((entry) => [
        entry.keyKind.case === 'mapKey' ? entry.keyKind.value : undefined,
        entry.value,
      ]);
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = kind.value;
      return [iterRange, accuInit, loopCondition, loopStep, result];
    }
    default:
      return [];
  }
};

const countNodes = (expr: Expr | undefined): number =>
  expr === undefined ? 0 : partsOf(expr).reduce((sum, part) => sum + countNodes(part), 1);

/** A call of one of our own functions, to be filled in. */
const callOf = (text: string): Expr => parse(text).expr;

const isName = (expr: Expr | undefined, name: string): boolean =>
  expr?.exprKind.case === 'identExpr' && expr.exprKind.value.name === name;

/** `built + [item]` in the step of a loop becomes a call that adds in place. */
const growInPlace = (expr: Expr | undefined, built: string): void => {
  if (expr?.exprKind.case === 'callExpr') {
    const call = expr.exprKind.value;
    const isList = call.args[1]?.exprKind.case === 'listExpr';
    if (call.function === '_+_' && isList && isName(call.args[0], built)) call.function = appendName;
  }
  if (expr !== undefined) for (const part of partsOf(expr)) growInPlace(part, built);
};

/** Makes every loop pay (I2). */
const meter = (expr: Expr | undefined): void => {
  if (expr === undefined) return;
  for (const part of partsOf(expr)) meter(part);
  if (expr.exprKind.case !== 'comprehensionExpr') return;
  const loop = expr.exprKind.value;
  growInPlace(loop.loopStep, loop.accuVar);
  const tick = callOf(`${tickName}(true, ${1 + Math.floor(countNodes(loop.loopStep) / 8)})`);
  if (tick.exprKind.case !== 'callExpr' || loop.loopCondition === undefined) return;
  tick.exprKind.value.args[0] = loop.loopCondition;
  loop.loopCondition = tick;
};

const readsOf = (expr: Expr | undefined, found: Set<string>): ReadonlySet<string> => {
  if (expr?.exprKind.case === 'identExpr') found.add(expr.exprKind.value.name);
  if (expr !== undefined) for (const part of partsOf(expr)) readsOf(part, found);
  return found;
};

/** Brackets that are open at once, wherever they stand: the parser goes as deep. */
const nestingOf = (text: string): number => {
  let [depth, deepest] = [0, 0];
  for (const char of text) {
    if ('([{?!-'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
    deepest = Math.max(deepest, depth);
    if (!'([{?!-'.includes(char) && /[A-Za-z0-9]/.test(char) && depth < 0) depth = 0;
  }
  return deepest;
};

const parsed = (text: string): Expr => {
  if (text.trim() === '') throw new CelProblem('is empty');
  if (text.length > maxLength) throw new CelProblem(`is longer than ${maxLength} characters`);
  if (nestingOf(text) > maxNesting * 10) throw new CelProblem('nests too deep');
  try {
    const { expr } = parse(text);
    if (countNodes(expr) > maxNodes) throw new CelProblem('has too many parts');
    return expr;
  } catch (error) {
    if (error instanceof CelProblem) throw error;
    throw new CelProblem(error instanceof RangeError ? 'nests too deep' : messageOf(error));
  }
};

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 500);

/**
 * Compiles an expression over these variables, whose value must be of type `result` where that is given. Throws
 * CelProblem.
 */
export const compileExpression = (
  text: string,
  variables: Readonly<Record<string, ValueType>>,
  result?: 'bool' | 'string',
): Expression => {
  const expr = parsed(text);
  let type: ValueType;
  try {
    type = checkExpression(expr, variables);
    if (result !== undefined && !fits(type, scalar(result)))
      throw new Error(`must evaluate to a ${result}, not to ${nameOfType(type)}`);
    const reads = readsOf(expr, new Set());
    meter(expr);
    const run = plan(environment, expr);
    return { reads, type, evaluate: (given, budget) => evaluate(run, given, budget) };
  } catch (error) {
    throw new CelProblem(error instanceof RangeError ? 'nests too deep' : messageOf(error));
  }
};

const evaluate = (
  run: (variables: Record<string, CelInput>) => unknown,
  given: Readonly<Record<string, CelInput>>,
  budget: Budget,
): Outcome => {
  const value = withBudget(budget, () => {
    try {
      return run(given);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  });
  if (budget.left < 0) return { kind: 'failed', message: exhausted };
  if (isCelError(value) || value instanceof Error) return { kind: 'failed', message: messageOf(value) };
  return { kind: 'value', value: value as CelValue }; // the evaluator gives one or the other
};
