// Which certificate of a connection counts, with real TLS on both sides.
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  certificateSha256,
  dayMs,
  hourMs,
  type Issuer,
  makeCa,
  makeCertificate,
  newKeyPem,
  newSerial,
  type Purpose,
  toIssuer,
  toKeyPair,
  type x509,
} from '../auth/x509.ts';
import { presentedCertificate } from './client-certificate.ts';

const nowMs = Math.floor(Date.now() / 1000) * 1000;
const life = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + dayMs };
let server: Server;
let port = 0;
let resumed = 0;
let ca: string;
let own: Issuer;
let foreign: Issuer;

const newIssuer = async (name: string): Promise<Issuer> => {
  const keys = await toKeyPair(await newKeyPem());
  return toIssuer(await makeCa(keys, name, life), keys);
};

interface Wish {
  readonly issuer?: Issuer;
  readonly subject?: x509.JsonName;
  readonly validity?: typeof life;
  readonly purpose?: Purpose;
}

const sign = async ({ issuer = own, subject = [{ CN: ['ada'] }], validity = life, purpose }: Wish) => {
  const key = await newKeyPem();
  const { publicKey } = await toKeyPair(key);
  const serial = newSerial();
  const wanted = { serial, subject, publicKey, validity, purpose: purpose ?? ({ kind: 'client' } as const) };
  return { key, cert: (await makeCertificate(issuer, wanted)).toString('pem') };
};

const ask = (shown: object, onSession?: (session: Buffer) => void): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca, ...shown });
    if (onSession !== undefined) socket.on('session', onSession);
    socket.once('error', reject);
    socket.once('data', (data: Buffer) => {
      resolve(/\r\n\r\n(.*)$/s.exec(data.toString())?.[1] ?? '');
      socket.destroy();
    });
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
  });

beforeAll(async () => {
  own = await newIssuer('own');
  // The same name with another key: only its signature tells it from ours.
  foreign = await newIssuer('own');
  ca = own.certificate.toString('pem');
  const tls = await sign({ purpose: { kind: 'server', names: ['127.0.0.1', 'localhost'] } });
  const options = { ...tls, ca, requestCert: true, rejectUnauthorized: false };
  server = createServer(options, (request, response) =>
    response.end(presentedCertificate(request.socket) ?? 'none'),
  );
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.isSessionReused()) resumed += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

test('one that our CA has signed for clients counts, by the hash of all of it', async () => {
  const shown = await sign({ subject: [{ O: ['team'] }, { CN: ['ada'] }] });
  expect(await ask(shown)).toBe(certificateSha256(shown.cert));
});

test.each<[string, () => Wish]>([
  ['of another CA of the same name', () => ({ issuer: foreign })],
  ['that has expired', () => ({ validity: { ...life, notAfterMs: nowMs - hourMs } })],
  ['that is not yet valid', () => ({ validity: { ...life, notBeforeMs: nowMs + hourMs } })],
  ['for servers', () => ({ purpose: { kind: 'server', names: ['ada'] } })],
  ['of an agent', () => ({ subject: [{ O: ['system:nodes'] }, { CN: ['system:node:web1'] }] })],
  ['without a common name', () => ({ subject: [{ O: ['team'] }] })],
  ['with two common names', () => ({ subject: [{ CN: ['ada'] }, { CN: ['grace'] }] })],
])('one %s does not count', async (_what, wish) => {
  expect(await ask(await sign(wish()))).toBe('none');
});

test('a session that is resumed has the certificate with which it began, or none', async () => {
  const shown = await sign({});
  const sessions: Record<string, Buffer> = {};
  const begin = (name: string, options: object): Promise<string> =>
    ask(options, (session) => {
      sessions[name] = session;
    });
  await begin('with', shown);
  await begin('without', {});
  const wasResumed = resumed;
  expect(await ask({ session: sessions['with'] })).toBe(certificateSha256(shown.cert));
  expect(await ask({ session: sessions['without'], ...shown })).toBe('none');
  expect(resumed).toBe(wasResumed + 2);
});

test('whoever shows none is let in', async () => {
  expect(await ask({})).toBe('none');
});

test('whoever shows one without its key does not come in', async () => {
  const [one, other] = [await sign({}), await sign({})];
  await expect(ask({ key: other.key, cert: one.cert })).rejects.toThrow(/key/);
});
