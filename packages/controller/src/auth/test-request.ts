// Keys and requests for client certificates, for tests.
import { newKeyPem, toKeyPair, x509 } from './x509.ts';

interface OwnRequest {
  readonly keyPem: string;
  readonly csrPem: string;
}

/** A key and a request for it, as `drover certificate create` and openssl make them. */
export const newRequest = async (name: string, groups: readonly string[] = []): Promise<OwnRequest> => {
  const keyPem = await newKeyPem();
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name([
      ...groups.map((group) => ({ O: [{ utf8String: group }] })),
      ...(name === '' ? [] : [{ CN: [{ utf8String: name }] }]),
    ]).toString(),
    keys: await toKeyPair(keyPem),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return { keyPem, csrPem: made.toString('pem') };
};
