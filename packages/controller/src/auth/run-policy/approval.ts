// Owns who may approve a run or transfer that waits, and what is written about it.
// I1: whoever asked for it, also in somebody else's name, or is acted for, does not approve it: two people are meant.
// I2: who decided is written by us into the condition; afterwards nobody changes it (resources/prepare.ts).
// I3: only what waits for approval is decided, and once.
import {
  ApiError,
  type Condition,
  type KubeObject,
  type Requester,
  ruleWords,
  type WorkStatus,
} from '@drover/api';
import { type Clock, toTimestamp } from '../../platform/clock.ts';
import { actorName, type Identity } from '../identity.ts';
import { toRequester } from './admit-work.ts';

/** For WriteOptions.stamp. */
export type Stamp = (before: KubeObject, after: KubeObject) => KubeObject;

const decisions = ['Approved', 'Denied'];

const statusOf = (object: KubeObject): WorkStatus => (object['status'] as WorkStatus | undefined) ?? {};
const decisionsIn = (object: KubeObject): readonly Condition[] =>
  (statusOf(object).conditions ?? []).filter(({ type }) => decisions.includes(type));

const peopleOf = ({ username, impersonator }: Requester): readonly string[] =>
  impersonator === undefined ? [username] : [username, impersonator];

/** For the audit trail: what was decided, and which rule had asked. '' where nothing is decided. */
export const approvalNote = (before: KubeObject | undefined, after: KubeObject): string => {
  const decision = decisionsIn(after)[0]?.type;
  const asked = before && statusOf(before).approval;
  if (decision === undefined || asked === undefined) return decision ?? '';
  return `${decision}: ${ruleWords({ message: '', ...asked })} had asked`;
};

/** I1. */
const checkOther = (identity: Identity, object: KubeObject): void => {
  // Stored objects have been validated by the schema of their kind.
  const { requester } = object['spec'] as { readonly requester?: Requester };
  const asked = requester === undefined ? [] : peopleOf(requester);
  if (!peopleOf(toRequester(identity)).some((name) => asked.includes(name))) return;
  throw new ApiError(
    'Forbidden',
    `cannot approve ${object.metadata.name}: you have asked for it; somebody else who may must approve it (commandruns/approval)`,
  );
};

/** I2. */
const stamped = (condition: Condition, identity: Identity, now: string): Condition => ({
  type: condition.type,
  status: 'True',
  reason: condition.type === 'Approved' ? 'Approved' : 'Rejected',
  message: `by ${actorName(identity)}${condition.message ? `: ${condition.message.slice(0, 500)}` : ''}`,
  lastTransitionTime: now,
});

/** What an approval by this identity becomes. Throws Conflict, Forbidden or Invalid. */
export const createStamp =
  (clock: Clock, identity: Identity): Stamp =>
  (before, after) => {
    const [decision, other] = decisionsIn(after);
    if (decision === undefined)
      throw new ApiError(
        'Invalid',
        `cannot approve ${before.metadata.name}: status.conditions must hold a condition of type Approved or Denied`,
      );
    if (
      statusOf(before).phase !== 'Pending' ||
      statusOf(before).approval === undefined ||
      decisionsIn(before).length > 0
    )
      throw new ApiError('Conflict', `cannot approve ${before.metadata.name}: it does not wait for approval`);
    if (other !== undefined)
      throw new ApiError(
        'Invalid',
        `cannot approve ${before.metadata.name}: Approved and Denied exclude each other`,
      );
    if (decision.type === 'Approved') checkOther(identity, before);
    const status = statusOf(after);
    const conditions = (status.conditions ?? []).map((condition) =>
      condition.type === decision.type ? stamped(condition, identity, toTimestamp(clock.nowMs())) : condition,
    );
    return { ...after, status: { ...status, conditions } };
  };
