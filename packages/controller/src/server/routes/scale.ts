// Owns the scale subresource: an object as autoscaling/v1 Scale, read and changed.
// I1: what is scaled is an ordinary update of the object: validated, guarded, and refused when somebody was faster.
// I2: policies see the Scale, not the object, as in Kubernetes.
import {
  ApiError,
  applyJsonPatch,
  applyMergePatch,
  isPlainObject,
  type Kind,
  type KubeObject,
  parseReplicas,
  scaleKind,
  toScale,
  withReplicas,
} from '@drover/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mediaType, objectBody } from '../body.ts';
import { type Handler, parameter, type RouteContext } from './context.ts';
import { optionsFor } from './write.ts';

const apiVersion = `${scaleKind.group}/${scaleKind.version}`;

const checkScale = (body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const { kind = scaleKind.kind, apiVersion: version = apiVersion } = body;
  if (kind === scaleKind.kind && version === apiVersion) return body;
  throw new ApiError('BadRequest', `cannot read the object: this path takes ${apiVersion} ${scaleKind.kind}`);
};

const patched = (request: FastifyRequest, scale: KubeObject): unknown => {
  const type = mediaType(request);
  switch (type) {
    case 'application/merge-patch+json':
    case 'application/strategic-merge-patch+json':
      return applyMergePatch(scale, request.body);
    case 'application/json-patch+json':
      return applyJsonPatch(scale, request.body);
    default:
      throw new ApiError(
        'UnsupportedMediaType',
        `cannot patch the scale with ${type.slice(0, 100)}: send application/merge-patch+json or application/json-patch+json`,
      );
  }
};

const checkVersion = (scale: unknown, { metadata }: KubeObject): void => {
  const given = isPlainObject(scale) && isPlainObject(scale['metadata']) ? scale['metadata'] : {};
  const wanted = given['resourceVersion'];
  if (wanted === undefined || wanted === '' || wanted === metadata.resourceVersion) return;
  throw new ApiError(
    'Conflict',
    `cannot scale ${metadata.name ?? ''}: the object has been modified; please apply your changes to the latest version and try again`,
  );
};

export const scaleHandlers = (context: RouteContext, kind: Kind) => {
  const { resources } = context;
  const show = (object: KubeObject): KubeObject => toScale(kind, object);
  const optionsOf = optionsFor(context, kind, { subresource: 'scale', objectKind: scaleKind, show }); // I2

  const change = async (
    request: FastifyRequest,
    reply: FastifyReply,
    wish: (current: KubeObject) => unknown,
  ): Promise<string> => {
    const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')];
    const options = await optionsOf(request, reply);
    const scale = (object: KubeObject): KubeObject => {
      const wanted = wish(toScale(kind, object));
      checkVersion(wanted, object);
      return withReplicas(kind, object, parseReplicas(wanted));
    };
    return JSON.stringify(toScale(kind, await resources.modify(kind, namespace, name, scale, options)));
  };

  const get: Handler = async (request) =>
    JSON.stringify(
      toScale(kind, resources.get(kind, parameter(request, 'namespace'), parameter(request, 'name'))),
    );
  const update: Handler = (request, reply) => {
    const body = checkScale(objectBody(request));
    return change(request, reply, () => body);
  };
  const patch: Handler = (request, reply) => change(request, reply, (scale) => patched(request, scale));
  return { get, update, patch };
};
