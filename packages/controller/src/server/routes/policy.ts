// Owns how a request that writes is put to the policies: what it says of itself, where their warnings go, and what of it
// stands in the audit trail.
import type { Kind, KubeObject } from '@drover/api';
import type { FastifyRequest } from 'fastify';
import type { PolicyGuard } from '../../auth/policy/gate.ts';
import type { PolicyRequest } from '../../auth/policy/request.ts';
import { identityOf } from '../access.ts';
import { parameter, type RouteContext } from './context.ts';

/** As what policies see the objects, where a subresource has a kind of its own. */
export interface PolicyView {
  readonly subresource?: string | undefined;
  readonly objectKind?: PolicyRequest['objectKind'];
  readonly show?: (object: KubeObject) => KubeObject;
}

/** How it is written, as far as policies see it. */
interface Given extends PolicyView {
  readonly dryRun?: boolean | undefined;
  readonly onWarning: (message: string) => void;
  readonly [option: string]: unknown;
}

const optionsKinds: Readonly<Record<string, string>> = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
  DELETE: 'DeleteOptions',
};

const optionNames = ['fieldManager', 'fieldValidation', 'propagationPolicy', 'preconditions'] as const;

const optionsOf = (request: FastifyRequest, given: Given): Readonly<Record<string, unknown>> => ({
  apiVersion: 'meta.k8s.io/v1',
  kind: optionsKinds[request.method] ?? 'CreateOptions',
  ...(given.dryRun === true ? { dryRun: ['All'] } : {}),
  ...Object.fromEntries(
    optionNames.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]),
  ),
});

/** The name in the path, or in the body that is created under it. */
const nameOf = (request: FastifyRequest): string => {
  const inPath = parameter(request, 'name');
  if (inPath !== '' || request.method !== 'POST') return inPath;
  const body = request.body as { readonly metadata?: { readonly name?: unknown } | null } | null; // or anything else
  const name = body?.metadata?.name;
  return typeof name === 'string' ? name : '';
};

/** A try of a write may be repeated: whoever sent it is warned of a thing once. */
const once = (tell: (message: string) => void): ((message: string) => void) => {
  const told = new Set<string>();
  return (message) => {
    if (!told.has(message)) tell(message);
    told.add(message);
  };
};

/** What the policies say to a write of this kind. Resolves at once but for the first policy that there is. */
export const policyFor =
  ({ auth }: RouteContext, kind: Kind) =>
  async (request: FastifyRequest, given: Given): Promise<PolicyGuard> => {
    const { audit } = request;
    await auth.policies.ready();
    const { subresource, objectKind, show = (object) => object } = given;
    const ask = auth.policies.guard({
      identity: identityOf(request),
      kind,
      subresource,
      ...(objectKind === undefined ? {} : { objectKind }),
      namespace: parameter(request, 'namespace'),
      name: nameOf(request),
      dryRun: given.dryRun === true,
      options: () => optionsOf(request, given),
      onWarning: once(given.onWarning),
      onNote: (note) => {
        if (audit === null) return;
        // Of many that are deleted at once, others may be asked after one was refused.
        const denial = note.denial ?? audit.policyNote?.denial;
        audit.policyNote = { ...note, ...(denial === undefined ? {} : { denial }) };
      },
    });
    return (before, after) => ask(before && show(before), after && show(after));
  };
