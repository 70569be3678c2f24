// Owns whose a service account's token is.
// I1: a token belongs to one object, not to a name: the credential's user is
//     system:serviceaccount:<namespace>:<name>:<uid>, and once that object is deleted the token proves nobody, also
//     when another one of the same name is made.
import { type KubeObject, serviceAccountGroups, serviceAccountKind, serviceAccountUser } from '@drover/api';
import type { Resources } from '../resources/resources.ts';
import type { UserIdentity } from './identity.ts';

/** CredentialRow.user of a token of this service account. */
export const toTokenUser = ({ metadata }: KubeObject): string =>
  `${serviceAccountUser(metadata.namespace ?? '', metadata.name ?? '')}:${metadata.uid ?? ''}`;

const pattern = /^system:serviceaccount:([^:]+):([^:]+):([^:]+)$/;

/** Whether CredentialRow.user is a service account. */
export const isTokenUser = (user: string): boolean => pattern.test(user);

/** Who holds a token with this CredentialRow.user; undefined when the service account is gone. */
export const identityOfAccount = (
  resources: Pick<Resources, 'find'>,
  user: string,
): UserIdentity | undefined => {
  const [, namespace = '', name = '', uid = ''] = pattern.exec(user) ?? [];
  const found = resources.find(serviceAccountKind, namespace, name);
  if (found === undefined || found.metadata.uid !== uid) return undefined;
  return {
    kind: 'user',
    name: serviceAccountUser(namespace, name),
    groups: serviceAccountGroups(namespace),
    uid,
  };
};
