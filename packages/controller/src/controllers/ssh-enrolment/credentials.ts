// Owns reading what to sign in with from a Secret, and taking the Secret away afterwards.
// I1: what it holds stays in memory, for as long as one server takes.
import {
  ApiError,
  apiVersionOf,
  type Kind,
  type KubeObject,
  type Secret,
  type SSHEnrollment,
  secretKind,
  sshEnrollmentKind,
} from '@drover/api';
import { SshFailure, type SshLogin } from '@drover/ssh';
import type { Resources } from '../../resources/resources.ts';

export interface SshCredentials {
  readonly login: SshLogin;
  readonly sudoPassword: string;
}

// Stored objects have been validated by the schema of their kind.
const asSecret = (object: KubeObject): Secret => object as unknown as Secret;

/** Undefined: the Secret is not there (yet). Throws SshFailure when there is nothing to sign in with. */
export const loadCredentials = (
  resources: Pick<Resources, 'find'>,
  { metadata: { namespace = '' }, spec }: SSHEnrollment,
): SshCredentials | undefined => {
  const { secretName } = spec.credentials;
  const found = resources.find(secretKind, namespace, secretName);
  if (found === undefined || found.metadata.deletionTimestamp !== undefined) return undefined;
  const read = (key: string): string =>
    Buffer.from(asSecret(found).data?.[key] ?? '', 'base64').toString('utf8');
  const [privateKey, passphrase, password] = [read('ssh-privatekey'), read('passphrase'), read('password')];
  if (privateKey === '' && password === '')
    throw new SshFailure(
      'credentials',
      `cannot sign in: Secret ${secretName} has neither ssh-privatekey nor password`,
    );
  return {
    login: {
      ...(privateKey === '' ? {} : { privateKey }),
      ...(passphrase === '' ? {} : { passphrase }),
      ...(password === '' ? {} : { password }),
    },
    sudoPassword: read('sudo-password') || password,
  };
};

const ignoreGone = (error: unknown): void => {
  if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
};

const kind: Kind = sshEnrollmentKind;

/** The Secret goes with the object from now on, whatever happens: the garbage collector sees to it. */
export const adoptSecret = async (resources: Resources, { metadata, spec }: SSHEnrollment): Promise<void> => {
  const { namespace = '', name = '', uid = '' } = metadata;
  const owner = { apiVersion: apiVersionOf(kind), kind: kind.kind, name, uid };
  const adopt = (object: KubeObject): KubeObject | undefined => {
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.some((one) => one.uid === uid)) return undefined;
    return { ...object, metadata: { ...object.metadata, ownerReferences: [...owners, owner] } };
  };
  await resources
    .modify(secretKind, namespace, spec.credentials.secretName, adopt)
    .then(() => undefined, ignoreGone);
};

export const deleteSecret = async (
  resources: Resources,
  { metadata, spec }: SSHEnrollment,
): Promise<void> => {
  const { secretName } = spec.credentials;
  if (resources.find(secretKind, metadata.namespace ?? '', secretName) === undefined) return;
  await resources.delete(secretKind, metadata.namespace ?? '', secretName).then(() => undefined, ignoreGone);
};
