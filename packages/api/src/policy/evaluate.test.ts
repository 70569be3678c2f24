import { describe, expect, it } from 'vitest';
import { asPolicy } from '../kinds/validating-admission-policy.ts';
import { compilePolicy } from './compile.ts';
import { evaluatePolicy, newReviewBudget, type Review } from './evaluate.ts';

const policy = (spec: object) =>
  compilePolicy(asPolicy({ apiVersion: '', kind: '', metadata: { name: 'p' }, spec }));

const review = (data: object, more: Partial<Review> = {}): Review => ({
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data },
  oldObject: undefined,
  params: undefined,
  namespaceObject: undefined,
  request: { operation: 'CREATE', name: 'x' },
  requestResource: { group: '', resource: 'configmaps', name: 'x' },
  ask: () => ({ allowed: false, reason: '' }),
  ...more,
});
const evaluate = (spec: object, data: object = {}, left = newReviewBudget()) =>
  evaluatePolicy(policy(spec), review(data), left);
const words = (spec: object, data: object = {}): readonly string[] =>
  evaluate(spec, data).failures.map(({ message }) => message);

describe('variables', () => {
  it('are reckoned only when they are asked for', () => {
    const variables = [{ name: 'bad', expression: 'object.data.missing.deep' }];
    expect(words({ variables, validations: [{ expression: 'true || variables.bad' }] })).toEqual([]);
    expect(words({ variables, validations: [{ expression: 'variables.bad || true' }] })).toEqual([]);
    const [failed] = words({ variables, validations: [{ expression: 'variables.bad == 1' }] });
    expect(failed).toContain("expression 'variables.bad == 1' resulted in error: ");
  });

  it('are reckoned once, however often they are used', () => {
    const costly = {
      name: 'costly',
      expression: `[${'1,'.repeat(2_000)}1].map(x, x + 1).map(x, x + 1).size()`,
    };
    const used = (times: number): number => {
      const left = newReviewBudget();
      const expression = Array.from({ length: times }, () => 'variables.costly > 0').join(' && ');
      evaluate({ variables: [costly], validations: [{ expression }] }, {}, left);
      return newReviewBudget().left - left.left;
    };
    expect(used(10)).toBeLessThan(used(1) * 1.5);
  });
});

describe('conditions', () => {
  const spec = (matchConditions: readonly string[], more: object = {}) => ({
    matchConditions: matchConditions.map((expression, i) => ({ name: `c${i}`, expression })),
    validations: [{ expression: 'false' }],
    ...more,
  });

  it.each<[readonly string[], object, readonly string[]]>([
    [['true'], {}, ['failed expression: false']],
    [['true', 'false'], {}, []],
    [['object.nope == 1', 'false'], {}, []],
    [['object.nope == 1', 'true'], { failurePolicy: 'Ignore' }, []],
  ])('%j %j let through %j', (conditions, more, expected) => {
    expect(words(spec(conditions, more))).toEqual(expected);
  });

  it('that fail count as not kept', () => {
    expect(words(spec(['object.nope == 1', 'true']))[0]).toContain(
      "expression 'object.nope == 1' resulted in error",
    );
  });
});

describe('a message', () => {
  it.each<[object, string]>([
    [{ messageExpression: '"made of " + object.metadata.name', message: 'given' }, 'made of x'],
    [{ messageExpression: 'object.nope', message: ' given ' }, 'given'],
    [{ messageExpression: '"  "', message: 'given' }, 'given'],
    [{ messageExpression: '"a\\nb"', message: 'given' }, 'given'],
    [{ messageExpression: '"a\\nb"' }, 'failed expression: object == null'],
  ])('of %j is "%s"', (more, expected) => {
    expect(words({ validations: [{ expression: ' object == null ', ...more }] })).toEqual([expected]);
  });
});

describe('the budget', () => {
  const greedy = { expression: 'object.data.list.all(x, object.data.list.all(y, x != y + 1))' };
  const data = { list: Array.from({ length: 10_000 }, (_, i) => 2 * i) };

  it('of one policy ends it, and of one request ends all', () => {
    const left = newReviewBudget();
    const spec = { validations: [greedy, { expression: 'false' }] };
    for (let i = 0; i < 3; i += 1)
      expect(evaluate(spec, data, left).failures.map(({ message }) => message)).toEqual([
        'validation failed due to running out of cost budget, no further validation rules will be run',
      ]);
    expect(left.left).toBe(0);
    expect(
      evaluate({ validations: [{ expression: 'object.data.size() == 0' }] }, {}, left).failures,
    ).toHaveLength(1);
  });

  it('pays for objects to be read, once for all policies', () => {
    const left = newReviewBudget();
    const asked = review({ list: Array.from({ length: 50_000 }, (_, i) => i) });
    const wide = policy({ validations: [{ expression: 'object.data.list[0] == 0' }] });
    const shown = new Map();
    evaluatePolicy(wide, asked, left, shown);
    const afterFirst = left.left;
    evaluatePolicy(wide, asked, left, shown);
    expect(newReviewBudget().left - afterFirst).toBeGreaterThan(5_000);
    expect(afterFirst - left.left).toBeLessThan(100);
  });

  it('that runs out is no failure of a policy that says Ignore', () => {
    expect(words({ failurePolicy: 'Ignore', validations: [greedy] }, data)).toEqual([]);
  });
});

describe('annotations', () => {
  const spec = (valueExpression: string, more: object = {}) => ({
    auditAnnotations: [{ key: 'k', valueExpression }],
    ...more,
  });

  it('are text, and left out when null or empty', () => {
    expect(evaluate(spec('" a "')).annotations).toEqual([{ key: 'k', value: 'a' }]);
    expect(evaluate(spec('object.data.a ? "yes" : null'), { a: false }).annotations).toEqual([]);
    expect(evaluate(spec('""')).annotations).toEqual([]);
  });

  it('that fail are an error, unless the policy says Ignore', () => {
    expect(evaluate(spec('object.nope')).errors).toHaveLength(1);
    expect(evaluate(spec('object.nope', { failurePolicy: 'Ignore' })).errors).toEqual([]);
  });
});

describe('the authorizer', () => {
  it('asks about what the expression says, and about the request itself', () => {
    const asked: object[] = [];
    const ask: Review['ask'] = (question) => {
      asked.push(question);
      return { allowed: question.verb === 'get', reason: 'because' };
    };
    const expression = [
      "authorizer.group('apps').resource('deployments').subresource('scale').namespace('n').name('d').check('get').allowed()",
      "!authorizer.requestResource.check('x').allowed()",
      "authorizer.path('/metrics').check('get').reason() == 'because'",
      "authorizer.serviceAccount('n', 'robot').group('').resource('pods').check('get').allowed()",
    ].join(' && ');
    const outcome = evaluatePolicy(
      policy({ validations: [{ expression }] }),
      review({}, { ask }),
      newReviewBudget(),
    );
    expect(outcome.failures).toEqual([]);
    expect(asked).toEqual([
      {
        verb: 'get',
        group: 'apps',
        resource: 'deployments',
        subresource: 'scale',
        namespace: 'n',
        name: 'd',
      },
      { verb: 'x', group: '', resource: 'configmaps', name: 'x' },
      { verb: 'get', path: '/metrics' },
      { verb: 'get', group: '', resource: 'pods', account: { namespace: 'n', name: 'robot' } },
    ]);
  });
});
