// Owns what is to become of a request for a node's certificate: a pure decision from the request and its token.
// I1: what ended (issued, denied, failed) is left alone until it is cleaned up.
// I2: without a person only a request whose token lets it in, for a name that the token covers, is approved.
import {
  type CertificateSigningRequest,
  type KubeObject,
  nodeSigner,
  parseNodeSet,
  resolveNodeSet,
  type TokenProblem,
  tokenOfUsername,
} from '@drover/api';
import { asRequest, asToken } from './claims.ts';

export type Decision =
  /** Somebody else's, or nothing to do. */
  | { readonly kind: 'none' }
  | { readonly kind: 'denied'; readonly reason: string; readonly message: string }
  /** Count a use of the token, then approve. */
  | { readonly kind: 'approve'; readonly token: string }
  | { readonly kind: 'issue'; readonly token: string | undefined; readonly by: 'policy' | 'person' }
  | { readonly kind: 'wait'; readonly message: string };

/** reason of the Approved condition that the token's policy gives. */
export const policyReason = 'AutoApproved';

/** reason of a condition that says why a token did not let a request in. */
export const problemReason: Readonly<Record<TokenProblem, string>> = {
  unknown: 'TokenGone',
  revoked: 'TokenRevoked',
  expired: 'TokenExpired',
  used: 'TokenUsedUp',
};

const conditionOf = (request: CertificateSigningRequest, type: string) =>
  (request.status?.conditions ?? []).find((c) => c.type === type && c.status === 'True');

/** Whether the name is in a node-set expression, standing for itself whether or not the node exists. */
export const isInPattern = (pattern: string, node: string): boolean =>
  resolveNodeSet(parseNodeSet(pattern), { all: [node], group: () => [] }).known.includes(node);

/** `token` is the object of the request's enrolment token, when there is one; `node` the name it asks for. */
export const decideRequest = (object: KubeObject, token: KubeObject | undefined, node: string): Decision => {
  const request = asRequest(object);
  const { signerName, username = '' } = request.spec;
  const isOver = request.status?.certificate !== undefined || conditionOf(request, 'Failed') !== undefined;
  if (signerName !== nodeSigner || isOver || object.metadata.deletionTimestamp !== undefined) {
    return { kind: 'none' };
  }
  const denied = conditionOf(request, 'Denied');
  if (denied !== undefined) {
    return { kind: 'denied', reason: denied.reason ?? 'Denied', message: denied.message ?? '' };
  }
  const tokenName = tokenOfUsername(username);
  const approved = conditionOf(request, 'Approved');
  if (approved !== undefined) {
    const by = approved.reason === policyReason ? 'policy' : 'person';
    return { kind: 'issue', token: tokenName, by };
  }
  if (tokenName === undefined) return { kind: 'wait', message: `asked for by ${username}` };
  if (token === undefined) return { kind: 'approve', token: tokenName };
  const { approval, nodeNamePattern } = asToken(token).spec;
  if (approval === 'Manual') return { kind: 'wait', message: `token ${tokenName} leaves it to a person` };
  if (nodeNamePattern !== undefined && !isInPattern(nodeNamePattern, node)) {
    return { kind: 'wait', message: `token ${tokenName} is for ${nodeNamePattern}` };
  }
  return { kind: 'approve', token: tokenName };
};
