// Owns the certificate of the controller's CA as people compare it: the sha256 of its DER, which is what join lines pin.
import { useQuery } from '@tanstack/react-query';
import { controllerAddress } from '../../api/address.ts';
import { client } from '../../api/client.ts';

export const caAddress = `${controllerAddress}/join/ca.pem`;

/** The first certificate of a PEM text, as DER. @throws Error when there is none. */
export const toDer = (pem: string): Uint8Array<ArrayBuffer> => {
  const base64 = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (base64 === undefined) throw new Error('cannot read the CA certificate: it is no PEM');
  return Uint8Array.from(atob(base64.replace(/\s/g, '')), (character) => character.charCodeAt(0));
};

const fingerprintOf = async (pem: string): Promise<string> => {
  const hash = await crypto.subtle.digest('SHA-256', toDer(pem));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
};

export const useCaFingerprint = () =>
  useQuery({
    queryKey: ['ca'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const decoder = new TextDecoder();
      let pem = '';
      for await (const part of client.transport.bytes({ path: '/join/ca.pem', accept: '*/*', signal }))
        pem += decoder.decode(part, { stream: true });
      return fingerprintOf(pem);
    },
  });
