// Owns create, update, patch and delete over any kind.
import { ApiError, apiVersionOf, type Kind, type KubeObject, listKindOf, resourceKey } from '@drover/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Identity } from '../../auth/identity.ts';
import { approvalNote } from '../../auth/run-policy/approval.ts';
import { trustNote } from '../../auth/ssh-enrolment.ts';
import type { DeleteOptions, PatchType } from '../../resources/resources.ts';
import { identityOf } from '../access.ts';
import { tellAdmitted } from '../audit.ts';
import { applyType, mediaType, objectBody } from '../body.ts';
import { createEncoder, includeObjectOf } from '../encode.ts';
import { representationOf } from '../negotiate.ts';
import { isDryRun, listOptions, queryOf, refuseForce, word, writeOptions } from '../query.ts';
import { createApply } from './apply.ts';
import { type Handler, parameter, type RouteContext, warner } from './context.ts';
import { type PolicyView, policyFor } from './policy.ts';

type WritableSubresource = 'status' | 'approval' | 'finalize';

const patchTypes: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

const policies = ['Background', 'Foreground', 'Orphan'] as const;

/** What a write is to hold that only we write. */
const stampOf = (
  { auth, runPolicies }: RouteContext,
  kind: Kind,
  identity: Identity,
  subresource: WritableSubresource | undefined,
) => {
  if (subresource === undefined) return auth.stamp(kind, identity);
  return subresource === 'approval' ? runPolicies.stampOf(kind, identity) : undefined;
};

/** What a write is made with, by who asks and how; roles are asked before policies. */
export const optionsFor = (context: RouteContext, kind: Kind, view: PolicyView = {}) => {
  const policyOf = policyFor(context, kind);
  return async (request: FastifyRequest, reply: FastifyReply, subresource?: WritableSubresource) => {
    const roles = context.auth.guard(kind, identityOf(request));
    const onWarning = warner(reply);
    const options = writeOptions(queryOf(request), request.headers['user-agent'] ?? '', onWarning);
    const { fieldManager, fieldValidation, dryRun } = options;
    const given = { fieldManager, fieldValidation, dryRun, onWarning, subresource, ...view };
    const policies = await policyOf(request, given);
    const stamp = stampOf(context, kind, identityOf(request), subresource);
    return {
      ...options,
      ...(subresource === undefined ? {} : { subresource }),
      guard: (before: KubeObject | undefined, after: KubeObject): void => {
        roles?.(before, after);
        policies(before, after);
        const note =
          subresource === 'approval' ? approvalNote(before, after) : trustNote(kind, before, after);
        if (note !== '' && request.audit !== null) request.audit.note = note;
      },
      ...(stamp === undefined ? {} : { stamp }),
    };
  };
};

const badOption = (field: string, why: string): ApiError =>
  new ApiError('BadRequest', `cannot read DeleteOptions: ${field}: ${why}`);

const textField = (object: Readonly<Record<string, unknown>>, path: string, field: string) => {
  const value = object[field];
  if (value === undefined || value === null) return {};
  if (typeof value !== 'string') throw badOption(`${path}${field}`, 'must be a string');
  return { [field]: value };
};

const preconditionsOf = (value: unknown): Pick<DeleteOptions, 'preconditions'> => {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object') throw badOption('preconditions', 'must be an object');
  const given = value as Readonly<Record<string, unknown>>;
  const path = 'preconditions.';
  return {
    preconditions: { ...textField(given, path, 'uid'), ...textField(given, path, 'resourceVersion') },
  };
};

const dryRunOf = (value: unknown): boolean => {
  if (value === undefined || value === null) return false;
  if (!Array.isArray(value) || value.some((v) => v !== 'All')) throw badOption('dryRun', 'must be ["All"]');
  return value.length > 0;
};

/** From the body (meta/v1 DeleteOptions) and, where that says nothing, the query. Throws BadRequest. */
const readDeleteOptions = (request: FastifyRequest): DeleteOptions => {
  const body = request.body === undefined || request.body === null ? {} : objectBody(request);
  const query = queryOf(request);
  const kind = body['kind'];
  if (kind !== undefined && kind !== 'DeleteOptions') throw badOption('kind', 'must be DeleteOptions');
  const given = body['propagationPolicy'] ?? undefined;
  const policy =
    given === undefined ? word(query, 'propagationPolicy', policies) : policies.find((p) => p === given);
  if (given !== undefined && policy === undefined) {
    throw badOption('propagationPolicy', `must be one of ${policies.join(', ')}`);
  }
  return {
    dryRun: dryRunOf(body['dryRun']) || isDryRun(query),
    ...(policy === undefined ? {} : { propagationPolicy: policy }),
    ...preconditionsOf(body['preconditions']),
  };
};

/** What a deletion is made with. */
const deleteOptionsFor = (context: RouteContext, kind: Kind) => {
  const policyOf = policyFor(context, kind);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<DeleteOptions> => {
    const options = readDeleteOptions(request);
    const policies = await policyOf(request, { ...options, onWarning: warner(reply) });
    return { ...options, guard: (object) => policies(object, undefined) };
  };
};

const isHeld = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length > 0;

const deletedStatus = (kind: Kind, { metadata }: KubeObject): string =>
  JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: metadata.name, group: kind.group, kind: kind.plural, uid: metadata.uid },
    code: 200,
  });

const patchTypeOf = (request: FastifyRequest): PatchType => {
  const type = mediaType(request);
  const found = patchTypes.find((known) => known === type);
  if (found !== undefined) return found;
  throw new ApiError(
    'UnsupportedMediaType',
    `cannot patch with ${type === '' ? 'a body of no type' : type.slice(0, 100)}: send ${[...patchTypes, applyType].join(', ')}`,
  );
};

/** Fills apiVersion and kind in when absent; refuses those of another kind. */
const ofKind = (kind: Kind, body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const expected = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  for (const [field, value] of Object.entries(expected)) {
    if (body[field] !== undefined && body[field] !== value) {
      throw new ApiError(
        'BadRequest',
        `cannot read the object: ${field} is ${JSON.stringify(body[field]).slice(0, 100)}, this path takes "${value}"`,
      );
    }
  }
  return { ...body, ...expected };
};

export const writeHandlers = (context: RouteContext, kind: Kind) => {
  const { resources, clock, admission } = context;
  const admit = admission[resourceKey(kind)];
  const optionsOf = optionsFor(context, kind);
  const deleteOptions = deleteOptionsFor(context, kind);
  const apply = createApply(context, kind);

  const answer = (request: FastifyRequest, object: KubeObject): string =>
    createEncoder(representationOf(request), {
      kind,
      clock,
      includeObject: includeObjectOf(queryOf(request)),
    }).one(object);

  const create: Handler = async (request, reply) => {
    const options = await optionsOf(request, reply);
    representationOf(request);
    const body = ofKind(kind, objectBody(request));
    const [identity, { dryRun = false }] = [identityOf(request), options];
    const admitted = await admit?.({
      identity,
      operation: 'create',
      object: body,
      dryRun,
      address: request.ip,
    });
    tellAdmitted(request, admitted, options.onWarning);
    const object = admitted === undefined ? body : admitted.object;
    const created = await resources.create(kind, parameter(request, 'namespace'), object, options);
    reply.code(201);
    return answer(request, admitted?.answer?.(created) ?? created);
  };

  const update =
    (subresource?: WritableSubresource): Handler =>
    async (request, reply) => {
      const options = await optionsOf(request, reply, subresource);
      const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')];
      const body = ofKind(kind, objectBody(request));
      return answer(request, await resources.update(kind, namespace, name, body, options));
    };

  const patch =
    (subresource?: WritableSubresource): Handler =>
    async (request, reply) => {
      const options = await optionsOf(request, reply, subresource);
      if (mediaType(request) === applyType) {
        const applied = await apply(request, ofKind(kind, objectBody(request)), options);
        if (applied.created) reply.code(201);
        return answer(request, applied.object);
      }
      refuseForce(queryOf(request));
      const change = { type: patchTypeOf(request), body: request.body };
      const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')];
      return answer(request, await resources.patch(kind, namespace, name, change, options));
    };

  const remove: Handler = async (request, reply) => {
    const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')];
    const object = await resources.delete(kind, namespace, name, await deleteOptions(request, reply));
    return isHeld(object) ? answer(request, object) : deletedStatus(kind, object);
  };

  const deleteCollection: Handler = async (request, reply) => {
    const query = queryOf(request);
    const selected = listOptions(query, parameter(request, 'namespace'));
    const options = { ...selected, ...(await deleteOptions(request, reply)) };
    const items = await resources.deleteCollection(kind, options);
    return JSON.stringify({
      kind: listKindOf(kind),
      apiVersion: apiVersionOf(kind),
      metadata: { resourceVersion: String(resources.revision()) },
      items,
    });
  };

  return { create, update, patch, remove, deleteCollection };
};
