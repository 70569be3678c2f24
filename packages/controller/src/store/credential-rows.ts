// Owns the rows of certificates, and of that by which people and programs sign in.
import type { PolicyRule } from '@drover/api';

export interface CertificateRow {
  readonly serial: string;
  /** 'node:web1' or 'server'. */
  readonly subject: string;
  readonly fingerprint: string;
  readonly publicKeySha256: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** 0: not revoked. */
  readonly revokedAtMs: number;
}

/** What is known of a session, link or token beyond what every one has. */
export interface CredentialDetails {
  /** How its holder signed in: 'password', 'link', 'passkey', or the name of a method; and with which second factor. */
  readonly method?: string;
  readonly secondFactor?: string;
  /** From where, and with what, as far as that was told. */
  readonly address?: string;
  readonly agent?: string;
  /** It ends when it has not served for this long. */
  readonly idleMs?: number;
  /** All that it may do, within what its owner may; and in which namespaces only. */
  readonly rules?: readonly PolicyRule[];
  readonly namespaces?: readonly string[];
  /** It serves for enrolling a second factor only. */
  readonly enrolOnly?: boolean;
  /** Of a certificate: those that it names. Its holder has no others by it. */
  readonly groups?: readonly string[];
}

/** A secret by which somebody signs in, of which only the sha256 is stored; or a client certificate. */
export interface CredentialRow {
  /** Of a certificate: its sha256. */
  readonly id: string;
  readonly kind: 'link' | 'session' | 'token' | 'certificate';
  readonly sha256: string;
  readonly user: string;
  readonly description: string;
  readonly createdAtMs: number;
  /** 0: does not expire. */
  readonly expiresAtMs: number;
  /** Uid of the User whose it is; '': the first administrator's before there is such an object, or a program's. */
  readonly userUid: string;
  /** 0: never. Written at most once a minute. */
  readonly lastUsedMs: number;
  readonly details: CredentialDetails;
}

export type NewCredential = Omit<CredentialRow, 'userUid' | 'lastUsedMs' | 'details'> &
  Partial<Pick<CredentialRow, 'userUid' | 'lastUsedMs' | 'details'>>;
