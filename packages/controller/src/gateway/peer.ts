// Owns reading who is at the other end of a TLS connection.
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { toSerial } from '../auth/x509.ts';

export interface Peer {
  readonly node: string;
  /** As the store keeps it: lower-case hex. */
  readonly serial: string;
  readonly notAfterMs: number;
  readonly address: string;
}

const subjectPrefix = 'CN=system:node:';

/** The node that a certificate (already verified against the CA) stands for; undefined for any other subject. */
const parseNodeCertificate = (certificate: X509Certificate): Omit<Peer, 'address'> | undefined => {
  const fields = certificate.subject.split('\n');
  const name = fields.find((field) => field.startsWith(subjectPrefix))?.slice(subjectPrefix.length);
  if (!name || !fields.includes('O=system:nodes')) return undefined;
  const serial = toSerial(certificate.serialNumber);
  return { node: name, serial, notAfterMs: Date.parse(certificate.validTo) };
};

export const parsePeer = (socket: TLSSocket): Peer | undefined => {
  const certificate = socket.getPeerX509Certificate();
  const peer = certificate && parseNodeCertificate(certificate);
  return peer && { ...peer, address: socket.remoteAddress ?? '' };
};

/** Serial and end of a certificate that was just issued. */
export const parseIssued = (pem: string): { readonly serial: string; readonly notAfterMs: number } => {
  const certificate = new X509Certificate(pem);
  return { serial: toSerial(certificate.serialNumber), notAfterMs: Date.parse(certificate.validTo) };
};
