// Owns the questions about permissions and about oneself: answered by the authorizer itself, never stored.
// I1: an answer is what the authorizer would say to the request that is asked about; there is no second opinion.
import {
  type AccessReviewSpec,
  ApiError,
  type Kind,
  type KubeObject,
  localSubjectAccessReviewKind,
  resourceKey,
  selfSubjectAccessReviewKind,
  selfSubjectReviewKind,
  selfSubjectRulesReviewKind,
  subjectAccessReviewKind,
  validatorOf,
} from '@drover/api';

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Identity, toSubject } from '../../auth/identity.ts';
import type { Attributes } from '../../auth/permissions.ts';
import { identityOf, resourceAccess } from '../access.ts';
import { objectBody } from '../body.ts';
import { queryOf, writeOptions } from '../query.ts';
import { addRoute, parameter, type RouteContext, warner } from './context.ts';
import { collectionPath } from './kinds.ts';

type Answer = (review: KubeObject, request: FastifyRequest) => object;

const badField = (field: string, message: string): ApiError =>
  new ApiError('Invalid', `cannot review: ${field}: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field }],
  });

/** The request that is asked about, as the server would have put it to the authorizer. */
const toAttributes = ({ resourceAttributes, nonResourceAttributes }: AccessReviewSpec): Attributes => {
  if (nonResourceAttributes !== undefined) {
    const { verb = '', path = '' } = nonResourceAttributes;
    return { verb, resource: '', url: { verb, path } };
  }
  const { verb = '', group = '', resource = '', subresource, namespace, name } = resourceAttributes ?? {};
  if (resource.includes('.'))
    throw badField(
      'spec.resourceAttributes.resource',
      `"${resource.slice(0, 100)}": the group goes in group`,
    );
  return {
    verb,
    resource: resourceKey({ group, plural: resource }),
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
};

// Reviews have been validated by the schema of their kind.
const specOf = (review: KubeObject): AccessReviewSpec => review['spec'] as AccessReviewSpec;

const decide = ({ auth }: RouteContext, identity: Identity, spec: AccessReviewSpec): object => {
  const { allowed, reason } = auth.authorize(identity, toAttributes(spec));
  return { status: { allowed, ...(reason === '' ? {} : { reason }) } };
};

const subjectOf = ({ user = '', groups = [], uid, extra }: AccessReviewSpec): Identity => ({
  kind: 'user',
  name: user,
  groups,
  ...(uid === undefined ? {} : { uid }),
  ...(extra === undefined ? {} : { extra }),
});

const aboutSomebody =
  (context: RouteContext): Answer =>
  (review) =>
    decide(context, subjectOf(specOf(review)), specOf(review));

const aboutSomebodyHere =
  (context: RouteContext): Answer =>
  (review, request) => {
    const namespace = parameter(request, 'namespace');
    const field = 'spec.resourceAttributes.namespace';
    const spec = specOf(review);
    if (spec.resourceAttributes === undefined)
      throw badField('spec.nonResourceAttributes', 'disallowed on this kind of request');
    if (spec.resourceAttributes.namespace !== namespace) throw badField(field, `must be ${namespace}`);
    return decide(context, subjectOf(spec), spec);
  };

const aboutOneself =
  (context: RouteContext): Answer =>
  (review, request) =>
    decide(context, identityOf(request), specOf(review));

const allRules =
  ({ auth }: RouteContext): Answer =>
  (review, request) => {
    const { namespace = '' } = review['spec'] as { readonly namespace?: string };
    if (namespace === '') throw badField('spec.namespace', 'no namespace on request');
    const { rules, missing } = auth.rulesOf(identityOf(request), namespace);
    return {
      status: {
        resourceRules: rules.filter((rule) => (rule.resources ?? []).length > 0),
        nonResourceRules: rules.filter((rule) => (rule.nonResourceURLs ?? []).length > 0),
        incomplete: missing.length > 0,
        ...(missing.length > 0 ? { evaluationError: missing.join(', ') } : {}),
      },
    };
  };

const whoAmI: Answer = (_review, request) => {
  const identity = identityOf(request);
  const { name: username, groups } = toSubject(identity);
  const { uid, extra } = identity.kind === 'user' ? identity : {};
  const userInfo = {
    username,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra === undefined ? {} : { extra }),
  };
  return { status: { userInfo } };
};

const addReview = (app: FastifyInstance, kind: Kind, answer: Answer): void => {
  const validate = validatorOf(kind);
  const access = resourceAccess('create', resourceKey(kind));
  addRoute(app, 'POST', collectionPath(kind), access, async (request, reply) => {
    const { fieldValidation = 'Strict' } = writeOptions(
      queryOf(request),
      request.headers['user-agent'] ?? '',
      warner(reply),
    );
    // Typed clients send an empty status along: an answer is ours alone.
    const { status: _status, ...question } = objectBody(request);
    const { object } = validate({ metadata: {}, ...question }, fieldValidation);
    reply.code(201);
    return JSON.stringify({ ...object, ...answer(object, request) });
  });
};

export const addReviewRoutes = (app: FastifyInstance, context: RouteContext): void => {
  addReview(app, selfSubjectAccessReviewKind, aboutOneself(context));
  addReview(app, subjectAccessReviewKind, aboutSomebody(context));
  addReview(app, localSubjectAccessReviewKind, aboutSomebodyHere(context));
  addReview(app, selfSubjectRulesReviewKind, allRules(context));
  addReview(app, selfSubjectReviewKind, whoAmI);
};
