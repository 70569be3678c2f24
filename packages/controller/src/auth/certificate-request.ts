// Owns what is read from a PKCS#10 request (RFC 2986): bytes of a stranger.
// I1: junk, foreign key types and weak keys end as ApiError Invalid; nothing else is ever thrown.
// I2: `verified` says that the asker holds the private key; nobody signs what is not verified.
import { ApiError } from '@drover/api';
import { type Pkcs10CertificateRequest, toKeyPrints, x509 } from './x509.ts';

export interface CertificateRequest {
  /** '' when the subject has none. */
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Hex sha256 of the public key (SubjectPublicKeyInfo, DER). */
  readonly publicKeySha256: string;
  /** The same hash as people compare it: SHA256:<base64>. */
  readonly fingerprint: string;
  /** Whether the request is signed by its own key. */
  readonly verified: boolean;
}

const maxPemLength = 16_384;
const curves = ['P-256', 'P-384', 'P-521'];

const invalid = (why: string, cause?: unknown): ApiError =>
  new ApiError(
    'Invalid',
    `cannot read the certificate request: ${why}`,
    { causes: [{ reason: 'FieldValueInvalid', message: why, field: 'spec.request' }] },
    cause,
  );

/** Why a key is refused; '' when it is fine. */
const keyProblem = (key: x509.PublicKey): string => {
  const algorithm: { readonly name: string; readonly namedCurve?: string; readonly modulusLength?: number } =
    key.algorithm;
  if (algorithm.name === 'ECDSA') {
    return curves.includes(algorithm.namedCurve ?? '') ? '' : 'its curve must be P-256, P-384 or P-521';
  }
  if (!algorithm.name.startsWith('RSA')) return `key type ${algorithm.name} must be ECDSA or RSA`;
  const bits = algorithm.modulusLength ?? 0;
  return bits >= 2048 && bits <= 4096 ? '' : 'an RSA key must have 2048 to 4096 bits';
};

const toDer = (csrPem: string): Buffer => {
  if (csrPem.length > maxPemLength) throw invalid(`longer than ${maxPemLength} characters`);
  const match = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END/.exec(csrPem);
  if (match?.[1] === undefined) throw invalid('not a PKCS#10 request in PEM');
  return Buffer.from(match[1], 'base64');
};

/** The names that a request holds; whether its asker has the key is not looked at. */
export const subjectOf = (
  csrPem: string,
): { readonly commonNames: readonly string[]; readonly organizations: readonly string[] } => {
  const der = toDer(csrPem);
  try {
    const { subjectName } = new x509.Pkcs10CertificateRequest(der);
    return { commonNames: subjectName.getField('CN'), organizations: subjectName.getField('O') };
  } catch (error) {
    throw invalid('not a well-formed PKCS#10 request', error);
  }
};

/** The request as the library has it, and what it says. */
export const parseRequest = async (
  csrPem: string,
): Promise<{ readonly request: Pkcs10CertificateRequest; readonly summary: CertificateRequest }> => {
  const der = toDer(csrPem);
  try {
    const request = new x509.Pkcs10CertificateRequest(der);
    const problem = keyProblem(request.publicKey);
    if (problem !== '') throw invalid(problem);
    const prints = toKeyPrints(request.publicKey.rawData);
    const summary = {
      commonName: request.subjectName.getField('CN')[0] ?? '',
      organizations: request.subjectName.getField('O'),
      publicKeySha256: prints.sha256,
      fingerprint: prints.fingerprint,
      verified: await request.verify().catch(() => false),
    };
    return { request, summary };
  } catch (error) {
    throw error instanceof ApiError ? error : invalid('not a well-formed PKCS#10 request', error);
  }
};
