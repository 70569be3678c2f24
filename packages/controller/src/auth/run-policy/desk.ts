// Owns what other rooms are given of the run policies: one answer for every way in.
// I1: as work is made (admission), before each of its tasks starts (fence), and as a terminal is opened (checkShell); what
//     a rule asks about is asked by whoever takes the work up (askOf).
import {
  type CommandRunSpec,
  commandRunKind,
  type FileTransferSpec,
  fileTransferKind,
  type Kind,
  type MetRule,
  nobodyKnown,
  nodeKind,
  type Targets,
  toWish,
} from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Resources } from '../../resources/resources.ts';
import type { Admit } from '../admission.ts';
import type { Identity } from '../identity.ts';
import { createWorkAdmission } from './admit-work.ts';
import { createStamp, type Stamp } from './approval.ts';
import { openFence, type RunFence } from './fence.ts';
import { createRunPolicies } from './policies.ts';
import { type CheckShell, createShellCheck } from './shell.ts';

export interface RunPolicyDesk {
  /** By resourceKey. */
  readonly admission: Readonly<Record<string, Admit>>;
  readonly fence: RunFence;
  readonly checkShell: CheckShell;
  /** For WriteOptions.stamp of an approval; undefined for kinds that are approved otherwise. */
  stampOf(kind: Kind, identity: Identity): Stamp | undefined;
  /** The rule that asks for approval of this work on one of these nodes; undefined: none does. */
  askOf(spec: CommandRunSpec | FileTransferSpec, nodes: readonly string[]): MetRule | undefined;
  close(): Promise<void>;
}

export const openRunPolicyDesk = (deps: {
  readonly resources: Pick<Resources, 'find' | 'list' | 'revision' | 'watch'>;
  readonly targetsOf: (targets: Targets) => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}): RunPolicyDesk => {
  const { resources, clock } = deps;
  const policies = createRunPolicies(resources);
  const fence = openFence({ ...deps, policies });
  return {
    admission: createWorkAdmission({ ...deps, policies }),
    fence,
    checkShell: createShellCheck({ policies, resources, clock }),
    stampOf: (kind, identity) =>
      kind === commandRunKind || kind === fileTransferKind ? createStamp(clock, identity) : undefined,
    askOf: (spec, nodes) => {
      const gate = policies.gateOf(spec.requester ?? nobodyKnown, toWish(spec));
      if (gate === undefined) return undefined;
      const nowMs = clock.nowMs();
      for (const node of nodes) {
        const [ask] = gate(resources.find(nodeKind, '', node)?.metadata.labels ?? {}, nowMs).asks;
        if (ask !== undefined) return ask;
      }
      return undefined;
    },
    close: () => fence.close(),
  };
};
