// Owns what enrolment means on objects, for server, controllers and clients alike: names of annotations, whose a
// node's name is, and when an enrolment token no longer serves.
// I1: a node's name belongs to the machine that enrolled it first, until the node is deleted.
import type { EnrollmentToken } from './kinds/enrollment-token.ts';
import type { KubeObject } from './meta.ts';

/** signerName of requests for a node's certificate. */
export const nodeSigner = 'drover.dev/node';

/** signerName of requests for a certificate by which a person or a program signs in, as Kubernetes knows it. */
export const clientSigner = 'kubernetes.io/kube-apiserver-client';
/** A year: no such certificate lasts longer. */
export const maxCertificateSeconds = 365 * 86_400;

export const annotation = {
  /** On requests and nodes. */
  machineId: 'drover.dev/machine-id',
  /** On requests and nodes: SHA256:<base64> of the public key, for people to compare. */
  keyFingerprint: 'drover.dev/key-fingerprint',
  /** On a request: the node it is for. */
  node: 'drover.dev/node',
  /** On a request: the address from which it was made. */
  address: 'drover.dev/address',
  /** On an enrolment token: hex sha256 of its secret. */
  tokenSha256: 'drover.dev/token-sha256',
  /** On a node: 'true' asks its agent to remove itself when the node is deleted. */
  uninstall: 'drover.dev/uninstall',
} as const;

/** Holds a deleted node until its certificates are revoked and its agent is told. */
export const nodeFinalizer = 'drover.dev/agent';

const nodePrefix = 'system:node:';
const bootstrapPrefix = 'system:bootstrap:';

const after = (text: string, prefix: string): string | undefined =>
  text.startsWith(prefix) && text.length > prefix.length ? text.slice(prefix.length) : undefined;

/** The node that a certificate's common name is for; undefined when it is for none. */
export const nodeOfCommonName = (commonName: string): string | undefined => after(commonName, nodePrefix);

/** The enrolment token that a user name stands for; undefined when it is another's. */
export const tokenOfUsername = (username: string): string | undefined => after(username, bootstrapPrefix);

/** Why a machine may not have the name of `node` (I1); undefined when it may. */
export const machineProblem = (node: KubeObject | undefined, machineId: string): string | undefined => {
  if (node === undefined) return undefined;
  if (node.metadata.deletionTimestamp !== undefined) return 'that node is being removed; try again shortly';
  const owner = node.metadata.annotations?.[annotation.machineId];
  if (owner === undefined || owner === machineId) return undefined;
  const name = node.metadata.name ?? '';
  return `another machine (machine id ${owner}) has that name; join under another name, or delete node ${name} first`;
};

export type TokenProblem = 'unknown' | 'revoked' | 'expired' | 'used';

/** The words after "enrolment token <name>". */
export const tokenProblemWords: Readonly<Record<TokenProblem, string>> = {
  unknown: 'is gone',
  revoked: 'is revoked',
  expired: 'has expired',
  used: 'is used up',
};

/** What stands against a further use of a token; undefined: nothing. */
export const tokenProblem = (object: KubeObject | undefined, nowMs: number): TokenProblem | undefined => {
  if (object === undefined) return 'unknown';
  // Stored objects of this kind have been validated by its schema.
  const { metadata, spec, status } = object as unknown as EnrollmentToken;
  if (spec.revoked || metadata.deletionTimestamp !== undefined) return 'revoked';
  if (spec.expiresAt !== undefined && Date.parse(spec.expiresAt) <= nowMs) return 'expired';
  return (status?.uses ?? 0) >= spec.maxUses ? 'used' : undefined;
};
