// Owns how certificates are built and keys are read: the one file that knows the X.509 library.
// I1: every key is ECDSA P-256 made here; keys of others (requests) are judged in certificate-request.ts.
import 'reflect-metadata';
import { createHash, createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

export type { Pkcs10CertificateRequest } from '@peculiar/x509';
export { x509 };

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signature = { name: 'ECDSA', hash: 'SHA-256' } as const;

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** A new key: PKCS#8 in PEM. */
export const newKeyPem = async (): Promise<string> => {
  const pair = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const der = await webcrypto.subtle.exportKey('pkcs8', pair.privateKey);
  return `${x509.PemConverter.encode(der, x509.PemConverter.PrivateKeyTag)}\n`;
};

/** The pair of a PKCS#8 PEM; the private half cannot be exported again. */
export const toKeyPair = async (pem: string): Promise<webcrypto.CryptoKeyPair> => {
  const key = createPrivateKey(pem);
  const { d: _private, ...publicJwk } = key.export({ format: 'jwk' });
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('jwk', publicJwk, algorithm, true, ['verify']),
  };
};

/** 16 random bytes in lower-case hex; the first bits make it positive and of constant length. */
export const newSerial = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
};

/** A serial as other software prints it (upper case, colons, leading zeros) in the form that the store keeps. */
export const toSerial = (text: string): string => text.replaceAll(':', '').toLowerCase().replace(/^0+/, '');

const hexDigest = (der: ArrayBuffer): string =>
  createHash('sha256').update(new Uint8Array(der)).digest('hex');

/** sha256 (hex) of a certificate's DER: what a join line pins. */
export const certificateSha256 = (pem: string): string => hexDigest(new x509.X509Certificate(pem).rawData);

/** sha256 of a public key's DER (SubjectPublicKeyInfo): in hex, and as ssh prints it. */
export const toKeyPrints = (spki: ArrayBuffer): { readonly sha256: string; readonly fingerprint: string } => {
  const digest = createHash('sha256').update(new Uint8Array(spki)).digest();
  return {
    sha256: digest.toString('hex'),
    fingerprint: `SHA256:${digest.toString('base64').replace(/=+$/, '')}`,
  };
};

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const toDates = ({ notBeforeMs, notAfterMs }: Validity) => ({
  notBefore: new Date(notBeforeMs),
  notAfter: new Date(notAfterMs),
});

/** A self-signed CA that signs end certificates only (RFC 5280, pathLen 0). */
export const makeCa = async (
  keys: webcrypto.CryptoKeyPair,
  commonName: string,
  validity: Validity,
): Promise<x509.X509Certificate> =>
  x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [commonName] }],
    ...toDates(validity),
    signingAlgorithm: signature,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

/**
 * The subject alternative names of a server. IPv4 addresses stand there as DNS names too: Python 2.7 compares
 * host names with DNS names only.
 */
const toAlternativeNames = (names: readonly string[]): x509.SubjectAlternativeNameExtension =>
  new x509.SubjectAlternativeNameExtension(
    names.flatMap((name): { type: 'ip' | 'dns'; value: string }[] => {
      if (isIP(name) === 0) return [{ type: 'dns', value: name }];
      const address = { type: 'ip', value: name } as const;
      return isIP(name) === 4 ? [address, { type: 'dns', value: name }] : [address];
    }),
  );

export type Purpose =
  | { readonly kind: 'server'; readonly names: readonly string[] }
  | { readonly kind: 'client' };

export interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
  /** Made once: computing it hashes the CA's key. */
  readonly keyIdentifier: x509.Extension;
}

export const toIssuer = async (
  certificate: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
): Promise<Issuer> => ({
  certificate,
  key: keys.privateKey,
  keyIdentifier: await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
});

/** An end certificate signed by the issuer. `subject` in order of appearance, e.g. [{ O: ['a'] }, { CN: ['b'] }]. */
export const makeCertificate = (
  issuer: Issuer,
  wanted: {
    readonly serial: string;
    readonly subject: x509.JsonName | x509.Name;
    readonly publicKey: x509.PublicKeyType;
    readonly validity: Validity;
    readonly purpose: Purpose;
  },
): Promise<x509.X509Certificate> => {
  const { purpose } = wanted;
  const usage =
    purpose.kind === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  return x509.X509CertificateGenerator.create({
    serialNumber: wanted.serial,
    subject: wanted.subject,
    issuer: issuer.certificate.subjectName,
    ...toDates(wanted.validity),
    signingAlgorithm: signature,
    publicKey: wanted.publicKey,
    signingKey: issuer.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      issuer.keyIdentifier,
      ...(purpose.kind === 'server' ? [toAlternativeNames(purpose.names)] : []),
    ],
  });
};
