// Owns asking for a certificate of somebody else: a CertificateSigningRequest, approved by who asks, who has to be allowed to.
import type { CertificateSigningRequest } from '@drover/api';
import { type Client, certificateSigningRequests } from '@drover/client';
import { Failure } from '../failure.ts';

const patienceMs = 30_000;

type Request = CertificateSigningRequest;

const conditionOf = ({ status }: Request, type: string) =>
  status?.conditions?.find((condition) => condition.type === type);

const hasEnded = (request: Request | undefined): boolean =>
  request === undefined ||
  request.status?.certificate !== undefined ||
  conditionOf(request, 'Failed') !== undefined ||
  conditionOf(request, 'Denied') !== undefined;

const approved = {
  ...{ type: 'Approved', status: 'True', reason: 'DroverCli' },
  message: 'with drover certificate create',
};

/** The certificate in PEM. Throws when the request may not be made or approved, or is not signed. */
export const askForCertificate = async (
  client: Client,
  wish: { readonly requestPem: string; readonly name: string; readonly expiresSeconds: number },
): Promise<string> => {
  const made = await client.create(certificateSigningRequests, {
    metadata: { generateName: `${wish.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-` },
    spec: {
      request: Buffer.from(wish.requestPem).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      expirationSeconds: wish.expiresSeconds,
      usages: ['client auth'],
    },
  });
  const { name = '' } = made.metadata;
  const body = { ...made, status: { conditions: [approved] } };
  await client.update(certificateSigningRequests, name, body, { subresource: 'approval' });
  const signal = AbortSignal.timeout(patienceMs);
  const ended = await client.waitFor(certificateSigningRequests, name, hasEnded, { signal });
  const certificate = ended?.status?.certificate;
  if (certificate !== undefined) return Buffer.from(certificate, 'base64').toString();
  const why = (ended && conditionOf(ended, 'Failed')?.message) ?? 'it was denied or removed';
  throw new Failure(`cannot make the certificate: the request ${name} was not signed: ${why}`);
};
