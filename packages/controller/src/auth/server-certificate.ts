// Owns the certificate of our own ports: one file with key and certificate, remade when it no longer serves.
// I1: it is remade when the names change, when a third of its life is left, or when another CA signed it.
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { ApiError } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { CredentialStore } from '../store/store.ts';
import type { KeyFiles } from './key-files.ts';
import { dayMs, type Issuer, makeCertificate, newKeyPem, newSerial, toKeyPair, toKeyPrints } from './x509.ts';

export interface ServerTls {
  /** PKCS#8 */
  readonly keyPem: string;
  /** The server certificate, then the CA's. */
  readonly certPem: string;
}

const fileName = 'server.pem';
const lifeMs = 397 * dayMs;
const hostName =
  /^(?=.{1,253}$)(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;

const blocks = (pem: string, label: string): string[] =>
  pem.match(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\n?`, 'g')) ?? [];

const covers = (certificate: X509Certificate, names: readonly string[]): boolean => {
  const entries = (certificate.subjectAltName ?? '').split(', ').length;
  const wanted = names.reduce((sum, name) => sum + (isIP(name) === 4 ? 2 : 1), 0);
  const has = (name: string) =>
    isIP(name) === 0 ? certificate.checkHost(name) !== undefined : certificate.checkIP(name) !== undefined;
  return entries === wanted && names.every(has);
};

/** Whether the stored file still serves (I1). */
const serves = (pem: string, names: readonly string[], issuer: Issuer, nowMs: number): boolean => {
  const [certPem] = blocks(pem, 'CERTIFICATE');
  if (certPem === undefined || blocks(pem, 'PRIVATE KEY').length !== 1) return false;
  const certificate = new X509Certificate(certPem);
  const ca = new X509Certificate(issuer.certificate.toString('pem'));
  const from = certificate.validFromDate.getTime();
  const until = certificate.validToDate.getTime();
  const young = nowMs >= from && nowMs - from < ((until - from) * 2) / 3;
  return young && certificate.verify(ca.publicKey) && covers(certificate, names);
};

const parseNames = (names: readonly string[]): readonly string[] => {
  const unique = [...new Set(names.map((name) => name.toLowerCase()))];
  const wrong = unique.find((name) => isIP(name) === 0 && !hostName.test(name));
  const zoned = unique.find((name) => isIP(name) === 6 && name.includes('%'));
  if (unique.length === 0 || wrong !== undefined || zoned !== undefined) {
    const what = wrong ?? zoned;
    throw new ApiError(
      'Invalid',
      `cannot make the server certificate: ${what === undefined ? 'no name was given' : `"${what}" is neither a host name nor an address`}`,
    );
  }
  return unique;
};

const make = async (
  names: readonly string[],
  deps: {
    readonly issuer: Issuer;
    readonly clock: Clock;
    readonly credentials: Pick<CredentialStore, 'addCertificate'>;
  },
): Promise<string> => {
  const keyPem = await newKeyPem();
  const { publicKey } = await toKeyPair(keyPem);
  const nowMs = deps.clock.nowMs();
  const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + lifeMs };
  const serial = newSerial();
  const certificate = await makeCertificate(deps.issuer, {
    serial,
    subject: [{ O: ['Drover'] }, { CN: ['drover-controller'] }],
    publicKey,
    validity,
    purpose: { kind: 'server', names },
  });
  const prints = toKeyPrints(certificate.publicKey.rawData);
  await deps.credentials.addCertificate({
    serial,
    subject: 'server',
    fingerprint: prints.fingerprint,
    publicKeySha256: prints.sha256,
    ...validity,
    revokedAtMs: 0,
  });
  return `${keyPem}${certificate.toString('pem')}\n${deps.issuer.certificate.toString('pem')}\n`;
};

/** The stored certificate for these names, or a new one. Names are host names and addresses. */
export const loadServerTls = async (
  names: readonly string[],
  deps: {
    readonly files: KeyFiles;
    readonly issuer: Issuer;
    readonly clock: Clock;
    readonly credentials: Pick<CredentialStore, 'addCertificate'>;
  },
): Promise<ServerTls> => {
  const wanted = parseNames(names);
  const stored = await deps.files.readOwn(fileName);
  const good = stored !== undefined && serves(stored, wanted, deps.issuer, deps.clock.nowMs());
  const pem = good ? stored : await make(wanted, deps);
  if (!good) await deps.files.writeOwn(fileName, pem);
  return {
    keyPem: blocks(pem, 'PRIVATE KEY').join(''),
    certPem: blocks(pem, 'CERTIFICATE').join(''),
  };
};
