// Owns seeing a server come: the request that it makes with its token, and its node being Ready.
import {
  ApiError,
  annotation,
  type CertificateSigningRequest,
  certificateSigningRequestKind,
  enrollmentTokenKind,
  type Node,
  nodeKind,
  tokenOfUsername,
} from '@drover/api';
import type { Resources } from '../../resources/resources.ts';

/** Resolves to the name of the node that came with the token; undefined when the signal came first. Throws when it is refused. */
export const nodeOfToken = async (
  resources: Pick<Resources, 'watch'>,
  token: string,
  signal: AbortSignal,
): Promise<string | undefined> => {
  for await (const { object } of resources.watch(certificateSigningRequestKind, { signal })) {
    // Stored objects have been validated by the schema of their kind.
    const { spec, status, metadata } = object as unknown as CertificateSigningRequest;
    if (tokenOfUsername(spec.username ?? '') !== token) continue;
    const refusal = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed');
    if (refusal !== undefined)
      throw new ApiError('Forbidden', `cannot join: ${refusal.message ?? refusal.reason ?? refusal.type}`);
    const node = metadata.annotations?.[annotation.node];
    if (node !== undefined && status?.certificate !== undefined) return node;
  }
  return undefined;
};

/** Resolves once the node is Ready; throws when the signal comes first. */
export const awaitReady = async (
  resources: Pick<Resources, 'watch'>,
  node: string,
  signal: AbortSignal,
): Promise<void> => {
  for await (const { object } of resources.watch(nodeKind, {
    fieldSelector: `metadata.name=${node}`,
    signal,
  })) {
    const { status } = object as unknown as Node; // validated
    if (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')) return;
  }
  throw new ApiError('Timeout', `cannot finish: node ${node} has joined and is not Ready`);
};

/** Nobody can join with it any more. */
export const revokeToken = async (resources: Pick<Resources, 'delete'>, token: string): Promise<void> => {
  await resources.delete(enrollmentTokenKind, '', token).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
  });
};
