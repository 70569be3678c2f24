// Owns who somebody is.
// I1: service accounts are users by the name system:serviceaccount:<namespace>:<name>, as in Kubernetes.
import type { AuditEntry, PolicyRule } from '@drover/api';

/** Bounds of a token, within what its owner may: everything that is given has to allow. */
export interface Scope {
  readonly rules?: readonly PolicyRule[];
  /** Requests outside of them, also those about the whole cluster, are refused. */
  readonly namespaces?: readonly string[];
}

export interface UserIdentity {
  readonly kind: 'user';
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /** What proved it, for the audit trail: 'token/<id>', 'session/<id>' or 'certificate/<sha256>'. */
  readonly credential?: string;
  /** Who really asks, when somebody acts in this user's name. */
  readonly impersonator?: string;
  readonly scope?: Scope;
}

export type Identity =
  | UserIdentity
  /** Somebody holding an enrolment token: may create one CertificateSigningRequest and read it. */
  | { readonly kind: 'bootstrap'; readonly token: string }
  | { readonly kind: 'node'; readonly name: string };

/** Members may do everything. */
export const mastersGroup = 'system:masters';
/** Everybody who has shown who they are. */
export const authenticatedGroup = 'system:authenticated';
/** Nobody signs in as one of these; it can be asked about and acted as. */
export const unauthenticatedGroup = 'system:unauthenticated';
export const anonymousUser = 'system:anonymous';

/** The name as it stands in spec.username, events and the audit trail. */
export const identityName = (identity: Identity): string => {
  switch (identity.kind) {
    case 'user':
      return identity.name;
    case 'bootstrap':
      return `system:bootstrap:${identity.token}`;
    case 'node':
      return `system:node:${identity.name}`;
  }
};

/** How they proved who they are, as the audit trail names it; '' when that is not known. */
export const credentialOf = (identity: Identity): string => {
  switch (identity.kind) {
    case 'user':
      return identity.credential ?? '';
    case 'bootstrap':
      return `enrollmenttoken/${identity.token}`;
    case 'node':
      return 'certificate';
  }
};

/** Name and groups, as role bindings and requests for certificates know them. */
export const toSubject = (
  identity: Identity,
): { readonly name: string; readonly groups: readonly string[] } => {
  const name = identityName(identity);
  switch (identity.kind) {
    case 'user':
      return { name, groups: identity.groups };
    case 'bootstrap':
      return { name, groups: ['system:bootstrappers', authenticatedGroup] };
    case 'node':
      return { name, groups: ['system:nodes', authenticatedGroup] };
  }
};

/** Who an identity is, as a row of the audit trail says it. */
export const auditedAs = (
  identity: Identity | null,
): Pick<AuditEntry, 'user' | 'impersonator' | 'groups' | 'credential'> => {
  if (identity === null) return { user: '' };
  const { name: user, groups } = toSubject(identity);
  const credential = credentialOf(identity);
  const impersonator = identity.kind === 'user' ? identity.impersonator : undefined;
  return {
    user,
    ...(impersonator === undefined ? {} : { impersonator }),
    groups,
    ...(credential === '' ? {} : { credential }),
  };
};

/** For what is kept about a deed: who it was, and who acted in their name. */
export const actorName = (identity: Identity): string => {
  const name = identityName(identity);
  const impersonator = identity.kind === 'user' ? identity.impersonator : undefined;
  return impersonator === undefined ? name : `${name} (by ${impersonator})`;
};
