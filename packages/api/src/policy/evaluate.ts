// Owns what a policy says of one request: which validations fail and in what words, and what goes into the audit trail.
// I1: one evaluation has one budget (cel/budget.ts), taken out of what the request has left: however many policies there
//     are, a request ends. What has no steps left has failed.
// I2: what fails counts as the policy's failurePolicy says: as not kept, or as kept.
import { celMap } from '@bufbuild/cel';
import { type Budget, requestBudget } from '../cel/budget.ts';
import type { Expression, Outcome } from '../cel/compile.ts';
import { lazyMap } from '../cel/lazy.ts';
import {
  type AccessAnswer,
  type AccessQuestion,
  authorizerValue,
  withAuthorizer,
} from '../cel/library/authorizer.ts';
import { toCelValue } from '../cel/values.ts';
import type { KubeObject } from '../meta.ts';
import type { CompiledPolicy } from './compile.ts';

type Fields = Readonly<Record<string, unknown>>;
type Values = Parameters<Expression['evaluate']>[0];

/** One request, as the expressions see it. */
export interface Review {
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
  readonly params: KubeObject | undefined;
  readonly namespaceObject: KubeObject | undefined;
  /** AdmissionRequest, without its objects. */
  readonly request: Fields;
  /** What authorizer.requestResource asks about. */
  readonly requestResource: Omit<AccessQuestion, 'verb'>;
  readonly ask: (question: AccessQuestion) => AccessAnswer;
}

export interface Failure {
  /** Of the validation. */
  readonly index: number;
  readonly message: string;
  readonly reason?: string;
}

export interface PolicyOutcome {
  readonly failures: readonly Failure[];
  readonly annotations: readonly { readonly key: string; readonly value: string }[];
  /** Annotations that could not be made and had to be: the request is refused, whatever the binding's actions are. */
  readonly errors: readonly string[];
}

const nothing: PolicyOutcome = { failures: [], annotations: [], errors: [] };
const outOfBudget =
  'validation failed due to running out of cost budget, no further validation rules will be run';
const maxMessageLength = 5 * 1024;
const maxAnnotationLength = 10 * 1024;

/** What all policies together may take of one request. */
export const newReviewBudget = (): Budget => ({ left: 2 * requestBudget });

interface Run {
  readonly policy: CompiledPolicy;
  readonly values: Values;
  readonly budget: Budget;
}

const ask = ({ values, budget }: Run, expression: Expression): Outcome => expression.evaluate(values, budget);

const isFailing = ({ policy }: Run): boolean => policy.spec.failurePolicy !== 'Ignore';

/** I2. */
const failed = (run: Run, index: number, text: string, message: string): readonly Failure[] => {
  if (!isFailing(run)) return [];
  const words = `expression '${text.trim()}' resulted in error: ${message}`;
  return [{ index, message: run.budget.left < 0 ? outOfBudget : words }];
};

/** Whether the policy is to be asked, or failed already. */
const askConditions = (run: Run): boolean | readonly Failure[] => {
  const { conditions, spec } = run.policy;
  const outcomes = conditions.map((condition) => ask(run, condition));
  if (outcomes.some((outcome) => outcome.kind === 'value' && outcome.value === false)) return false;
  const at = outcomes.findIndex((outcome) => outcome.kind === 'failed' || outcome.value !== true);
  if (at < 0) return true;
  const outcome = outcomes[at];
  const why = outcome?.kind === 'failed' ? outcome.message : 'its value is not a bool';
  return failed(run, 0, spec.matchConditions?.[at]?.expression ?? '', why);
};

const messageOf = (run: Run, index: number): string => {
  const { messages, spec } = run.policy;
  const expression = messages.get(index);
  const made = expression === undefined ? undefined : ask(run, expression);
  const text = made?.kind === 'value' && typeof made.value === 'string' ? made.value.trim() : '';
  if (text !== '' && text.length <= maxMessageLength && !text.includes('\n')) return text;
  const validation = spec.validations?.[index];
  return validation?.message?.trim() || `failed expression: ${(validation?.expression ?? '').trim()}`;
};

const askValidations = (run: Run): readonly Failure[] => {
  const failures: Failure[] = [];
  for (const [index, expression] of run.policy.validations.entries()) {
    const outcome = ask(run, expression);
    if (outcome.kind === 'value' && outcome.value === true) continue;
    const validation = run.policy.spec.validations?.[index];
    if (outcome.kind === 'failed') {
      failures.push(...failed(run, index, validation?.expression ?? '', outcome.message));
      if (run.budget.left < 0) break;
    } else {
      const { reason } = validation ?? {};
      failures.push({
        index,
        message: messageOf(run, index),
        ...(reason === undefined ? {} : { reason }),
      });
    }
  }
  return failures;
};

const askAnnotations = (run: Run): Pick<PolicyOutcome, 'annotations' | 'errors'> => {
  const annotations: { key: string; value: string }[] = [];
  const errors: string[] = [];
  for (const [index, expression] of run.policy.annotations.entries()) {
    const { key = '', valueExpression = '' } = run.policy.spec.auditAnnotations?.[index] ?? {};
    const outcome = ask(run, expression);
    if (outcome.kind === 'value' && outcome.value === null) continue;
    if (outcome.kind === 'value' && typeof outcome.value === 'string') {
      const value = outcome.value.trim().slice(0, maxAnnotationLength);
      if (value !== '') annotations.push({ key, value });
    } else {
      const why = outcome.kind === 'failed' ? outcome.message : 'its value is neither a string nor null';
      errors.push(...failed(run, index, valueExpression, why).map(({ message }) => message));
    }
  }
  return { annotations, errors };
};

/** Objects as values, for all policies of one request. */
type Shown = Map<unknown, Values[string]>;

/** Values that are read in about the time of one step. */
const valuesPerStep = 10;

const countValues = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + countValues(inner), 1);
};

/** Whoever shows an object first pays for it (I1). */
const show = (shown: Shown, value: unknown, budget: Budget): Values[string] => {
  if (value === undefined) return null;
  const known = shown.get(value);
  if (known !== undefined) return known;
  budget.left -= countValues(value) / valuesPerStep;
  const made = toCelValue(value, {});
  shown.set(value, made);
  return made;
};

const valuesOf = (
  policy: CompiledPolicy,
  review: Review,
  shown: Shown,
  budget: Budget,
): Record<string, Values[string]> => {
  const { object, oldObject, params, namespaceObject, request, requestResource } = review;
  const given: Fields = { object, oldObject, params, namespaceObject, request };
  const read = Object.entries(given).filter(([name]) => policy.reads.has(name));
  const values: Record<string, Values[string]> = Object.fromEntries(
    read.map(([name, value]) => [name, show(shown, value, budget)]),
  );
  if (policy.reads.has('authorizer')) values['authorizer'] = authorizerValue(requestResource);
  return values;
};

const withVariables = (
  policy: CompiledPolicy,
  values: Record<string, Values[string]>,
  budget: Budget,
): Values => {
  const names = (policy.spec.variables ?? []).map(({ name }) => name);
  if (names.length === 0) return { ...values, variables: celMap(new Map()) };
  values['variables'] = lazyMap(names, (name) => {
    const expression = policy.variables[names.indexOf(name)];
    return expression?.evaluate(values, budget) ?? { kind: 'failed', message: `no such variable: ${name}` };
  });
  return values;
};

/** Takes what it needs out of `left` (I1). */
export const evaluatePolicy = (
  policy: CompiledPolicy,
  review: Review,
  left: Budget,
  shown: Shown = new Map(),
): PolicyOutcome => {
  const budget: Budget = { left: Math.min(requestBudget, left.left) };
  const had = budget.left;
  if (had <= 0)
    return policy.spec.failurePolicy === 'Ignore'
      ? nothing
      : { ...nothing, failures: [{ index: 0, message: outOfBudget }] };
  try {
    return withAuthorizer(review.ask, () => {
      const values = withVariables(policy, valuesOf(policy, review, shown, budget), budget);
      const run: Run = { policy, values, budget };
      const isAsked = askConditions(run);
      if (isAsked === false) return nothing;
      if (isAsked !== true) return { ...nothing, failures: isAsked };
      return { failures: askValidations(run), ...askAnnotations(run) };
    });
  } finally {
    left.left = Math.max(0, left.left - (had - budget.left));
  }
};
