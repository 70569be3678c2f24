// Owns who somebody is. Authorization (RBAC) follows; until then `authorize` in this room knows three kinds.
export type Identity =
  | {
      readonly kind: 'user';
      readonly name: string;
      readonly groups: readonly string[];
      /** What proved it, for the audit trail: 'token/<id>' or 'session/<id>'. */
      readonly credential?: string;
    }
  /** Somebody holding an enrolment token: may create one CertificateSigningRequest and read it. */
  | { readonly kind: 'bootstrap'; readonly token: string }
  | { readonly kind: 'node'; readonly name: string };

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

export const groupsOf = (identity: Identity): readonly string[] => {
  switch (identity.kind) {
    case 'user':
      return identity.groups;
    case 'bootstrap':
      return ['system:bootstrappers', 'system:authenticated'];
    case 'node':
      return ['system:nodes', 'system:authenticated'];
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
