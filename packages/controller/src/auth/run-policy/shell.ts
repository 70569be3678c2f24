// Owns what run policies say of a terminal.
// I1: a terminal cannot wait: outside of windows, and where a rule asks for approval, it is refused.
import { ApiError, nodeKind, ruleWords } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import type { ShellRequest } from '../../platform/shell.ts';
import type { Resources } from '../../resources/resources.ts';
import type { Identity } from '../identity.ts';
import { closedWords, remedy, toRequester } from './admit-work.ts';
import type { RunPolicies } from './policies.ts';

/** Throws Forbidden unless the identity may open it now; resolves to what is to be noted of it ('': nothing). */
export type CheckShell = (identity: Identity, wish: ShellRequest) => string;

export const createShellCheck =
  (deps: {
    readonly policies: RunPolicies;
    readonly resources: Pick<Resources, 'find'>;
    readonly clock: Clock;
  }): CheckShell =>
  (identity, { node, user, argv }) => {
    const gate = deps.policies.gateOf(toRequester(identity), { kind: 'shell', argv, user });
    if (gate === undefined) return '';
    const labels = deps.resources.find(nodeKind, '', node)?.metadata.labels ?? {};
    const { verdict, asks, logs } = gate(labels, deps.clock.nowMs());
    const refuse = (why: string): ApiError =>
      new ApiError('Forbidden', `cannot open a shell on ${node}: ${why}; ${remedy}`);
    if (verdict.kind === 'deny') throw refuse(verdict.why);
    if (verdict.kind === 'closed') throw refuse(closedWords(verdict.policy, verdict.opensMs));
    const [ask] = asks;
    if (ask !== undefined)
      throw refuse(`${ruleWords(ask)} asks for approval, which a terminal cannot wait for; use drover run`);
    return logs.map(({ policy, rule }) => `Log ${policy}/${rule}`).join(', ');
  };
