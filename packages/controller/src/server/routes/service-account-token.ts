// Owns serviceaccounts/<name>/token: a token for a program, shown once (authentication.k8s.io/v1 TokenRequest).
import {
  resourceKey,
  serviceAccountKind,
  type TokenRequest,
  tokenRequestKind,
  validatorOf,
} from '@drover/api';
import type { FastifyInstance } from 'fastify';
import { toTimestamp } from '../../platform/clock.ts';
import { resourceAccess } from '../access.ts';
import { objectBody } from '../body.ts';
import { isDryRun, queryOf } from '../query.ts';
import { addRoute, parameter, type RouteContext, warner } from './context.ts';
import { collectionPath } from './kinds.ts';
import { policyFor } from './policy.ts';

export const addTokenRoute = (app: FastifyInstance, context: RouteContext): void => {
  const { resources, auth, clock } = context;
  const policyOf = policyFor(context, serviceAccountKind);
  const validate = validatorOf(tokenRequestKind);
  const access = resourceAccess('create', resourceKey(serviceAccountKind), 'token');
  addRoute(
    app,
    'POST',
    `${collectionPath(serviceAccountKind)}/:name/token`,
    access,
    async (request, reply) => {
      const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')];
      const account = resources.get(serviceAccountKind, namespace, name);
      const { status: _status, ...wish } = objectBody(request);
      const { object } = validate({ metadata: {}, ...wish }, 'Strict');
      const { spec } = object as unknown as TokenRequest; // validated
      const dryRun = isDryRun(queryOf(request));
      const view = { subresource: 'token', objectKind: tokenRequestKind };
      const policies = await policyOf(request, { ...view, dryRun, onWarning: warner(reply) });
      policies(undefined, object);
      const { token, expiresAtMs } = dryRun
        ? { token: '', expiresAtMs: clock.nowMs() + spec.expirationSeconds * 1000 }
        : await auth.createAccountToken(account, spec.expirationSeconds);
      reply.code(201).header('cache-control', 'no-store');
      return JSON.stringify({
        ...object,
        metadata: { name, namespace, creationTimestamp: toTimestamp(clock.nowMs()) },
        status: { token, expirationTimestamp: toTimestamp(expiresAtMs) },
      });
    },
  );
};
