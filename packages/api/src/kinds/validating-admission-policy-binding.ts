// Owns the kind ValidatingAdmissionPolicyBinding (admissionregistration.k8s.io/v1): where a policy counts, with which params,
// and what is done when it is not kept.
import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, LabelSelector, ObjectMeta } from '../meta.ts';
import { bindingCauses } from '../policy/checks.ts';
import { ageColumn, nameColumn, textColumn } from '../printing/columns.ts';
import { matchResources } from './match-resources.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.String({ description, maxLength: 1_000 });

export const ValidatingAdmissionPolicyBinding = Type.Object(
  {
    apiVersion: Type.Literal('admissionregistration.k8s.io/v1'),
    kind: Type.Literal('ValidatingAdmissionPolicyBinding'),
    metadata: ObjectMeta,
    spec: Type.Object(
      {
        policyName: Type.Optional(text('Name of the policy. Required.')),
        paramRef: Type.Optional(
          Type.Object(
            {
              name: Type.Optional(text('Name of the one object.')),
              namespace: Type.Optional(
                text('Its namespace; that of the request unless given. Only for kinds in namespaces.'),
              ),
              selector: Type.Optional(
                Type.Object(LabelSelector.properties, {
                  ...closed,
                  'x-kubernetes-map-type': 'atomic',
                  description: 'Or all objects with such labels: the policy is asked with each.',
                }),
              ),
              parameterNotFoundAction: Type.Optional(
                Type.Union([Type.Literal('Allow'), Type.Literal('Deny')], {
                  description: 'Without any such object the policy is kept (Allow), or has failed (Deny).',
                }),
              ),
            },
            {
              ...closed,
              'x-kubernetes-map-type': 'atomic',
              description: "Which objects of the policy's paramKind are its params.",
            },
          ),
        ),
        matchResources: Type.Optional(
          matchResources('Which of the requests that the policy is about; all unless given.'),
        ),
        validationActions: Type.Optional(
          Type.Array(
            Type.Union([Type.Literal('Deny'), Type.Literal('Warn'), Type.Literal('Audit')], {
              description: 'Refuse the request, warn whoever sent it, or note it in the audit trail.',
            }),
            {
              maxItems: 10,
              'x-kubernetes-list-type': 'set',
              description: 'What is done when the policy is not kept. Required.',
            },
          ),
        ),
      },
      { ...closed, description: 'What is bound to what.' },
    ),
  },
  { ...closed, description: 'ValidatingAdmissionPolicyBinding puts a policy to work.' },
);
export type ValidatingAdmissionPolicyBinding = Static<typeof ValidatingAdmissionPolicyBinding>;

/** Objects are validated by their schema before they are read as such. */
export const asPolicyBinding = (object: KubeObject): ValidatingAdmissionPolicyBinding =>
  object as unknown as ValidatingAdmissionPolicyBinding;

const paramRefOf = (object: KubeObject): string => {
  const { paramRef } = asPolicyBinding(object).spec;
  if (paramRef === undefined) return '<unset>';
  const namespace = paramRef.namespace === undefined ? '' : `${paramRef.namespace}/`;
  return `${namespace}${paramRef.name ?? '*'}`;
};

export const validatingAdmissionPolicyBindingKind: Kind = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  singular: 'validatingadmissionpolicybinding',
  shortNames: [],
  categories: ['api-extensions'],
  scope: 'Cluster',
  schema: ValidatingAdmissionPolicyBinding,
  columns: [
    nameColumn,
    textColumn('PolicyName', 'The policy', 0, (o) => asPolicyBinding(o).spec.policyName ?? ''),
    textColumn('ParamRef', 'Its params', 0, paramRefOf),
    ageColumn,
  ],
  hasStatus: false,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
  check: (object) => bindingCauses(asPolicyBinding(object)),
};
