// Owns the built-in certificate authority: whom it signs for, and that all it signed is known.
// I1: the CA and the release key are made once; the pin in every join line is the hash of this CA.
// I2: a certificate is in the store before it is handed out, so that it can always be revoked. Those of people and programs are
//     credentials beside their tokens, which who asks for them puts there (client-certificates.ts I1).
// I3: a renewal never outlives a revocation: if the old certificate was revoked meanwhile, so is the new one.
// I4: the release key signs agent files only; it is not the CA's key.
import { createPrivateKey, createPublicKey, hkdfSync, sign } from 'node:crypto';
import { ApiError } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { KeptFiles } from '../store/kept/kept-files.ts';
import type { Sealer } from '../store/sealing/keyring.ts';
import type { SealedValues } from '../store/sealing/objects.ts';
import type { CredentialStore, Store } from '../store/store.ts';
import { type CertificateRequest, parseRequest } from './certificate-request.ts';
import { type KeyFiles, openKeyFiles } from './key-files.ts';
import { loadServerTls, type ServerTls } from './server-certificate.ts';
import {
  certificateSha256,
  dayMs,
  hourMs,
  type Issuer,
  makeCa,
  makeCertificate,
  newKeyPem,
  newSerial,
  toIssuer,
  toKeyPair,
  toSerial,
  x509,
} from './x509.ts';

export interface NodeCertificate {
  readonly certPem: string;
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface ClientCertificate {
  readonly certPem: string;
  /** sha256 (hex) of the certificate's DER. */
  readonly sha256: string;
}

export interface Authority {
  readonly caPem: string;
  /** sha256 (hex) of the CA certificate's DER. */
  readonly caPin: string;
  /** Server certificate for host names and addresses. @throws ApiError Invalid naming the wrong one. */
  serverTls(names: readonly string[]): Promise<ServerTls>;
  /** @throws ApiError Invalid when it is not a request. */
  readRequest(csrPem: string): Promise<CertificateRequest>;
  /** Signs for a node whatever name the request holds. @throws ApiError Invalid when the asker lacks the key. */
  signNode(wanted: {
    readonly csrPem: string;
    readonly node: string;
    readonly lifetimeMs: number;
  }): Promise<NodeCertificate>;
  /** Signs for who is named, whatever name the request holds; valid from now (less the skew) until `notAfterMs`. */
  signClient(wanted: {
    readonly csrPem: string;
    readonly name: string;
    readonly groups: readonly string[];
    readonly notAfterMs: number;
  }): Promise<ClientCertificate>;
  /**
   * A new certificate, of the same length of life, for the holder of certificate `serial`; the key may be new.
   * The old one stays valid until its end. @throws ApiError Forbidden when `serial` is not a valid one of the node.
   */
  renew(node: string, serial: string, csrPem: string): Promise<NodeCertificate>;
  /** What controllers that share this authority know, and nobody else: made of the key of the CA, of which it says nothing. */
  readonly fleetSecret: Uint8Array;
  /** ECDSA P-256 with SHA-256 over the bytes, DER. */
  signRelease(bytes: Uint8Array): Uint8Array;
  readonly releasePublicKeyPem: string;
  /** Its files; undefined when they are not sealed. */
  readonly sealed: SealedValues | undefined;
}

export interface AuthorityOptions {
  readonly store: {
    readonly credentials: Pick<CredentialStore, 'addCertificate' | 'certificate' | 'revokeCertificates'>;
    readonly meta: Store['meta'];
  };
  readonly clock: Clock;
  readonly dataDir: string;
  /** Seals the files. Without one (in tests of other things) they are as they are. */
  readonly sealer?: Sealer;
  /** Where the keys are that several controllers have; the data directory unless given. */
  readonly shared?: KeptFiles;
}

/** Name in store.meta of the pin of the CA that this installation uses. */
const pinKey = 'ca-pin';
const caLifeMs = 3652 * dayMs;
/**
 * Certificates are valid from a little before they are made: clocks of servers differ. Of short ones it is a share,
 * else two thirds of their time would be over, and renewal due, from the beginning.
 */
const nodeSkewMs = hourMs;
const skewShare = 1 / 4;
const skewOf = (lifetimeMs: number): number => Math.min(nodeSkewMs, Math.floor(lifetimeMs * skewShare));
/** The lifetime from which a whole span, skew included, was made. */
const lifetimeOf = (spanMs: number): number =>
  Math.max(spanMs - nodeSkewMs, Math.round(spanMs / (1 + skewShare)));

/** The subject by which the store knows a node's certificates. */
export const nodeSubject = (node: string): string => `node:${node}`;

const parseCa = async (pem: string): Promise<Issuer> => {
  try {
    const certificate = new x509.X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')));
    return await toIssuer(certificate, await toKeyPair(pem));
  } catch (error) {
    const why = 'cannot open the certificate authority: keys/ca.pem is damaged; restore it from a backup';
    throw new ApiError('InternalError', why, undefined, error);
  }
};

const makeCaPem = async (clock: Clock): Promise<string> => {
  const keyPem = await newKeyPem();
  const nowMs = clock.nowMs();
  const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + caLifeMs };
  const ca = await makeCa(await toKeyPair(keyPem), `Drover CA ${newSerial().slice(0, 8)}`, validity);
  return `${keyPem}${ca.toString('pem')}\n`;
};

/** Refuses to make a second CA for a fleet that trusts the first (I1). */
const openCa = async (
  files: KeyFiles,
  { store, clock }: AuthorityOptions,
): Promise<{ readonly issuer: Issuer; readonly fleetSecret: Uint8Array }> => {
  const known = await store.meta.get(pinKey);
  const stored = await files.read('ca.pem');
  if (stored === undefined && known !== undefined) {
    throw new ApiError(
      'InternalError',
      'cannot open the certificate authority: keys/ca.pem is missing but servers trust it; restore it from a backup',
    );
  }
  const pem = stored ?? (await files.make('ca.pem', () => makeCaPem(clock)));
  const issuer = await parseCa(pem);
  const pin = certificateSha256(issuer.certificate.toString('pem'));
  if (known !== undefined && known !== pin) {
    throw new ApiError(
      'InternalError',
      'cannot open the certificate authority: keys/ca.pem is not the one that servers trust; restore it from a backup',
    );
  }
  if (known === undefined) await store.meta.set(pinKey, pin);
  const fleetSecret = new Uint8Array(hkdfSync('sha256', pem.trim(), '', 'drover between controllers', 32));
  return { issuer, fleetSecret };
};

/** @throws ApiError Invalid when the asker lacks the key. */
const parseOwn = async (csrPem: string, whose: string): ReturnType<typeof parseRequest> => {
  const parsed = await parseRequest(csrPem);
  if (parsed.summary.verified) return parsed;
  const why = 'the request is not signed by its own key; make a new one';
  throw new ApiError('Invalid', `cannot sign for ${whose}: ${why}`);
};

const signClientWith =
  ({ clock }: AuthorityOptions, issuer: Issuer): Authority['signClient'] =>
  async ({ csrPem, name, groups, notAfterMs }) => {
    const { request } = await parseOwn(csrPem, name);
    const nowMs = clock.nowMs();
    const certificate = await makeCertificate(issuer, {
      serial: newSerial(),
      // Typed, so that nothing in a name is taken for an escape.
      subject: new x509.Name([
        ...groups.map((group) => ({ O: [{ utf8String: group }] })),
        { CN: [{ utf8String: name }] },
      ]),
      publicKey: request.publicKey,
      validity: { notBeforeMs: nowMs - skewOf(notAfterMs - nowMs), notAfterMs },
      purpose: { kind: 'client' },
    });
    const certPem = `${certificate.toString('pem')}\n`;
    return { certPem, sha256: certificateSha256(certPem) };
  };

const signWith =
  ({ store, clock }: AuthorityOptions, issuer: Issuer) =>
  async (csrPem: string, node: string, lifetimeMs: number): Promise<NodeCertificate> => {
    const { request, summary } = await parseOwn(csrPem, `node ${node}`);
    const nowMs = clock.nowMs();
    const validity = { notBeforeMs: nowMs - skewOf(lifetimeMs), notAfterMs: nowMs + lifetimeMs };
    const serial = newSerial();
    const certificate = await makeCertificate(issuer, {
      serial,
      subject: [{ O: ['system:nodes'] }, { CN: [`system:node:${node}`] }],
      publicKey: request.publicKey,
      validity,
      purpose: { kind: 'client' },
    });
    await store.credentials.addCertificate({
      serial,
      subject: nodeSubject(node),
      fingerprint: summary.fingerprint,
      publicKeySha256: summary.publicKeySha256,
      ...validity,
      revokedAtMs: 0,
    });
    return { certPem: `${certificate.toString('pem')}\n`, serial, ...validity };
  };

const renewWith =
  ({ store, clock }: AuthorityOptions, signNode: ReturnType<typeof signWith>): Authority['renew'] =>
  async (node, serialText, csrPem) => {
    const serial = toSerial(serialText);
    const refuse = (why: string): never => {
      throw new ApiError('Forbidden', `cannot renew the certificate of node ${node}: ${why}; join again`);
    };
    const old = await store.credentials.certificate(serial);
    if (old === undefined || old.subject !== nodeSubject(node))
      return refuse(`${serial} is not one of its own`);
    if (old.revokedAtMs !== 0) return refuse(`${serial} is revoked`);
    if (old.notAfterMs <= clock.nowMs()) return refuse(`${serial} has ended`);
    const { summary } = await parseRequest(csrPem);
    if (summary.commonName !== `system:node:${node}`)
      return refuse(`the request is for "${summary.commonName}"`);
    const made = await signNode(csrPem, node, lifetimeOf(old.notAfterMs - old.notBeforeMs));
    const after = await store.credentials.certificate(serial);
    if (after === undefined || after.revokedAtMs !== 0) {
      await store.credentials.revokeCertificates(nodeSubject(node), clock.nowMs(), made.serial);
      return refuse(`${serial} is revoked`);
    }
    return made;
  };

/** Opens the authority of a data directory, making CA and release key at the first time. */
export const openAuthority = async (options: AuthorityOptions): Promise<Authority> => {
  const files = await openKeyFiles(options.dataDir, options.sealer, options.shared);
  const { issuer, fleetSecret } = await openCa(files, options);
  const releaseKey = createPrivateKey(await files.make('release.pem', newKeyPem));
  const caPem = `${issuer.certificate.toString('pem')}\n`;
  const signNode = signWith(options, issuer);
  let servers: Promise<unknown> = Promise.resolve();
  return {
    caPem,
    caPin: certificateSha256(caPem),
    fleetSecret,
    serverTls: (names) => {
      // One after another: two askers at once must get one certificate.
      const { store, clock } = options;
      const next = servers.then(() =>
        loadServerTls(names, { files, issuer, clock, credentials: store.credentials }),
      );
      servers = next.catch(() => undefined);
      return next;
    },
    readRequest: async (csrPem) => (await parseRequest(csrPem)).summary,
    signNode: ({ csrPem, node, lifetimeMs }) => signNode(csrPem, node, lifetimeMs),
    signClient: signClientWith(options, issuer),
    renew: renewWith(options, signNode),
    signRelease: (bytes) => sign('sha256', bytes, { key: releaseKey, dsaEncoding: 'der' }),
    releasePublicKeyPem: createPublicKey(releaseKey).export({ format: 'pem', type: 'spki' }).toString(),
    sealed: files.sealed,
  };
};
