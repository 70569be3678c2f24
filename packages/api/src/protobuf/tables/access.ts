// Tables of who may do what: authorization and authentication reviews, token requests, roles and their bindings.
import { field, kept, list, map, message } from '../table.ts';
import { labelSelector, labelSelectorRequirement, objectMeta } from './meta.ts';
import { extraValue, time } from './values.ts';

const authorization = (name: string) => `k8s.io.api.authorization.v1.${name}`;
const authentication = (name: string) => `k8s.io.api.authentication.v1.${name}`;
const rbac = (name: string) => `k8s.io.api.rbac.v1.${name}`;

const fieldSelectorRequirement = message(authorization('FieldSelectorRequirement'), {
  key: kept(1, 'string'),
  operator: kept(2, 'string'),
  values: list(3, 'string'),
});

const resourceAttributes = message(authorization('ResourceAttributes'), {
  namespace: field(1, 'string'),
  verb: field(2, 'string'),
  group: field(3, 'string'),
  version: field(4, 'string'),
  resource: field(5, 'string'),
  subresource: field(6, 'string'),
  name: field(7, 'string'),
  fieldSelector: field(
    8,
    message(authorization('FieldSelectorAttributes'), {
      rawSelector: field(1, 'string'),
      requirements: list(2, fieldSelectorRequirement),
    }),
  ),
  labelSelector: field(
    9,
    message(authorization('LabelSelectorAttributes'), {
      rawSelector: field(1, 'string'),
      requirements: list(2, labelSelectorRequirement),
    }),
  ),
});

const nonResourceAttributes = message(authorization('NonResourceAttributes'), {
  path: field(1, 'string'),
  verb: field(2, 'string'),
});

const accessStatus = message(authorization('SubjectAccessReviewStatus'), {
  allowed: kept(1, 'bool'),
  reason: field(2, 'string'),
  evaluationError: field(3, 'string'),
  denied: field(4, 'bool'),
});

const subjectSpec = message(authorization('SubjectAccessReviewSpec'), {
  resourceAttributes: field(1, resourceAttributes),
  nonResourceAttributes: field(2, nonResourceAttributes),
  user: field(3, 'string'),
  groups: list(4, 'string'),
  extra: map(5, extraValue('authorization')),
  uid: field(6, 'string'),
});

export const selfSubjectAccessReview = message(authorization('SelfSubjectAccessReview'), {
  metadata: field(1, objectMeta),
  spec: field(
    2,
    message(authorization('SelfSubjectAccessReviewSpec'), {
      resourceAttributes: field(1, resourceAttributes),
      nonResourceAttributes: field(2, nonResourceAttributes),
    }),
  ),
  status: field(3, accessStatus),
});

const subjectReview = (name: string) =>
  message(authorization(name), {
    metadata: field(1, objectMeta),
    spec: field(2, subjectSpec),
    status: field(3, accessStatus),
  });

export const subjectAccessReview = subjectReview('SubjectAccessReview');
export const localSubjectAccessReview = subjectReview('LocalSubjectAccessReview');

const resourceRule = message(authorization('ResourceRule'), {
  verbs: list(1, 'string'),
  apiGroups: list(2, 'string'),
  resources: list(3, 'string'),
  resourceNames: list(4, 'string'),
});

const nonResourceRule = message(authorization('NonResourceRule'), {
  verbs: list(1, 'string'),
  nonResourceURLs: list(2, 'string'),
});

const rulesStatus = message(authorization('SubjectRulesReviewStatus'), {
  resourceRules: list(1, resourceRule),
  nonResourceRules: list(2, nonResourceRule),
  incomplete: kept(3, 'bool'),
  evaluationError: field(4, 'string'),
});

export const selfSubjectRulesReview = message(authorization('SelfSubjectRulesReview'), {
  metadata: field(1, objectMeta),
  spec: field(2, message(authorization('SelfSubjectRulesReviewSpec'), { namespace: field(1, 'string') })),
  status: field(3, rulesStatus),
});

// generated.proto spells two of these names aPIVersion and uID; the JSON has the usual ones.
const boundObjectReference = message(authentication('BoundObjectReference'), {
  kind: field(1, 'string'),
  apiVersion: field(2, 'string'),
  name: field(3, 'string'),
  uid: field(4, 'string'),
});

const tokenRequestSpec = message(authentication('TokenRequestSpec'), {
  audiences: list(1, 'string'),
  boundObjectRef: field(3, boundObjectReference),
  expirationSeconds: kept(4, 'int64'),
});

const tokenRequestStatus = message(authentication('TokenRequestStatus'), {
  token: kept(1, 'string'),
  expirationTimestamp: field(2, time),
});

export const tokenRequest = message(authentication('TokenRequest'), {
  metadata: field(1, objectMeta),
  spec: field(2, tokenRequestSpec),
  status: field(3, tokenRequestStatus),
});

const userInfo = message(authentication('UserInfo'), {
  username: field(1, 'string'),
  uid: field(2, 'string'),
  groups: list(3, 'string'),
  extra: map(4, extraValue('authentication')),
});

const tokenReviewSpec = message(authentication('TokenReviewSpec'), {
  token: field(1, 'string'),
  audiences: list(2, 'string'),
});

const tokenReviewStatus = message(authentication('TokenReviewStatus'), {
  authenticated: field(1, 'bool'),
  user: field(2, userInfo),
  error: field(3, 'string'),
  audiences: list(4, 'string'),
});

export const tokenReview = message(authentication('TokenReview'), {
  metadata: field(1, objectMeta),
  spec: field(2, tokenReviewSpec),
  status: field(3, tokenReviewStatus),
});

export const selfSubjectReview = message(authentication('SelfSubjectReview'), {
  metadata: field(1, objectMeta),
  status: field(2, message(authentication('SelfSubjectReviewStatus'), { userInfo: field(1, userInfo) })),
});

const policyRule = message(rbac('PolicyRule'), {
  verbs: list(1, 'string'),
  apiGroups: list(2, 'string'),
  resources: list(3, 'string'),
  resourceNames: list(4, 'string'),
  nonResourceURLs: list(5, 'string'),
});

export const role = message(rbac('Role'), { metadata: field(1, objectMeta), rules: list(2, policyRule) });

export const clusterRole = message(rbac('ClusterRole'), {
  metadata: field(1, objectMeta),
  rules: list(2, policyRule),
  aggregationRule: field(
    3,
    message(rbac('AggregationRule'), { clusterRoleSelectors: list(1, labelSelector) }),
  ),
});

const subject = message(rbac('Subject'), {
  kind: kept(1, 'string'),
  apiGroup: field(2, 'string'),
  name: kept(3, 'string'),
  namespace: field(4, 'string'),
});

const roleRef = message(rbac('RoleRef'), {
  apiGroup: kept(1, 'string'),
  kind: kept(2, 'string'),
  name: kept(3, 'string'),
});

const binding = (name: string) =>
  message(rbac(name), {
    metadata: field(1, objectMeta),
    subjects: list(2, subject),
    roleRef: field(3, roleRef),
  });

export const roleBinding = binding('RoleBinding');
export const clusterRoleBinding = binding('ClusterRoleBinding');
