// Owns questions about permissions in expressions (Kubernetes' authz library): authorizer.group('').resource('pods').check('get').
// I1: whom the answers are about is said by whoever evaluates (withAuthorizer): nothing else can be asked.
// I2: each check is paid for: it costs more than to read a value.
import { type CelValue, celMap } from '@bufbuild/cel';
import { charge } from '../budget.ts';
import { opaque, scalar, type ValueType } from '../types.ts';
import { type Declared, method, textOfOpaque, toOpaque } from './declare.ts';

/** What is asked; absent parts are empty. */
export interface AccessQuestion {
  readonly verb: string;
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Whether this service account may; whoever makes the request unless given. */
  readonly account?: { readonly namespace: string; readonly name: string };
}

export interface AccessAnswer {
  readonly allowed: boolean;
  readonly reason: string;
}

type Ask = (question: AccessQuestion) => AccessAnswer;

const checkSteps = 200;

const refuse: Ask = () => {
  throw new Error('there is nobody whose permissions could be asked about');
};

let active: Ask = refuse;

/** Runs with somebody to ask (I1): evaluation is synchronous, so one is active at a time. */
export const withAuthorizer = <T>(ask: Ask, run: () => T): T => {
  const before = active;
  active = ask;
  try {
    return run();
  } finally {
    active = before;
  }
};

const [string, bool] = [scalar('string'), scalar('bool')];
const [check, decision] = [opaque('check'), opaque('decision')];

/** The type of the variable `authorizer`. */
export const authorizerType: ValueType = opaque('authorizer', { requestResource: check });

type Part = Omit<AccessQuestion, 'verb'>;

type Step = 'authorizer' | 'groupCheck' | 'check';

/** Values are made here only, or by somebody who fools himself alone. */
const partOf = (name: Step, value: CelValue | undefined): Part =>
  JSON.parse(textOfOpaque(name, value)) as Part;

/** The value of the variable `authorizer`; `resource` is what the request itself is about. */
export const authorizerValue = (resource: Part): CelValue =>
  celMap(
    new Map<string, CelValue | string>([
      ['kubernetes.authorizer', '{}'],
      ['requestResource', toOpaque('check', JSON.stringify(resource))],
    ]),
  );

const step = (name: string, from: Step, to: Step, field: keyof Part): Declared =>
  method(name, opaque(from), [string], opaque(to), (value, text) =>
    toOpaque(to, JSON.stringify({ ...partOf(from, value), [field]: String(text) })),
  );

const answerOf = (value: CelValue | undefined): AccessAnswer =>
  JSON.parse(textOfOpaque('decision', value)) as AccessAnswer;

export const authorizers: readonly Declared[] = [
  step('path', 'authorizer', 'check', 'path'),
  step('group', 'authorizer', 'groupCheck', 'group'),
  step('resource', 'groupCheck', 'check', 'resource'),
  step('subresource', 'check', 'check', 'subresource'),
  step('namespace', 'check', 'check', 'namespace'),
  step('name', 'check', 'check', 'name'),
  method(
    'serviceAccount',
    opaque('authorizer'),
    [string, string],
    opaque('authorizer'),
    (value, ...given) => {
      const [namespace = '', name = ''] = given.map(String);
      return toOpaque(
        'authorizer',
        JSON.stringify({ ...partOf('authorizer', value), account: { namespace, name } }),
      );
    },
  ),
  method('check', check, [string], decision, (value, verb) => {
    charge(checkSteps);
    return toOpaque('decision', JSON.stringify(active({ ...partOf('check', value), verb: String(verb) })));
  }),
  method('allowed', decision, [], bool, (value) => answerOf(value).allowed),
  method('reason', decision, [], string, (value) => answerOf(value).reason),
  method('errored', decision, [], bool, () => false),
  method('error', decision, [], string, () => ''),
];
