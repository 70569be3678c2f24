// Owns the questions about permissions (authorization.k8s.io/v1) and about oneself (authentication.k8s.io/v1):
// answered when they are made, never stored.
import { type Static, type TProperties, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { ObjectMeta } from '../meta.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.Optional(Type.String({ description }));
const texts = (description: string) =>
  Type.Optional(Type.Array(Type.String(), { 'x-kubernetes-list-type': 'atomic', description }));
const Extra = Type.Optional(
  Type.Record(Type.String(), Type.Array(Type.String()), { description: 'Further attributes.' }),
);

const attributes = {
  resourceAttributes: Type.Optional(
    Type.Object(
      {
        namespace: text('Empty: all namespaces, or cluster scope.'),
        verb: text('get, list, watch, create, update, patch, delete ... or "*".'),
        group: text('API group; "*" is every group.'),
        version: text('API version; does not matter.'),
        resource: text('Resource such as nodes; "*" is every resource.'),
        subresource: text('Subresource such as status.'),
        name: text('Name of the object; empty: any.'),
      },
      { ...closed, description: 'What is to be done to a resource.' },
    ),
  ),
  nonResourceAttributes: Type.Optional(
    Type.Object(
      { path: text('Path of the URL.'), verb: text('The HTTP method in lower case.') },
      { ...closed, description: 'What is to be done to another path.' },
    ),
  ),
};

const who = {
  user: text('The user that is asked about.'),
  groups: texts('The groups that are asked about.'),
  uid: text('Uid of the user.'),
  extra: Extra,
};

const decision = Type.Optional(
  Type.Object(
    {
      allowed: Type.Boolean({ default: false, description: 'Whether it is allowed.' }),
      denied: Type.Optional(Type.Boolean({ description: 'Whether it is refused whatever others say.' })),
      reason: text('Why.'),
      evaluationError: text('What could not be found out.'),
    },
    { ...closed, description: 'The answer.' },
  ),
);

const review = <S extends TProperties>(
  names: readonly [group: string, kind: string, plural: string],
  fields: S,
  options: { readonly scope: Kind['scope']; readonly description: string },
): Kind => {
  const [group, kind, plural] = names;
  const schema = Type.Object(
    {
      apiVersion: Type.Literal(`${group}/v1`),
      kind: Type.Literal(kind),
      metadata: ObjectMeta,
      ...fields,
    },
    { ...closed, description: options.description },
  );
  return {
    group,
    version: 'v1',
    kind,
    plural,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: [],
    scope: options.scope,
    schema,
    columns: [],
    hasStatus: false,
    subresources: [],
    selectableFields: {},
    immutablePaths: [],
    transient: true,
  };
};

const authorization = 'authorization.k8s.io';
const problemOfBoth = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';

const AccessReviewSpec = Type.Object({ ...who, ...attributes }, closed);
export type AccessReviewSpec = Static<typeof AccessReviewSpec>;

const asks = (spec: AccessReviewSpec): number =>
  [spec.resourceAttributes, spec.nonResourceAttributes].filter((one) => one !== undefined).length;

/** What is wrong with a question; empty when it can be answered. */
const questionProblems: Kind['check'] = (object) => {
  const { spec } = object as unknown as { readonly spec: AccessReviewSpec };
  const isAboutSelf = object.kind === 'SelfSubjectAccessReview';
  const isAnonymous = !isAboutSelf && !spec.user && (spec.groups ?? []).length === 0;
  return [
    ...(asks(spec) === 1 ? [] : [{ field: 'spec.resourceAttributes', message: problemOfBoth }]),
    ...(isAnonymous
      ? [{ field: 'spec.user', message: 'at least one of user or group must be specified' }]
      : []),
  ];
};

const selfAccess = review(
  [authorization, 'SelfSubjectAccessReview', 'selfsubjectaccessreviews'],
  { spec: Type.Object(attributes, closed), status: decision },
  { scope: 'Cluster', description: 'Asks whether oneself may do something.' },
);
export const selfSubjectAccessReviewKind: Kind = { ...selfAccess, check: questionProblems };

const access = review(
  [authorization, 'SubjectAccessReview', 'subjectaccessreviews'],
  { spec: AccessReviewSpec, status: decision },
  { scope: 'Cluster', description: 'Asks whether somebody may do something.' },
);
export const subjectAccessReviewKind: Kind = { ...access, check: questionProblems };

const localAccess = review(
  [authorization, 'LocalSubjectAccessReview', 'localsubjectaccessreviews'],
  { spec: AccessReviewSpec, status: decision },
  { scope: 'Namespaced', description: 'Asks whether somebody may do something in one namespace.' },
);
export const localSubjectAccessReviewKind: Kind = { ...localAccess, check: questionProblems };

const rule = <S extends TProperties>(fields: S) =>
  Type.Array(Type.Object(fields, closed), { 'x-kubernetes-list-type': 'atomic' });

export const selfSubjectRulesReviewKind = review(
  [authorization, 'SelfSubjectRulesReview', 'selfsubjectrulesreviews'],
  {
    spec: Type.Object({ namespace: text('The namespace that is asked about.') }, closed),
    status: Type.Optional(
      Type.Object(
        {
          resourceRules: rule({
            verbs: Type.Array(Type.String()),
            apiGroups: texts('Groups.'),
            resources: texts('Resources.'),
            resourceNames: texts('Names.'),
          }),
          nonResourceRules: rule({ verbs: Type.Array(Type.String()), nonResourceURLs: texts('Paths.') }),
          incomplete: Type.Boolean({ description: 'Whether there may be more.' }),
          evaluationError: text('What could not be found out.'),
        },
        { ...closed, description: 'All that one may do there.' },
      ),
    ),
  },
  { scope: 'Cluster', description: 'Asks for all that oneself may do in a namespace.' },
);

export const selfSubjectReviewKind = review(
  ['authentication.k8s.io', 'SelfSubjectReview', 'selfsubjectreviews'],
  {
    status: Type.Optional(
      Type.Object(
        {
          userInfo: Type.Optional(
            Type.Object(
              { username: text('Name.'), uid: text('Uid.'), groups: texts('Groups.'), extra: Extra },
              { ...closed, description: 'Who one is.' },
            ),
          ),
        },
        closed,
      ),
    ),
  },
  { scope: 'Cluster', description: 'Asks who oneself is.' },
);
