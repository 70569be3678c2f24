// Owns the kind ValidatingAdmissionPolicy (admissionregistration.k8s.io/v1): what must be true of what is written, in CEL.
// What it may say is in policy/checks.ts, what it comes to in policy/evaluate.ts.
import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { Conditions, type KubeObject, ObjectMeta } from '../meta.ts';
import { policyCauses } from '../policy/checks.ts';
import { loadPolicies } from '../policy/on-demand.ts';
import { ageColumn, nameColumn, textColumn } from '../printing/columns.ts';
import { matchResources } from './match-resources.ts';

const closed = { additionalProperties: false } as const;
const atomicList = { 'x-kubernetes-list-type': 'atomic' } as const;
const byName = {
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  'x-kubernetes-patch-strategy': 'merge',
  'x-kubernetes-patch-merge-key': 'name',
} as const;
const text = (description: string) => Type.String({ description, maxLength: 100_000 });

const Validation = Type.Object(
  {
    expression: text(
      'Must be true. It sees object, oldObject, request, params, namespaceObject, variables, authorizer.',
    ),
    message: Type.Optional(text('What is told when it is not true.')),
    messageExpression: Type.Optional(text('Same, as an expression; message is told when it fails.')),
    reason: Type.Optional(
      text('Unauthorized, Forbidden, Invalid or RequestEntityTooLarge; Invalid unless given.'),
    ),
  },
  closed,
);

const AuditAnnotation = Type.Object(
  {
    key: text('Where it stands in the audit trail, behind the name of the policy and a slash.'),
    valueExpression: text('What stands there; null leaves it out.'),
  },
  closed,
);

const MatchCondition = Type.Object(
  {
    name: text('Name of the condition.'),
    expression: text('The policy is asked only where it is true.'),
  },
  closed,
);

const Variable = Type.Object(
  {
    name: text('The name behind "variables.".'),
    expression: text('Its value, reckoned when it is first asked for.'),
  },
  closed,
);

const Spec = Type.Object(
  {
    paramKind: Type.Optional(
      Type.Object(
        {
          apiVersion: Type.Optional(text('Group and version of the kind.')),
          kind: Type.Optional(text('The kind.')),
        },
        {
          ...closed,
          'x-kubernetes-map-type': 'atomic',
          description: 'The kind of the objects that bindings give as params.',
        },
      ),
    ),
    matchConstraints: Type.Optional(matchResources('Which requests the policy is about. Required.')),
    validations: Type.Optional(
      Type.Array(Validation, { ...atomicList, maxItems: 1_000, description: 'What must be true.' }),
    ),
    failurePolicy: Type.Optional(
      Type.Union([Type.Literal('Fail'), Type.Literal('Ignore')], {
        default: 'Fail',
        description: 'What an expression that fails, or a param that is not there, counts as.',
      }),
    ),
    auditAnnotations: Type.Optional(
      Type.Array(AuditAnnotation, { ...atomicList, description: 'Notes for the audit trail.' }),
    ),
    matchConditions: Type.Optional(
      Type.Array(MatchCondition, { ...byName, description: 'All must be true for the policy to be asked.' }),
    ),
    variables: Type.Optional(
      Type.Array(Variable, {
        ...byName,
        maxItems: 1_000,
        description: 'Values that other expressions use; each may use those before it.',
      }),
    ),
  },
  { ...closed, description: 'What the policy asks for.' },
);

const ExpressionWarning = Type.Object(
  {
    fieldRef: text('Path of the expression.'),
    warning: text('What is wrong with it, for each kind of object.'),
  },
  closed,
);
export type ExpressionWarning = Static<typeof ExpressionWarning>;

export const ValidatingAdmissionPolicy = Type.Object(
  {
    apiVersion: Type.Literal('admissionregistration.k8s.io/v1'),
    kind: Type.Literal('ValidatingAdmissionPolicy'),
    metadata: ObjectMeta,
    spec: Spec,
    status: Type.Optional(
      Type.Object(
        {
          observedGeneration: Type.Optional(
            Type.Integer({ description: 'The metadata.generation that was looked at.' }),
          ),
          typeChecking: Type.Optional(
            Type.Object(
              {
                expressionWarnings: Type.Optional(
                  Type.Array(ExpressionWarning, {
                    ...atomicList,
                    description: 'Expressions that cannot be right.',
                  }),
                ),
              },
              { ...closed, description: 'What the schemas of the matched kinds say to the expressions.' },
            ),
          ),
          conditions: Type.Optional(Conditions),
        },
        { ...closed, description: 'What is known of the policy.' },
      ),
    ),
  },
  {
    ...closed,
    description: 'ValidatingAdmissionPolicy says what must be true of objects; a binding puts it to work.',
  },
);
export type ValidatingAdmissionPolicy = Static<typeof ValidatingAdmissionPolicy>;

/** Objects are validated by their schema before they are read as such. */
export const asPolicy = (object: KubeObject): ValidatingAdmissionPolicy =>
  object as unknown as ValidatingAdmissionPolicy;

const paramKindOf = (object: KubeObject): string => {
  const { apiVersion = '', kind = '' } = asPolicy(object).spec.paramKind ?? {};
  return kind === '' ? '<unset>' : `${apiVersion}/${kind}`;
};

export const validatingAdmissionPolicyKind: Kind = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  singular: 'validatingadmissionpolicy',
  shortNames: [],
  categories: ['api-extensions'],
  scope: 'Cluster',
  schema: ValidatingAdmissionPolicy,
  columns: [
    nameColumn,
    textColumn('Validations', 'How many things must be true', 0, (o) =>
      String(asPolicy(o).spec.validations?.length ?? 0),
    ),
    textColumn('ParamKind', 'The kind of its params', 0, paramKindOf),
    ageColumn,
  ],
  hasStatus: true,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
  load: loadPolicies,
  check: (object) => policyCauses(asPolicy(object)),
};
