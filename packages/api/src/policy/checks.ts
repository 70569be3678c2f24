// Owns what policies and bindings may say, apart from whether their expressions can be used (compile.ts): the rules of
// Kubernetes (pkg/apis/admissionregistration/validation), in its words. Pure.
import { duplicate, forbidden, invalidValue, notSupported, required } from '../custom/causes.ts';
import { ApiError, type Cause } from '../errors.ts';
import type { MatchResources, NamedRule } from '../kinds/match-resources.ts';
import type { ValidatingAdmissionPolicy } from '../kinds/validating-admission-policy.ts';
import type { ValidatingAdmissionPolicyBinding } from '../kinds/validating-admission-policy-binding.ts';
import type { LabelSelector } from '../meta.ts';
import { toLabelMatcher } from '../selectors/label-selector.ts';
import { labelCauses } from '../validation/metadata.ts';
import { isDnsLabel, isDnsSubdomain, isLabelKey, isPathSegment } from '../validation/names.ts';
import { loadedPolicies } from './on-demand.ts';

type Spec = ValidatingAdmissionPolicy['spec'];
type FieldCause = Cause & { readonly field: string };

/** Of all expressions of one policy: each takes about ten microseconds to compile. */
const maxCharacters = 40_000;
const maxConditions = 64;
const maxAnnotations = 20;
const maxAnnotationLength = 5 * 1024;
const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'] as const;
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'] as const;

const isBlank = (text: string | undefined): boolean => text === undefined || text.trim() === '';
const hasBreaks = (text: string | undefined): boolean => text !== undefined && /[\r\n]/.test(text);

/** Causes of a name that is already in the list. */
const duplicates = (names: readonly string[], path: string, field: string): readonly Cause[] =>
  names.flatMap((name, i) =>
    name !== '' && names.indexOf(name) < i ? [duplicate(`${path}[${i}]${field}`, name)] : [],
  );

const wordCauses = (words: readonly string[] | undefined, path: string, things: string): readonly Cause[] => {
  if (words === undefined || words.length === 0) return [required(path)];
  if (words.length < 2 || !words.includes('*')) return [];
  return [invalidValue(path, words, `if '*' is present, must not specify other ${things}`)];
};

const resourceCauses = (words: readonly string[] | undefined, path: string): readonly Cause[] => {
  if (words === undefined || words.length === 0) return [required(path)];
  const causes: Cause[] = [];
  if (words.length > 1 && words.includes('*/*'))
    causes.push(invalidValue(path, words, "if '*/*' is present, must not specify other resources"));
  if (words.includes('*') && words.some((word) => word !== '*' && !word.includes('/')))
    causes.push(
      invalidValue(path, words, "if '*' is present, must not specify other resources without subresources"),
    );
  for (const [i, word] of words.entries()) {
    const [resource = '', sub] = word.split('/', 2);
    if (word === '') causes.push(required(`${path}[${i}]`));
    else if (sub !== undefined && sub !== '*' && words.includes(`${resource}/*`))
      causes.push(
        invalidValue(`${path}[${i}]`, word, `if '${resource}/*' is present, must not specify ${word}`),
      );
    else if (sub !== undefined && resource !== '*' && words.includes(`*/${sub}`))
      causes.push(invalidValue(`${path}[${i}]`, word, `if '*/${sub}' is present, must not specify ${word}`));
  }
  return causes;
};

const ruleCauses = (rule: NamedRule, path: string): readonly Cause[] => {
  const names = rule.resourceNames ?? [];
  return [
    ...wordCauses(rule.operations, `${path}.operations`, 'operations'),
    ...(rule.operations ?? []).flatMap((word, i) =>
      operations.some((one) => one === word)
        ? []
        : [notSupported(`${path}.operations[${i}]`, word, operations)],
    ),
    ...wordCauses(rule.apiGroups, `${path}.apiGroups`, 'API groups'),
    ...wordCauses(rule.apiVersions, `${path}.apiVersions`, 'API versions'),
    ...(rule.apiVersions ?? []).flatMap((word, i) =>
      word === '' ? [required(`${path}.apiVersions[${i}]`)] : [],
    ),
    ...resourceCauses(rule.resources, `${path}.resources`),
    ...names.flatMap((name, i) =>
      isPathSegment(name)
        ? []
        : [invalidValue(`${path}.resourceNames[${i}]`, name, 'is not a name that an object may have')],
    ),
    ...duplicates(names, `${path}.resourceNames`, ''),
  ];
};

const selectorCauses = (selector: LabelSelector | undefined, path: string): readonly Cause[] => {
  if (selector === undefined) return [];
  const causes = [...labelCauses(`${path}.matchLabels`, selector.matchLabels ?? {})];
  for (const [i, { key }] of (selector.matchExpressions ?? []).entries())
    if (!isLabelKey(key))
      causes.push(
        invalidField(`${path}.matchExpressions[${i}].key`, `"${key.slice(0, 300)}" is not a label key`),
      );
  try {
    toLabelMatcher(selector);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    causes.push(invalidField(path, error.message));
  }
  return causes;
};

const invalidField = (field: string, message: string): FieldCause => ({
  reason: 'FieldValueInvalid',
  field,
  message,
});

const matchCauses = (match: MatchResources | undefined, path: string): readonly Cause[] => {
  if (match === undefined) return [];
  return [
    ...selectorCauses(match.namespaceSelector, `${path}.namespaceSelector`),
    ...selectorCauses(match.objectSelector, `${path}.objectSelector`),
    ...(match.resourceRules ?? []).flatMap((rule, i) => ruleCauses(rule, `${path}.resourceRules[${i}]`)),
    ...(match.excludeResourceRules ?? []).flatMap((rule, i) =>
      ruleCauses(rule, `${path}.excludeResourceRules[${i}]`),
    ),
  ];
};

/** 'v1', 'apps/v1'. */
const isApiVersion = (text: string): boolean => {
  const parts = text.split('/');
  const [version = '', group] = [parts.at(-1), parts.length > 1 ? parts[0] : undefined];
  return parts.length <= 2 && isDnsLabel(version) && (group === undefined || isDnsSubdomain(group));
};

const paramKindCauses = ({ paramKind }: Spec): readonly Cause[] => {
  if (paramKind === undefined) return [];
  const { apiVersion = '', kind = '' } = paramKind;
  const path = 'spec.paramKind';
  const causes: Cause[] = [];
  if (apiVersion === '') causes.push(required(`${path}.apiVersion`));
  else if (!isApiVersion(apiVersion))
    causes.push(invalidValue(`${path}.apiVersion`, apiVersion, 'must be <version> or <group>/<version>'));
  if (kind === '') causes.push(required(`${path}.kind`));
  else if (!isDnsLabel(kind.toLowerCase()))
    causes.push(
      invalidValue(`${path}.kind`, kind, 'may have mixed case, but should otherwise match a DNS label'),
    );
  return causes;
};

type Validation = NonNullable<Spec['validations']>[number];

const validationCauses = (validation: Validation, path: string): readonly Cause[] => {
  const { expression, message, messageExpression, reason } = validation;
  const causes: Cause[] = [];
  if (isBlank(expression)) causes.push(required(`${path}.expression`, 'expression is not specified'));
  if (messageExpression !== undefined && isBlank(messageExpression))
    causes.push(
      invalidValue(`${path}.messageExpression`, messageExpression, 'must be non-empty if specified'),
    );
  if (message !== undefined && isBlank(message))
    causes.push(invalidValue(`${path}.message`, message, 'message must be non-empty if specified'));
  else if (hasBreaks(message))
    causes.push(invalidValue(`${path}.message`, message, 'message must not contain line breaks'));
  else if (hasBreaks(expression.trim()) && message === undefined)
    causes.push(required(`${path}.message`, 'message must be specified if expression contains line breaks'));
  if (reason !== undefined && !reasons.some((one) => one === reason))
    causes.push(notSupported(`${path}.reason`, reason, reasons));
  return causes;
};

const conditionCauses = ({ matchConditions = [] }: Spec): readonly Cause[] => {
  const path = 'spec.matchConditions';
  const tooMany = matchConditions.length > maxConditions;
  return [
    ...(tooMany ? [invalidField(path, `Too many: must have at most ${maxConditions} items`)] : []),
    ...matchConditions.flatMap(({ name, expression }, i) => [
      ...(isBlank(expression) ? [required(`${path}[${i}].expression`)] : []),
      ...(name === '' ? [required(`${path}[${i}].name`)] : []),
      ...(name === '' || isLabelKey(name)
        ? []
        : [invalidValue(`${path}[${i}].name`, name, 'must be a qualified name')]),
    ]),
    ...duplicates(
      matchConditions.map(({ name }) => name),
      path,
      '.name',
    ),
  ];
};

const variableCauses = ({ variables = [] }: Spec): readonly Cause[] => [
  ...variables.flatMap(({ name, expression }, i) => {
    const at = `spec.variables[${i}]`;
    const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
    return [
      ...(name === '' ? [required(`${at}.name`, 'name is not specified')] : []),
      ...(name === '' || identifier
        ? []
        : [invalidValue(`${at}.name`, name, 'name is not a valid CEL identifier')]),
      ...(isBlank(expression) ? [required(`${at}.expression`, 'expression is not specified')] : []),
    ];
  }),
  ...duplicates(
    variables.map(({ name }) => name),
    'spec.variables',
    '.name',
  ),
];

const annotationCauses = ({ auditAnnotations = [] }: Spec, policy: string): readonly Cause[] => {
  const path = 'spec.auditAnnotations';
  const tooMany = auditAnnotations.length > maxAnnotations;
  return [
    ...(tooMany ? [invalidField(path, `must not have more than ${maxAnnotations} auditAnnotations`)] : []),
    ...auditAnnotations.flatMap(({ key, valueExpression }, i) => {
      const at = `${path}[${i}]`;
      const isKey = isLabelKey(policy === '' ? key : `${policy}/${key}`);
      return [
        ...(key === '' ? [required(`${at}.key`)] : []),
        ...(key === '' || isKey ? [] : [invalidValue(`${at}.key`, key, 'must be a qualified name')]),
        ...(isBlank(valueExpression)
          ? [required(`${at}.valueExpression`, 'valueExpression is not specified')]
          : []),
        ...(valueExpression.length > maxAnnotationLength
          ? [
              invalidField(
                `${at}.valueExpression`,
                `Too long: may not be more than ${maxAnnotationLength} bytes`,
              ),
            ]
          : []),
      ];
    }),
    ...duplicates(
      auditAnnotations.map(({ key }) => key),
      path,
      '.key',
    ),
  ];
};

const sizeCauses = (spec: Spec): readonly Cause[] => {
  const { matchConditions = [], variables = [], validations = [], auditAnnotations = [] } = spec;
  const texts = [
    ...[...matchConditions, ...variables].map(({ expression }) => expression),
    ...validations.flatMap(({ expression, messageExpression = '' }) => [expression, messageExpression]),
    ...auditAnnotations.map(({ valueExpression }) => valueExpression),
  ];
  const size = texts.reduce((sum, { length }) => sum + length, 0);
  if (size <= maxCharacters) return [];
  const why = `its expressions may have ${maxCharacters} characters together, not ${size}: make several policies`;
  return [invalidField('spec', `Too long: ${why}`)];
};

const withField = (causes: readonly Cause[]): readonly FieldCause[] =>
  causes.map((cause) => ({ field: '', ...cause }));

/** What is wrong with a policy; with its expressions only when nothing else is. loadPolicies has been awaited. */
export const policyCauses = (policy: ValidatingAdmissionPolicy): readonly FieldCause[] => {
  const { spec, metadata } = policy;
  const { validations = [], auditAnnotations = [], matchConstraints } = spec;
  const constraints = 'spec.matchConstraints';
  const causes: Cause[] = [...paramKindCauses(spec), ...matchCauses(matchConstraints, constraints)];
  if (matchConstraints === undefined) causes.push(required(constraints));
  else if ((matchConstraints.resourceRules ?? []).length === 0)
    causes.push(required(`${constraints}.resourceRules`));
  if (validations.length === 0 && auditAnnotations.length === 0)
    causes.push(
      required('spec.validations', 'validations or auditAnnotations must contain at least one item'),
      required('spec.auditAnnotations', 'validations or auditAnnotations must contain at least one item'),
    );
  causes.push(
    ...validations.flatMap((one, i) => validationCauses(one, `spec.validations[${i}]`)),
    ...conditionCauses(spec),
    ...variableCauses(spec),
    ...annotationCauses(spec, metadata.name ?? ''),
    ...sizeCauses(spec),
  );
  if (causes.length > 0) return withField(causes);
  const loaded = loadedPolicies();
  if (loaded === undefined) throw new Error('cannot check the policy: its expressions have not been loaded');
  return withField(loaded.expressionCauses(policy));
};

const paramRefCauses = ({ paramRef }: ValidatingAdmissionPolicyBinding['spec']): readonly Cause[] => {
  if (paramRef === undefined) return [];
  const path = 'spec.paramRef';
  const { name = '', selector, parameterNotFoundAction } = paramRef;
  const causes: Cause[] = [...selectorCauses(selector, `${path}.selector`)];
  if (name !== '' && !isPathSegment(name))
    causes.push(invalidValue(`${path}.name`, name, 'is not a name that an object may have'));
  if (name !== '' && selector !== undefined)
    causes.push(
      forbidden(`${path}.name`, 'name and selector are mutually exclusive'),
      forbidden(`${path}.selector`, 'name and selector are mutually exclusive'),
    );
  if (name === '' && selector === undefined)
    causes.push(required(path, 'one of name or selector must be specified'));
  if (parameterNotFoundAction === undefined) causes.push(required(`${path}.parameterNotFoundAction`));
  return causes;
};

const actionCauses = ({
  validationActions = [],
}: ValidatingAdmissionPolicyBinding['spec']): readonly Cause[] => {
  const path = 'spec.validationActions';
  if (validationActions.length === 0) return [required(path, 'at least one validation action is required')];
  const both = validationActions.includes('Deny') && validationActions.includes('Warn');
  return [
    ...duplicates(validationActions, path, ''),
    ...(both
      ? [
          invalidValue(
            path,
            validationActions,
            'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
          ),
        ]
      : []),
  ];
};

/** What is wrong with a binding. */
export const bindingCauses = ({ spec }: ValidatingAdmissionPolicyBinding): readonly FieldCause[] => {
  const { policyName = '' } = spec;
  return withField([
    ...(policyName === '' ? [required('spec.policyName')] : []),
    ...(policyName === '' || isDnsSubdomain(policyName)
      ? []
      : [invalidValue('spec.policyName', policyName, 'must be the name of a policy')]),
    ...paramRefCauses(spec),
    ...matchCauses(spec.matchResources, 'spec.matchResources'),
    ...actionCauses(spec),
  ]);
};
