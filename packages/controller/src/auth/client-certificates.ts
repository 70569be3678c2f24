// Owns the certificates by which people and programs sign in: for whom they are signed, what they hold, and how long they last.
// I1: such a certificate is a credential like an API token: its row, found by the sha256 of the whole certificate, is in the
//     store before it is handed out, and without a row it proves nobody. Those of nodes have no such row, and these have
//     none in the table by which agents are let in: neither is ever taken for the other.
// I2: it is for one User or one ServiceAccount that there is, by its uid, and names no group that this one is not in.
import {
  ApiError,
  adminUser,
  maxCertificateSeconds,
  serviceAccountKind,
  serviceAccountOf,
  userKind,
} from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { Resources } from '../resources/resources.ts';
import type { CredentialStore } from '../store/store.ts';
import type { Auth } from './auth.ts';
import type { Authority } from './authority.ts';
import { subjectOf } from './certificate-request.ts';
import { authenticatedGroup } from './identity.ts';
import type { Owner } from './issue.ts';
import { toTokenUser } from './service-account-token.ts';

const defaultLifeSeconds = 90 * 86_400;
const minLifeSeconds = 600;

interface Subject {
  readonly name: string;
  readonly groups: readonly string[];
  readonly owner: Owner;
}

export interface IssuedCertificate {
  readonly certPem: string;
  /** sha256 (hex) of its DER: how lists and the audit trail name it. */
  readonly id: string;
  readonly expiresAtMs: number;
}

export interface CertificateDesk {
  /** For whom the request is, who has to be there and in its groups. @throws ApiError Invalid. */
  check(csrPem: string): Promise<string>;
  /** `lifeSeconds` absent: 90 days. @throws ApiError Invalid. */
  issue(
    csrPem: string,
    wish: { readonly description: string; readonly lifeSeconds?: number | undefined },
  ): Promise<IssuedCertificate>;
}

export interface CertificateDeps {
  readonly authority: Pick<Authority, 'readRequest' | 'signClient'>;
  readonly auth: Pick<Auth, 'identityOf'>;
  readonly resources: Pick<Resources, 'find'>;
  readonly credentials: Pick<CredentialStore, 'add'>;
  readonly clock: Clock;
}

const invalid = (field: string, why: string): ApiError =>
  new ApiError('Invalid', `cannot sign the certificate: ${why}`, {
    causes: [{ reason: 'FieldValueInvalid', message: why, field }],
  });

const request = (why: string): ApiError => invalid('spec.request', why);

/** The one common name of a request. @throws ApiError Invalid. */
export const commonNameOf = (csrPem: string): string => {
  const [name = '', ...others] = subjectOf(csrPem).commonNames;
  if (name !== '' && others.length === 0) return name;
  throw request('the subject must have one common name (CN): the user whom it is for');
};

/** Whose the row will be, and the uid by which they are known. */
const ownerOf = ({ resources }: CertificateDeps, name: string): { owner: Owner; uid: string } | undefined => {
  const account = serviceAccountOf(name);
  if (account !== undefined) {
    const object = resources.find(serviceAccountKind, account.namespace, account.name);
    const uid = object?.metadata.uid ?? '';
    return object && { owner: { user: toTokenUser(object), uid: '' }, uid };
  }
  // The first administrator's outlive the object, as their tokens do.
  const uid = name === adminUser ? '' : (resources.find(userKind, '', name)?.metadata.uid ?? '');
  return { owner: { user: name, uid }, uid };
};

/** I2. */
const subjectIn = (deps: CertificateDeps, csrPem: string): Subject => {
  const name = commonNameOf(csrPem);
  const found = ownerOf(deps, name);
  const identity = found && deps.auth.identityOf(name, found.uid);
  if (found === undefined || identity === undefined)
    throw request(`there is no user or service account "${name}", or it is disabled; make it first`);
  const groups = [...new Set(subjectOf(csrPem).organizations)].filter(
    (group) => group !== authenticatedGroup,
  );
  const foreign = groups.find((group) => !identity.groups.includes(group));
  if (foreign !== undefined)
    throw request(`"${name}" is not in the group "${foreign}"; leave it out, or add them to it first`);
  return { name, groups, owner: found.owner };
};

const lifeOf = (seconds: number = defaultLifeSeconds): number => {
  const isRight = Number.isInteger(seconds) && seconds >= minLifeSeconds && seconds <= maxCertificateSeconds;
  if (isRight) return seconds * 1000;
  const range = `from ${minLifeSeconds} to ${maxCertificateSeconds} (a year)`;
  throw invalid('expiresSeconds', `it must last a whole number of seconds ${range}`);
};

export const openCertificateDesk = (deps: CertificateDeps): CertificateDesk => ({
  check: async (csrPem) => {
    const { verified } = await deps.authority.readRequest(csrPem);
    if (!verified) throw request('it is not signed by its own key; make a new one');
    return subjectIn(deps, csrPem).name;
  },
  issue: async (csrPem, { description, lifeSeconds }) => {
    const { name, groups, owner } = subjectIn(deps, csrPem);
    const createdAtMs = deps.clock.nowMs();
    // X.509 knows whole seconds only.
    const expiresAtMs = Math.floor((createdAtMs + lifeOf(lifeSeconds)) / 1000) * 1000;
    const signed = await deps.authority.signClient({ csrPem, name, groups, notAfterMs: expiresAtMs });
    const { certPem, sha256 } = signed;
    await deps.credentials.add({
      ...{ id: sha256, kind: 'certificate', sha256, user: owner.user, userUid: owner.uid },
      ...{ description, createdAtMs, expiresAtMs, details: { groups } },
    });
    return { certPem, id: sha256, expiresAtMs };
  },
});
