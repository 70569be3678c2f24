// Owns what run policies do to a run or transfer as it is made.
// I1: who makes it is written by us, never taken from the request: policies are asked about that person until the end.
// I2: refused on one of its nodes is refused whole, before anything is stored: who asks hears of it, and says what to do
//     instead. Nodes that come to it later are held to the policies by the fence (fence.ts).
// I3: unsigned work for nodes that take signed requests only is refused in the same way. Clients need not ask before they
//     send; a dry run tells it as a warning, since what is signed is not tried.
import {
  ApiError,
  type CommandRun,
  commandRunKind,
  emptyCounts,
  type FileTransfer,
  fileTransferKind,
  foldNodeSet,
  type Kind,
  type KubeObject,
  type MetRule,
  nodeKind,
  type Requester,
  type RunGate,
  resourceKey,
  ruleWords,
  type Targets,
  toWish,
  type Validator,
  validatorOf,
} from '@drover/api';
import { type Clock, toTimestamp } from '../../platform/clock.ts';
import type { Resources } from '../../resources/resources.ts';
import type { Admit } from '../admission.ts';
import { type Identity, toSubject } from '../identity.ts';
import type { RunPolicies } from './policies.ts';
import { strictNodes, strictWords, unsignedRefusal } from './unsigned.ts';

export interface AdmitWorkDeps {
  readonly policies: RunPolicies;
  readonly resources: Pick<Resources, 'find' | 'list'>;
  /** The nodes of the fleet that are targeted now; throws ApiError when they cannot be told. */
  readonly targetsOf: (targets: Targets) => readonly string[];
  readonly clock: Clock;
}

export const remedy = 'ask whoever keeps the run policies (drover get runpolicies)';
const longestNodeSet = 300;

/** Who asks, as it is kept with what they make (I1). */
export const toRequester = (identity: Identity): Requester => {
  const { name: username, groups } = toSubject(identity);
  const impersonator = identity.kind === 'user' ? identity.impersonator : undefined;
  return { username, groups: [...groups], ...(impersonator === undefined ? {} : { impersonator }) };
};

const shorten = (text: string): string =>
  text.length <= longestNodeSet ? text : `${text.slice(0, longestNodeSet)}...`;

/** 'db[1-3] (3 of 10 nodes)' */
const placesOf = (nodes: readonly string[], total: number): string =>
  `${shorten(foldNodeSet(nodes))} (${nodes.length} of ${total} nodes)`;

const add = <K>(map: Map<K, string[]>, key: K, node: string): void => {
  const known = map.get(key);
  if (known === undefined) map.set(key, [node]);
  else known.push(node);
};

/** What the policies say of all nodes, put together. */
const judgeAll = ({ resources, clock }: AdmitWorkDeps, gate: RunGate, nodes: readonly string[]) => {
  const nowMs = clock.nowMs();
  const denied = new Map<string, string[]>();
  const closed = new Map<string, string[]>();
  const met = new Map<MetRule, string[]>();
  for (const node of nodes) {
    const labels = resources.find(nodeKind, '', node)?.metadata.labels ?? {};
    const { verdict, asks, logs } = gate(labels, nowMs);
    if (verdict.kind === 'deny') add(denied, verdict.why, node);
    if (verdict.kind === 'closed') add(closed, closedWords(verdict.policy, verdict.opensMs), node);
    for (const rule of [...asks, ...logs]) add(met, rule, node);
  }
  return { denied, closed, met };
};

/** 'run policy x allows it from 2026-03-02T07:00:00Z on' */
export const closedWords = (policy: string, opensMs: number): string =>
  opensMs === Number.POSITIVE_INFINITY
    ? `the windows of run policy ${policy} never open`
    : `run policy ${policy} allows it from ${toTimestamp(opensMs)} on`;

/** I2. */
const refuse = (denied: ReadonlyMap<string, readonly string[]>, total: number): ApiError => {
  const [first = ['', []] as const, ...others] = denied;
  const [why, nodes] = first;
  const more =
    others.length === 0
      ? ''
      : ` (others for other reasons: ${shorten(foldNodeSet(others.flatMap(([, names]) => names)))})`;
  const leave = nodes.length === total ? '' : 'leave these nodes out, or ';
  return new ApiError(
    'Forbidden',
    `cannot run on ${placesOf(nodes, total)}: ${why}${more}; ${leave}${remedy}`,
  );
};

const nodesOf = ({ targetsOf }: AdmitWorkDeps, targets: Targets): readonly string[] => {
  try {
    return targetsOf(targets);
  } catch (error) {
    // Whoever takes the work up says what is wrong with its targets.
    if (error instanceof ApiError) return [];
    throw error;
  }
};

const actionWords = { Ask: 'waits for approval', Log: 'is noted', Deny: 'is refused' } as const;

const judge = (deps: AdmitWorkDeps, gate: RunGate, targets: Targets) => {
  const nodes = nodesOf(deps, targets);
  const { denied, closed, met } = judgeAll(deps, gate, nodes);
  if (denied.size > 0) throw refuse(denied, nodes.length);
  const rules = [...met].map(
    ([rule, where]) =>
      `${actionWords[rule.action]} by ${ruleWords(rule)} on ${placesOf(where, nodes.length)}`,
  );
  const waits = [...closed].map(([why, where]) => `waits: ${why}, on ${placesOf(where, nodes.length)}`);
  return {
    warnings: [...rules, ...waits],
    note: [...met.keys()].map(({ action, rule, policy }) => `${action} ${policy}/${rule}`).join(', '),
  };
};

/** What would become of it, in the place where people look for that. */
const asForeseen =
  (nodes: number, warnings: readonly string[]) =>
  (object: KubeObject): KubeObject => ({
    ...object,
    status: { phase: 'Pending', counts: { ...emptyCounts, total: nodes }, message: warnings.join('\n') },
  });

/** Unknown fields are no matter of ours, but where the object is wrong anyhow, they are told first, as elsewhere. */
const read = (validate: Validator, object: unknown): CommandRun | FileTransfer => {
  try {
    return validate(object, 'Ignore').object as unknown as CommandRun | FileTransfer;
  } catch (error) {
    validate(object, 'Strict');
    throw error;
  }
};

const admitWork = (deps: AdmitWorkDeps, kind: Kind): Admit => {
  const validate = validatorOf(kind);
  return async ({ identity, object, dryRun }) => {
    const { spec } = read(validate, object);
    const unsigned =
      spec.signed === undefined ? strictNodes(deps.resources, () => nodesOf(deps, spec.targets)) : [];
    if (unsigned.length > 0 && !dryRun) throw unsignedRefusal(unsigned);
    const requester = toRequester(identity);
    const gate = deps.policies.gateOf(requester, toWish(spec));
    const { warnings: judged, note } =
      gate === undefined ? { warnings: [], note: '' } : judge(deps, gate, spec.targets);
    const warnings = unsigned.length === 0 ? judged : [strictWords(unsigned), ...judged];
    // The validator has shown that it is an object with a spec; unknown members stay for it to refuse.
    const raw = object as { readonly spec: object };
    return {
      object: { ...raw, spec: { ...raw.spec, requester } },
      warnings,
      note,
      ...(dryRun ? { answer: asForeseen(nodesOf(deps, spec.targets).length, warnings) } : {}),
    };
  };
};

/** By resourceKey. */
export const createWorkAdmission = (deps: AdmitWorkDeps): Readonly<Record<string, Admit>> =>
  Object.fromEntries(
    [commandRunKind, fileTransferKind].map((kind) => [resourceKey(kind), admitWork(deps, kind)]),
  );
