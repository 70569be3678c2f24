// Owns making keys and certificates for emulated agents, from the controller's own authority.
import { webcrypto } from 'node:crypto';
import type { Authority } from '../../packages/controller/src/auth/authority.ts';
import { x509 } from '../../packages/controller/src/auth/x509.ts';
import type { Identity } from './agent.ts';

const signature = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A new P-256 key and a request for it, both in PEM. */
export const makeRequest = async (
  node: string,
): Promise<{ readonly keyPem: string; readonly csrPem: string }> => {
  const keys = await webcrypto.subtle.generateKey(signature, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ O: ['system:nodes'] }, { CN: [`system:node:${node}`] }],
    keys,
    signingAlgorithm: signature,
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { keyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), csrPem: request.toString('pem') };
};

/** One identity per name, valid for `lifetimeMs`; known to the authority's store like any other. */
export const makeIdentities = async (
  authority: Pick<Authority, 'signNode'>,
  names: readonly string[],
  lifetimeMs = 24 * 3600 * 1000,
): Promise<readonly Identity[]> => {
  const identities: Identity[] = [];
  for (const name of names) {
    const { keyPem, csrPem } = await makeRequest(name);
    const { certPem } = await authority.signNode({ csrPem, node: name, lifetimeMs });
    identities.push({ name, keyPem, certPem });
  }
  return identities;
};
