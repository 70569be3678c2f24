// Owns whether a task may start on a node at this moment, by the run policies and the labels of the node as they are
// now, for who made the run as they were then.
// I1: what a run waits for somebody to approve was decided before its tasks were made; a rule that asks only about a
//     node that came to it later is not asked any more: the task ends.
import { nobodyKnown, nodeKind, type RunWish, ruleWords, runPolicyKind } from '@drover/api';
import type { Fence, Leave } from '../../platform/fence.ts';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';
import type { TaskSpec } from '../../store/store.ts';
import { closedWords } from './admit-work.ts';
import type { RunPolicies } from './policies.ts';

export interface RunFence extends Fence<TaskSpec> {
  close(): Promise<void>;
}

interface Deps {
  readonly policies: RunPolicies;
  readonly resources: Pick<Resources, 'find' | 'watch'>;
  readonly log: Log;
}

const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

const toWish = (spec: TaskSpec): RunWish => {
  if (spec.kind !== 'command') return spec;
  const { kind, argv, script, input, user, cwd, env } = spec;
  return {
    kind,
    argv,
    ...(script === '' ? {} : { script: textOf(script) }),
    input: textOf(input),
    user,
    cwd,
    env: Object.keys(env),
  };
};

const go: Leave = { kind: 'go' };

const gateOf = ({ policies, resources }: Deps, spec: TaskSpec) => {
  const gate = policies.gateOf(spec.asker ?? nobodyKnown, toWish(spec));
  if (gate === undefined) return undefined;
  return (node: string, nowMs: number): Leave => {
    const { verdict, asks } = gate(resources.find(nodeKind, '', node)?.metadata.labels ?? {}, nowMs);
    const [ask] = asks;
    if (verdict.kind === 'deny') return { kind: 'refuse', why: verdict.why };
    // I1.
    if (ask !== undefined && spec.asker?.approved !== true)
      return { kind: 'refuse', why: `${ruleWords(ask)} asks for approval: run it here again` };
    if (verdict.kind === 'allow') return go;
    return { kind: 'hold', why: closedWords(verdict.policy, verdict.opensMs), untilMs: verdict.opensMs };
  };
};

export const openFence = (deps: Deps): RunFence => {
  const listeners = new Set<() => void>();
  const stop = new AbortController();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const following = followKind({ ...deps, signal: stop.signal }, runPolicyKind, tell);
  return {
    revision: deps.policies.revision,
    gateOf: (spec) => gateOf(deps, spec),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      stop.abort();
      await following;
    },
  };
};
