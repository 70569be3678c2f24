// Owns what becomes of work that a run policy wants approved before anything starts. Pure.
// I1: what was asked once stays asked, whatever becomes of the policy: nothing begins because somebody edits one.
// I2: the decision is the condition that the approval subresource wrote; nothing else counts.
import { type Condition, type MetRule, ruleWords, type WorkApproval } from '@drover/api';
import { toTimestamp } from '../../platform/clock.ts';
import type { Work } from './work.ts';

export type ApprovalStep =
  | { readonly kind: 'go' }
  | {
      readonly kind: 'wait';
      readonly approval: WorkApproval;
      readonly message: string;
      readonly untilMs: number;
    }
  /** It ends as cancelled. */
  | { readonly kind: 'over'; readonly message: string };

const decisions = ['Approved', 'Denied'];

/** What somebody has decided about the work. */
export const decisionsOn = (work: Work): readonly Condition[] =>
  (work.status?.conditions ?? []).filter(({ type }) => decisions.includes(type));

export const isApproved = (work: Work): boolean => decisionsOn(work).some(({ type }) => type === 'Approved');

const toApproval = ({ policy, rule, message, expireSeconds }: MetRule, nowMs: number): WorkApproval => ({
  policy,
  rule,
  ...(message === '' ? {} : { message }),
  expireTime: toTimestamp(nowMs + expireSeconds * 1000),
});

/** `ask`: the rule that asks about the work now; undefined: none does. */
export const planApproval = (work: Work, ask: MetRule | undefined, nowMs: number): ApprovalStep => {
  const denied = decisionsOn(work).find(({ type }) => type === 'Denied');
  if (denied !== undefined) return { kind: 'over', message: `rejected ${denied.message ?? ''}`.trim() };
  const approval = work.status?.approval ?? (ask && toApproval(ask, nowMs)); // I1
  if (approval === undefined || isApproved(work)) return { kind: 'go' };
  const untilMs = Date.parse(approval.expireTime);
  const words = ruleWords({ message: '', ...approval });
  if (nowMs >= untilMs)
    return { kind: 'over', message: `nobody approved it by ${approval.expireTime}: ${words}` };
  return { kind: 'wait', approval, message: `waiting for approval: ${words}`, untilMs };
};
