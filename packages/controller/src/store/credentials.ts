// Owns the main-thread side of certificates and sign-in secrets.
import type { Log } from '../platform/log.ts';
import { CredentialMemory } from './credential-memory.ts';
import { createListeners } from './listeners.ts';
import type { Others } from './sql/context.ts';
import type { CredentialStore } from './store.ts';
import type { Threads } from './threads.ts';

export interface CredentialFace {
  readonly store: CredentialStore;
  /** Tells what other controllers have committed. */
  tellOthers(others: Pick<Others, 'credentials' | 'certificates'>): void;
}

export const createCredentials = (deps: {
  readonly threads: () => Threads;
  readonly log: Log;
}): CredentialFace => {
  const { threads } = deps;
  const revoked = createListeners<readonly string[]>(deps.log);
  const removed = createListeners<readonly string[]>(deps.log);
  const memory = new CredentialMemory();
  const tellRemoved = (id: string): void => {
    memory.forget(id);
    removed.tell([id]);
  };
  const store: CredentialStore = {
    addCertificate: (row) => threads().write('credentials.addCertificate', row),
    certificate: (serial) => threads().read('credentials.certificate', serial),
    certificatesOf: (subject) => threads().read('credentials.certificatesOf', subject),
    removeExpiredCertificates: (beforeMs) => threads().write('credentials.removeExpired', beforeMs),
    revokeCertificates: (subject, nowMs, serial) => {
      const onCommitted = (serials: readonly string[]): void => {
        if (serials.length > 0) revoked.tell(serials);
      };
      return threads().write('credentials.revoke', { subject, nowMs, serial }, { onCommitted });
    },
    onRevoke: (listener) => revoked.add(listener),
    add: (row) => threads().write('credentials.add', row),
    bySha256: (sha256) => memory.find(sha256, (hash) => threads().read('credentials.bySha256', hash)),
    byId: (id) => threads().read('credentials.byId', id),
    take: (sha256) =>
      threads().write('credentials.take', sha256, {
        onCommitted: (row) => {
          if (row !== undefined) tellRemoved(row.id);
        },
      }),
    remove: (id) => threads().write('credentials.remove', id, { onCommitted: () => tellRemoved(id) }),
    ofUser: (user) => threads().read('credentials.ofUser', user),
    touch: (id, nowMs) =>
      threads().write('credentials.touch', { id, nowMs }, { onCommitted: () => memory.forget(id) }),
    onRemove: (listener) => removed.add(listener),
    list: (kind) => threads().read('credentials.list', kind),
  };
  const tellOthers = async ({ credentials, certificates }: Pick<Others, 'credentials' | 'certificates'>) => {
    for (const id of credentials) memory.forget(id);
    if (certificates.size > 0) revoked.tell([...certificates]);
    for (const id of credentials)
      if ((await threads().read('credentials.byId', id)) === undefined) removed.tell([id]);
  };
  return {
    store,
    tellOthers: (others) => {
      tellOthers(others).catch((err: unknown) =>
        deps.log.warn({ err }, 'cannot look up what was signed out'),
      );
    },
  };
};
