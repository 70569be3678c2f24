// Owns what the console asks of SSHEnrollments: making one with its Secret, confirming keys, trying again.
import type { SSHEnrollment, SSHHostStatus } from '@drover/api';
import { secrets, sshEnrollments } from '@drover/client/kinds';
import { client } from '../../api/client.ts';
import type { Labels } from './label-fields.tsx';

export interface SshWish {
  readonly hosts: string;
  readonly user: string;
  readonly port: string;
  readonly way: 'key' | 'password';
  readonly key: string;
  readonly passphrase: string;
  readonly password: string;
  readonly sudoPassword: string;
  readonly labels: Labels;
}

const namespace = 'default';
const apiVersion = 'drover.dev/v1alpha1';

const toSecretData = (wish: SshWish): Readonly<Record<string, string>> => {
  const login =
    wish.way === 'key'
      ? // A key whose last line is not ended cannot be read.
        { 'ssh-privatekey': `${wish.key.trim()}\n`, passphrase: wish.passphrase }
      : { password: wish.password };
  const all = { ...login, 'sudo-password': wish.sudoPassword };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
};

/** The object first, so that the Secret belongs to it from its first moment: it waits until the Secret is there. */
export const enrolBySsh = async (wish: SshWish): Promise<SSHEnrollment> => {
  const secretName = `ssh-${crypto.randomUUID()}`;
  const made = await client.create(sshEnrollments, {
    apiVersion,
    kind: 'SSHEnrollment',
    metadata: { generateName: 'ssh-', namespace },
    spec: {
      hosts: [{ names: wish.hosts.trim(), user: wish.user.trim(), port: Number(wish.port) }],
      credentials: { secretName, deleteSecret: true },
      ...(Object.keys(wish.labels).length === 0 ? {} : { labels: wish.labels }),
    },
  });
  const { name = '', uid = '' } = made.metadata;
  const owner = { apiVersion, kind: 'SSHEnrollment', name, uid };
  try {
    await client.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secretName, namespace, ownerReferences: [owner] },
      stringData: toSecretData(wish),
    });
  } catch (error) {
    await client.delete(sshEnrollments, name, { namespace });
    throw error;
  }
  return made;
};

const patch = async ({ metadata }: SSHEnrollment, spec: object): Promise<void> => {
  const body = { metadata: { resourceVersion: metadata.resourceVersion }, spec };
  await client.patch(
    sshEnrollments,
    metadata.name ?? '',
    { type: 'merge', body },
    { namespace: metadata.namespace ?? '' },
  );
};

/** Exactly the keys that were shown are trusted. */
export const trustKeys = (enrolment: SSHEnrollment, hosts: readonly SSHHostStatus[]): Promise<void> => {
  const added = hosts.flatMap(({ host, hostKey }) =>
    hostKey === undefined ? [] : [{ host, fingerprint: hostKey.fingerprint }],
  );
  return patch(enrolment, { hostKeys: [...(enrolment.spec.hostKeys ?? []), ...added] });
};

export const tryAgain = (enrolment: SSHEnrollment, { host, attempt }: SSHHostStatus): Promise<void> =>
  patch(enrolment, { attempts: { [host]: attempt + 1 } });
