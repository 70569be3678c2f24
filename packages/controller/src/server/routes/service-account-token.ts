// Owns serviceaccounts/<name>/token: a token for a program, shown once (authentication.k8s.io/v1 TokenRequest).
import {
  createValidator,
  resourceKey,
  serviceAccountKind,
  type TokenRequest,
  tokenRequestKind,
} from '@drover/api';
import type { FastifyInstance } from 'fastify';
import { toTimestamp } from '../../platform/clock.ts';
import { resourceAccess } from '../access.ts';
import { objectBody } from '../body.ts';
import { isDryRun, queryOf } from '../query.ts';
import { addRoute, parameter, type RouteContext } from './context.ts';
import { collectionPath } from './kinds.ts';

export const addTokenRoute = (app: FastifyInstance, { resources, auth, clock }: RouteContext): void => {
  const validate = createValidator(tokenRequestKind);
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
      const { token, expiresAtMs } = isDryRun(queryOf(request))
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
