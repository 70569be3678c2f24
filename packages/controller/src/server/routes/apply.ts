// Owns server-side apply of any kind: PATCH with application/apply-patch+yaml.
// I1: who may patch may not therefore create: where apply would make the object, that is asked for too.
import { type Kind, type KubeObject, resourceKey } from '@drover/api';
import type { FastifyRequest } from 'fastify';
import type { ApplyOptions } from '../../resources/resources.ts';
import { identityOf, permit } from '../access.ts';
import { tellAdmitted } from '../audit.ts';
import { applyForce, queryOf } from '../query.ts';
import { parameter, type RouteContext } from './context.ts';

export interface AppliedObject {
  readonly object: KubeObject;
  readonly created: boolean;
}

type Apply = (
  request: FastifyRequest,
  body: Readonly<Record<string, unknown>>,
  options: ApplyOptions,
) => Promise<AppliedObject>;

export const createApply = ({ resources, admission, auth }: RouteContext, kind: Kind): Apply => {
  const resource = resourceKey(kind);
  const admit = admission[resource];
  return async (request, body, options) => {
    const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')];
    const identity = identityOf(request);
    const force = applyForce(queryOf(request));
    let answer: ((created: KubeObject) => KubeObject) | undefined;
    const beforeCreate = async (object: KubeObject): Promise<unknown> => {
      permit(auth, identity, { verb: 'create', resource, subresource: '', namespace, name });
      const { dryRun = false } = options;
      const admitted = await admit?.({
        identity,
        operation: 'create',
        object,
        dryRun,
        address: request.ip,
      });
      tellAdmitted(request, admitted, options.onWarning);
      answer = admitted?.answer;
      return admitted?.object;
    };
    const result = await resources.apply(kind, namespace, name, body, { ...options, force, beforeCreate });
    return result.created ? { ...result, object: answer?.(result.object) ?? result.object } : result;
  };
};
