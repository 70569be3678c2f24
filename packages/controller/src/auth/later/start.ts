// Owns making a run in the name of somebody who is not there: who answers for a schedule.
// I1: they are judged as they are at that moment: who is gone, disabled or may no longer run commands there runs nothing.
// I2: roles, run policies and admission policies are asked just as if they had sent the run themselves.
// I3: who wrote what is run is asked, too: changing a saved command is no way to run it with the rights of others.
import {
  ApiError,
  type AuditEntry,
  type KubeObject,
  commandRunKind as kind,
  type LaterRequester,
  resourceKey,
} from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import type { Resources } from '../../resources/resources.ts';
import type { AuditStore } from '../../store/store.ts';
import type { Admit } from '../admission.ts';
import type { Auth } from '../auth.ts';
import { forbidden } from '../forbidden.ts';
import { auditedAs, type UserIdentity } from '../identity.ts';
import { toRunThere } from './requester.ts';

export interface LaterRun {
  readonly run: KubeObject;
  readonly requester: LaterRequester;
  /** Who else answers for what it does (I3). */
  readonly author?: LaterRequester | undefined;
  /** For the audit trail: what made it. */
  readonly reason: string;
}

/** Resolves to the run as it was made. Throws ApiError: Forbidden when they may not, and what a creation throws. */
export type StartLater = (wish: LaterRun) => Promise<KubeObject>;

export const createLaterStart = (deps: {
  readonly auth: Pick<Auth, 'authorize' | 'identityOf' | 'policies'>;
  readonly admission: Readonly<Record<string, Admit>>;
  readonly resources: Pick<Resources, 'create'>;
  readonly audit: Pick<AuditStore, 'within'>;
  /** Why nothing may be changed now; undefined when it may. */
  readonly refusal?: () => string | undefined;
  readonly clock: Clock;
}): StartLater => {
  const { auth, resources, audit, clock } = deps;

  /** I1. */
  const identityNow = ({ username, uid }: LaterRequester, namespace: string): UserIdentity => {
    const identity = auth.identityOf(username, uid);
    if (identity === undefined)
      throw new ApiError(
        'Forbidden',
        `cannot run as ${username}: there is no such user any more, or it is disabled`,
      );
    const { allowed, reason } = auth.authorize(identity, toRunThere(namespace));
    if (!allowed) throw forbidden(identity, toRunThere(namespace), reason);
    return identity;
  };

  const admit = async (identity: UserIdentity, object: KubeObject, dryRun: boolean) =>
    deps.admission[resourceKey(kind)]?.({ identity, operation: 'create', object, dryRun });

  const guardOf = async (identity: UserIdentity, { metadata: { namespace = '', name = '' } }: KubeObject) => {
    await auth.policies.ready();
    return auth.policies.guard({
      identity,
      kind,
      namespace,
      name,
      dryRun: false,
      options: () => ({ apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions' }),
      onWarning: () => undefined,
      onNote: () => undefined,
    });
  };

  return async ({ run, requester, author, reason }) => {
    const { namespace = '', name = '' } = run.metadata;
    const why = deps.refusal?.();
    if (why !== undefined) throw new ApiError('ServiceUnavailable', `cannot accept changes: ${why}`);
    if (author !== undefined) await admit(identityNow(author, namespace), run, true);
    const identity = identityNow(requester, namespace);
    const admitted = await admit(identity, run, false);
    const guard = await guardOf(identity, run);
    const entry: AuditEntry = {
      time: new Date(clock.nowMs()).toISOString(),
      ...auditedAs(identity),
      verb: 'create',
      group: kind.group,
      resource: kind.plural,
      namespace,
      name,
      decision: 'allow',
      reason: [reason, admitted?.note ?? ''].filter(Boolean).join('; '),
    };
    return audit.within({ entry: () => entry, rows: 0 }, () =>
      resources.create(kind, namespace, admitted?.object ?? run, { guard }),
    );
  };
};
