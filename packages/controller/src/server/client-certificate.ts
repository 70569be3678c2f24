// Owns reading which client certificate is at the other end of a connection.
// I1: none counts but one that our CA has signed, for clients, and that is within its time: OpenSSL has said so, and that the other
//     end holds the key. Whom it proves is asked of its row for each request (auth/client-certificates.ts I1).
// I2: one that names a node is an agent's, and nobody here.
// I3: the request is let in without one: browsers are asked for certificates of our CA only, and most have none.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { nodeOfCommonName } from '@drover/api';
import { certificateSha256 } from '../auth/x509.ts';

const isPerson = (subject: string): boolean => {
  const names = subject.split('\n').filter((field) => field.startsWith('CN='));
  const [name = ''] = names.map((field) => field.slice('CN='.length));
  return names.length === 1 && name !== '' && nodeOfCommonName(name) === undefined;
};

const read = (socket: Socket): string | undefined => {
  // With a session that is resumed OpenSSL keeps the certificate, and what it found of it.
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined || !isPerson(certificate.subject)) return undefined;
  return certificateSha256(certificate.toString());
};

/** It is the same for as long as the connection lasts: TLS 1.2 may not negotiate anew. */
const known = new WeakMap<Socket, string>();

/** sha256 (hex) of the certificate's DER; undefined: there is none that could be a person's or a program's. */
export const presentedCertificate = (socket: Socket): string | undefined => {
  const before = known.get(socket);
  if (before !== undefined) return before === '' ? undefined : before;
  const found = read(socket);
  known.set(socket, found ?? '');
  return found;
};
