// Owns who answers for what is kept to be run later: saved commands and schedules.
// I1: it is written by us as one is made, and as what it does is changed; never taken from the request.
// I2: who makes or changes one may make runs in that namespace: keeping a command is no way around the roles.
// I3: nobody makes or changes one as somebody else: it would outlive the leave to act as them.
// I4: suspending one is no change of what it does: it needs leave to change the schedule, and nobody else answers for it.
import {
  ApiError,
  commandRunKind,
  isEqualJson,
  type Kind,
  type KubeObject,
  type LaterRequester,
  resourceKey,
  savedCommandKind,
  scheduleKind,
  validatorOf,
} from '@drover/api';
import { type Clock, toTimestamp } from '../../platform/clock.ts';
import type { Admit } from '../admission.ts';
import { forbidden } from '../forbidden.ts';
import { type Identity, identityName } from '../identity.ts';
import type { Attributes, Decision } from '../permissions.ts';
import type { WriteGuard } from '../rbac/escalation.ts';
import type { Stamp } from '../run-policy/approval.ts';

const laterKinds: readonly Kind[] = [savedCommandKind, scheduleKind];

export const isLaterKind = (kind: Kind): boolean => laterKinds.includes(kind);

/** What leave to run commands in a namespace asks for. */
export const toRunThere = (namespace: string): Attributes => ({
  verb: 'create',
  resource: resourceKey(commandRunKind),
  namespace,
});

const toRequester = (identity: Identity, clock: Clock): LaterRequester => ({
  username: identityName(identity),
  uid: identity.kind === 'user' ? (identity.uid ?? '') : '',
  time: toTimestamp(clock.nowMs()),
});

// Stored objects have been validated by the schema of their kind.
const specOf = (object: KubeObject): Readonly<Record<string, unknown>> =>
  object['spec'] as Readonly<Record<string, unknown>>;

/** What it does, without who answers for it and whether it is suspended just now (I4). */
const deedOf = (object: KubeObject, isSuspending: boolean): unknown => {
  const { requester: _, ...deed } = specOf(object);
  return isSuspending ? { ...deed, suspend: true } : deed;
};

const isSameDeed = (before: KubeObject, after: KubeObject): boolean => {
  const isSuspending = specOf(after)['suspend'] === true;
  return isEqualJson(deedOf(before, isSuspending), deedOf(after, isSuspending));
};

/** I2, I3. For WriteOptions.guard. Throws Forbidden. */
export const guardLater =
  (authorize: (identity: Identity, attributes: Attributes) => Decision, identity: Identity): WriteGuard =>
  (before, after) => {
    if (before !== undefined && isSameDeed(before, after)) return;
    const { name = '', namespace = '' } = after.metadata;
    if (identity.kind === 'user' && identity.impersonator !== undefined)
      throw new ApiError(
        'Forbidden',
        `cannot keep ${name} to be run later while acting as somebody else: sign in as who is to answer for it`,
      );
    const wanted = toRunThere(namespace);
    const { allowed, reason } = authorize(identity, wanted);
    if (!allowed) throw forbidden(identity, wanted, reason);
  };

/** I1, for changes. For WriteOptions.stamp. */
export const stampLater =
  (clock: Clock, identity: Identity): Stamp =>
  (before, after) =>
    isSameDeed(before, after)
      ? after
      : { ...after, spec: { ...specOf(after), requester: toRequester(identity, clock) } };

/** I1, for creations. By resourceKey. */
export const createLaterAdmission = (clock: Clock): Readonly<Record<string, Admit>> => {
  const admit = (kind: Kind): Admit => {
    const validate = validatorOf(kind);
    return async ({ identity, object }) => {
      validate(object, 'Ignore');
      // The validator has shown that it is an object with a spec; unknown members stay for it to refuse.
      const raw = object as { readonly spec: object };
      return { object: { ...raw, spec: { ...raw.spec, requester: toRequester(identity, clock) } } };
    };
  };
  return Object.fromEntries(laterKinds.map((kind) => [resourceKey(kind), admit(kind)]));
};
