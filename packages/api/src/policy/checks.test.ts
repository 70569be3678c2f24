// What policies and bindings may say, through the validators that the server has.
import { beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '../errors.ts';
import type { Kind } from '../kind.ts';
import { validatingAdmissionPolicyKind } from '../kinds/validating-admission-policy.ts';
import { validatingAdmissionPolicyBindingKind } from '../kinds/validating-admission-policy-binding.ts';
import { validatorOf } from '../validation/validator.ts';
import { loadPolicies } from './on-demand.ts';

beforeAll(loadPolicies);

const validators = new Map(
  [validatingAdmissionPolicyKind, validatingAdmissionPolicyBindingKind].map((kind) => [
    kind,
    validatorOf(kind),
  ]),
);
const validate = (kind: Kind, spec: object) =>
  validators.get(kind)?.({ metadata: { name: 'p' }, spec }, 'Strict').object;

/** 'path: message' of every cause. */
const problems = (kind: Kind, spec: object): readonly string[] => {
  try {
    validate(kind, spec);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    const { details } = error as ApiError;
    return (details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
  }
};

const rule = (more: object = {}) => ({
  apiGroups: [''],
  apiVersions: ['v1'],
  operations: ['CREATE'],
  resources: ['pods'],
  ...more,
});
const policy = (more: object = {}) => ({
  matchConstraints: { resourceRules: [rule()] },
  validations: [{ expression: 'true' }],
  ...more,
});
const ruled = (more: object) => policy({ matchConstraints: { resourceRules: [rule(more)] } });
const validated = (more: object) => policy({ validations: [{ expression: 'true', ...more }] });

describe('a policy', () => {
  it('gets the defaults of Kubernetes', () => {
    expect(validate(validatingAdmissionPolicyKind, policy())?.['spec']).toMatchObject({
      failurePolicy: 'Fail',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        resourceRules: [{ scope: '*' }],
      },
    });
  });

  const at = 'spec.matchConstraints.resourceRules[0]';
  it.each<[object, string]>([
    [policy({ matchConstraints: undefined }), 'spec.matchConstraints: Required value'],
    [policy({ matchConstraints: {} }), 'spec.matchConstraints.resourceRules: Required value'],
    [policy({ validations: [] }), 'spec.validations: Required value: validations or auditAnnotations must'],
    [ruled({ operations: [] }), `${at}.operations: Required value`],
    [
      ruled({ operations: ['*', 'CREATE'] }),
      `${at}.operations: Invalid value: ["*","CREATE"]: if '*' is present`,
    ],
    [ruled({ operations: ['READ'] }), `${at}.operations[0]: Unsupported value: "READ"`],
    [ruled({ apiGroups: [] }), `${at}.apiGroups: Required value`],
    [ruled({ apiVersions: [''] }), `${at}.apiVersions[0]: Required value`],
    [ruled({ resources: [] }), `${at}.resources: Required value`],
    [ruled({ resources: ['*/*', 'pods'] }), "if '*/*' is present, must not specify other resources"],
    [ruled({ resources: ['*', 'pods'] }), "if '*' is present, must not specify other resources without"],
    [ruled({ resources: ['pods/*', 'pods/log'] }), "if 'pods/*' is present, must not specify pods/log"],
    [ruled({ resources: ['*/log', 'pods/log'] }), "if '*/log' is present, must not specify pods/log"],
    [ruled({ resourceNames: ['a', 'a'] }), `${at}.resourceNames[1]: Duplicate value: "a"`],
    [ruled({ resourceNames: ['a/b'] }), `${at}.resourceNames[0]: Invalid value: "a/b"`],
    [
      policy({
        matchConstraints: { resourceRules: [rule()], objectSelector: { matchLabels: { '-': 'x' } } },
      }),
      'spec.matchConstraints.objectSelector.matchLabels: "-" is not a label key',
    ],
    [policy({ paramKind: { kind: 'Limit' } }), 'spec.paramKind.apiVersion: Required value'],
    [
      policy({ paramKind: { apiVersion: 'a/b/c', kind: 'Limit' } }),
      'spec.paramKind.apiVersion: Invalid value',
    ],
    [policy({ failurePolicy: 'Never' }), 'spec.failurePolicy: '],
    [
      validated({ expression: ' ' }),
      'spec.validations[0].expression: Required value: expression is not specified',
    ],
    [validated({ message: ' ' }), 'message must be non-empty if specified'],
    [validated({ message: 'a\nb' }), 'message must not contain line breaks'],
    [
      validated({ expression: 'true\n&& true' }),
      'spec.validations[0].message: Required value: message must be',
    ],
    [validated({ messageExpression: '' }), 'spec.validations[0].messageExpression: Invalid value'],
    [validated({ messageExpression: '1' }), 'must evaluate to a string, not to int'],
    [validated({ reason: 'Conflict' }), 'spec.validations[0].reason: Unsupported value: "Conflict"'],
    [
      validated({ expression: '1' }),
      'spec.validations[0].expression: Invalid value: "1": compilation failed: must',
    ],
    [validated({ expression: 'params.x' }), "compilation failed: undeclared reference to 'params'"],
    [validated({ expression: 'variables.x' }), "compilation failed: undefined field 'x'"],
    [validated({ messageExpression: 'authorizer.path("/").check("get").reason()' }), 'compilation failed'],
    [policy({ variables: [{ name: 'a-b', expression: '1' }] }), 'name is not a valid CEL identifier'],
    [
      policy({
        variables: [
          { name: 'a', expression: 'variables.b' },
          { name: 'b', expression: '1' },
        ],
      }),
      'spec.variables[0].expression: Invalid value: "variables.b": compilation failed: undefined field \'b\'',
    ],
    [
      policy({ matchConditions: [{ name: '', expression: 'true' }] }),
      'spec.matchConditions[0].name: Required value',
    ],
    [
      policy({
        variables: [{ name: 'a', expression: '1' }],
        matchConditions: [{ name: 'c', expression: 'variables.a' }],
      }),
      "undeclared reference to 'variables'",
    ],
    [policy({ auditAnnotations: [{ key: 'k', valueExpression: '1' }] }), 'must evaluate to a string or null'],
    [policy({ auditAnnotations: [{ key: 'a b', valueExpression: 'null' }] }), 'must be a qualified name'],
  ])('%j is refused: %s', (spec, message) => {
    expect(problems(validatingAdmissionPolicyKind, spec).join('\n')).toContain(message);
  });

  it.each([
    policy({
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [{ expression: 'params.data.a == "1"' }],
    }),
    policy({
      validations: [],
      auditAnnotations: [{ key: 'who', valueExpression: 'request.userInfo.username' }],
    }),
    policy({
      variables: [
        { name: 'a', expression: '1' },
        { name: 'b', expression: 'variables.a + 1' },
      ],
      validations: [{ expression: 'variables.b == 2 && authorizer.requestResource.check("x").allowed()' }],
    }),
    ruled({ resources: ['pods', 'pods/status', '*/scale'] }),
  ])('%j is accepted', (spec) => {
    expect(problems(validatingAdmissionPolicyKind, spec)).toEqual([]);
  });
});

it('a policy whose expressions would take long to compile is refused before they are', () => {
  const expression = `true${' && true'.repeat(1_000)}`;
  const validations = Array.from({ length: 10 }, () => ({ expression }));
  expect(problems(validatingAdmissionPolicyKind, policy({ validations }))).toEqual([
    'spec: Too long: its expressions may have 40000 characters together, not 80040: make several policies',
  ]);
});

describe('a binding', () => {
  const binding = (more: object) => ({ policyName: 'p', validationActions: ['Deny'], ...more });
  it.each<[object, string]>([
    [binding({ policyName: '' }), 'spec.policyName: Required value'],
    [binding({ validationActions: [] }), 'spec.validationActions: Required value'],
    [binding({ validationActions: ['Deny', 'Warn'] }), 'must not contain both Deny and Warn'],
    [
      binding({ validationActions: ['Audit', 'Audit'] }),
      'spec.validationActions[1]: Duplicate value: "Audit"',
    ],
    [binding({ paramRef: { name: 'x' } }), 'spec.paramRef.parameterNotFoundAction: Required value'],
    [
      binding({ paramRef: { name: 'x', selector: {}, parameterNotFoundAction: 'Deny' } }),
      'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
    ],
    [
      binding({ paramRef: { parameterNotFoundAction: 'Deny' } }),
      'spec.paramRef: Required value: one of name or selector',
    ],
    [
      binding({ matchResources: { resourceRules: [rule({ resources: [] })] } }),
      'spec.matchResources.resourceRules[0].resources',
    ],
  ])('%j is refused: %s', (spec, message) => {
    expect(problems(validatingAdmissionPolicyBindingKind, spec).join('\n')).toContain(message);
  });

  it('may deny and note, or warn and note', () => {
    for (const action of ['Deny', 'Warn'])
      expect(
        problems(validatingAdmissionPolicyBindingKind, binding({ validationActions: [action, 'Audit'] })),
      ).toEqual([]);
  });
});
