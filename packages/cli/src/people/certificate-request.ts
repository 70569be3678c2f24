// Owns making a key and the request for its certificate (PKCS#10, RFC 2986), in DER (X.690), with nothing but Node.js.
// I1: the key is made here and goes nowhere but into the file of who asked for it.
import { generateKeyPairSync, sign } from 'node:crypto';

const sequence = 0x30;
const set = 0x31;

/** One element: its tag, how long it is, what it holds. */
const element = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const size = content.length;
  const long = size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(size < 0x80 ? [size] : long)]), content]);
};

const version = Buffer.from([0x02, 0x01, 0x00]);
const noAttributes = Buffer.from([0xa0, 0x00]);
const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text));
const objectIds = {
  commonName: Buffer.from('0603550403', 'hex'),
  organization: Buffer.from('060355040a', 'hex'),
  ecdsaWithSha256: Buffer.from('06082a8648ce3d040302', 'hex'),
};

const part = (id: Buffer, text: string): Buffer => element(set, element(sequence, id, utf8(text)));

const toPem = (der: Buffer, label: string): string => {
  const lines = der.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
};

/** A new key (ECDSA P-256, PKCS#8) and a request for a certificate of this user in these groups, in PEM. */
export const makeCertificateRequest = (
  user: string,
  groups: readonly string[],
): { readonly keyPem: string; readonly requestPem: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const parts = [
    ...groups.map((group) => part(objectIds.organization, group)),
    part(objectIds.commonName, user),
  ];
  const key = publicKey.export({ format: 'der', type: 'spki' });
  const info = element(sequence, version, element(sequence, ...parts), key, noAttributes);
  const signature = sign('sha256', info, { key: privateKey, dsaEncoding: 'der' });
  const signed = element(0x03, Buffer.from([0]), signature);
  const request = element(sequence, info, element(sequence, objectIds.ecdsaWithSha256), signed);
  return {
    keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    requestPem: toPem(request, 'CERTIFICATE REQUEST'),
  };
};
