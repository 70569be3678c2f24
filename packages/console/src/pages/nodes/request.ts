// Owns reading a server's request to join: who it says it is, and how a person decides about it.
import type { CertificateSigningRequest } from '@drover/api';
import { annotation, nodeSigner, tokenOfUsername } from '@drover/api/enrolment';
import { certificateSigningRequests } from '@drover/client/kinds';
import { client } from '../../api/client.ts';

type Request = CertificateSigningRequest;

/** What of all certificate requests are those of nodes. */
export const nodeRequests = { fieldSelector: `spec.signerName=${nodeSigner}` } as const;

const noted = ({ metadata }: Request, name: string): string => metadata.annotations?.[name] ?? '';

export const requestName = ({ metadata }: Request): string => metadata.name ?? '';
export const isPending = ({ status }: Request): boolean => (status?.conditions ?? []).length === 0;
export const nodeOf = (request: Request): string => noted(request, annotation.node) || requestName(request);
/** As the server shows it while it waits, and `drover node approve`. */
export const fingerprintOf = (request: Request): string => noted(request, annotation.keyFingerprint);
export const machineOf = (request: Request): string => noted(request, annotation.machineId);
export const addressOf = (request: Request): string => noted(request, annotation.address);
/** The enrolment token, or else who asked. */
export const askerOf = ({ spec }: Request): string =>
  tokenOfUsername(spec.username ?? '') ?? spec.username ?? '';

/** Same condition as the command line writes. */
export const decideRequest = (
  request: Request,
  decision: { readonly type: 'Approved' | 'Denied' },
): Promise<Request> => {
  const condition = { ...decision, status: 'True', reason: 'DroverConsole', message: 'in the console' };
  const conditions = [...(request.status?.conditions ?? []), condition];
  const body = { ...request, status: { ...request.status, conditions } };
  return client.update(certificateSigningRequests, requestName(request), body, { subresource: 'approval' });
};
