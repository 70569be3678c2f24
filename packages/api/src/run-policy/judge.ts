// Owns what the run policies say of one wish: allowed, refused, to be asked for, or to wait. Pure.
// I1: rules are guard rails: a Deny holds whoever else allows it, whatever the allow lists say.
// I2: allow lists are as network policies: whom at least one policy with `allow` binds on a node may do there what one of
//     them allows (their union), and nothing else. Whom none binds there is bound by roles alone.
// I3: what is the same on every node (commands, patterns, users) is looked at once; only labels and times are looked
//     at node by node. What no policy concerns costs nothing any more: there is no gate.
// I4: of a text that is longer than `maxText`, patterns see the first and the last half of that.
// I5: which rules a text meets hangs on nothing but the policies and the text, and is remembered for the last few: a long
//     script is read once, not at each step of its run.
import { compilePattern } from '../custom/patterns.ts';
import { subjectKey } from '../kinds/role-binding.ts';
import type { RunPolicy, RunRule } from '../kinds/run-policy.ts';
import { type LabelMatcher, toLabelMatcher } from '../selectors/label-selector.ts';
import { type Allow, allowProblem } from './allowed.ts';
import { matchesArgvAnywhere } from './argv-pattern.ts';
import { mayTouch } from './paths.ts';
import { isOpen, opensAtMs, type RunWindow } from './windows.ts';
import type { RunAsker, RunWish } from './wish.ts';

/** A rule that was met, and the policy it stands in. */
export interface MetRule {
  readonly policy: string;
  readonly rule: string;
  readonly action: RunRule['action'];
  readonly message: string;
  readonly expireSeconds: number;
}

export type Verdict =
  | { readonly kind: 'allow' }
  /** `why`: 'rule x of run policy y denies it: ...'. */
  | { readonly kind: 'deny'; readonly why: string }
  /** Allowed, but not now. opensMs is Infinity when the windows never open. */
  | { readonly kind: 'closed'; readonly policy: string; readonly opensMs: number };

/** Of one node. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Rules that ask or log, and hold on the node. */
  readonly asks: readonly MetRule[];
  readonly logs: readonly MetRule[];
}

/** What the policies have to say of one wish, for any node; times are UTC milliseconds. */
export type RunGate = (labels: Readonly<Record<string, string>>, nowMs: number) => Judgement;

interface CompiledPolicy {
  readonly name: string;
  readonly subjects: ReadonlySet<string> | undefined;
  readonly selects: LabelMatcher;
  readonly allow: Allow | undefined;
  readonly rules: readonly CompiledRule[];
}

interface CompiledRule extends RunRule {
  readonly finds: (text: string) => boolean;
}

/** All policies, ready to be asked. */
export interface PolicySet {
  readonly policies: readonly CompiledPolicy[];
  /** Rules that command lines and texts have met, the last few: one run is asked about several times (I5). */
  readonly met: Map<string, ReadonlyMap<CompiledPolicy, readonly MetRule[]>>;
}

const maxText = 32_768;

const toCompiled = (rule: RunRule): CompiledRule => {
  const { pattern } = rule.match;
  if (pattern === undefined) return { ...rule, finds: () => false };
  const compiled = compilePattern(pattern);
  return { ...rule, finds: (text) => text !== '' && compiled.test(text) };
};

export const compilePolicies = (policies: readonly RunPolicy[]): PolicySet => ({
  policies: policies.map(({ metadata, spec }) => ({
    name: metadata.name ?? '',
    subjects: spec.subjects && new Set(spec.subjects.map(subjectKey)),
    selects: toLabelMatcher(spec.nodes ?? {}),
    allow: spec.allow,
    rules: (spec.rules ?? []).map(toCompiled),
  })),
  met: new Map(),
});

const keysOf = ({ username, groups }: RunAsker): readonly string[] => [
  `User:${username}`,
  ...groups.map((group) => `Group:${group}`),
];

/** I4. */
const textOf = (wish: RunWish): string => {
  if (wish.kind === 'push' || wish.kind === 'pull') return '';
  const parts = wish.kind === 'shell' ? [] : [wish.script ?? '', wish.input];
  const text = [wish.argv.join(' '), ...parts].filter((part) => part !== '').join('\n');
  if (text.length <= maxText) return text;
  return `${text.slice(0, maxText / 2)}\n${text.slice(-maxText / 2)}`;
};

const isMet = ({ match, finds }: CompiledRule, wish: RunWish, text: string): boolean => {
  if (wish.kind === 'push' || wish.kind === 'pull')
    return match.paths !== undefined && mayTouch(match.paths, wish.path);
  const isCommand = match.commands?.some((pattern) => matchesArgvAnywhere(pattern, wish.argv)) ?? false;
  return isCommand || finds(text);
};

const metRules = ({ name, rules }: CompiledPolicy, wish: RunWish, text: string): readonly MetRule[] =>
  rules
    .filter((rule) => isMet(rule, wish, text))
    .map((rule) => ({
      policy: name,
      rule: rule.name,
      action: rule.action,
      message: rule.message ?? '',
      expireSeconds: rule.expireSeconds,
    }));

const maxRemembered = 64;

/** What the text meets in each policy (I5). */
const metBy = (
  { policies, met }: PolicySet,
  wish: RunWish,
): ReadonlyMap<CompiledPolicy, readonly MetRule[]> => {
  const text = textOf(wish);
  const key = 'argv' in wish ? JSON.stringify([wish.argv, text]) : `path ${wish.path}`;
  const known = met.get(key);
  if (known !== undefined) return known;
  const found = new Map(
    policies
      .map((policy) => [policy, metRules(policy, wish, text)] as const)
      .filter(([, rules]) => rules.length > 0),
  );
  const [oldest] = met.keys();
  if (met.size >= maxRemembered && oldest !== undefined) met.delete(oldest);
  met.set(key, found);
  return found;
};

/** 'rule x of run policy y': the words by which people look for it. */
export const ruleWords = ({ rule, policy, message }: Pick<MetRule, 'rule' | 'policy' | 'message'>): string =>
  `rule ${rule} of run policy ${policy}${message === '' ? '' : ` (${message})`}`;

/** When it is open next: 0 is now, Infinity never. */
type Opens = (nowMs: number) => number;

const minuteMs = 60_000;

/** Windows have whole minutes: many nodes that are looked at within one are answered at once. */
const toOpens = (windows: readonly RunWindow[] | undefined): Opens => {
  if (windows === undefined) return () => 0;
  let seen = { minute: -1, opensMs: 0 };
  return (nowMs) => {
    const minute = Math.floor(nowMs / minuteMs);
    if (seen.minute !== minute)
      seen = { minute, opensMs: isOpen(windows, nowMs) ? 0 : opensAtMs(windows, nowMs) };
    return seen.opensMs;
  };
};

interface Fence {
  readonly policy: string;
  readonly selects: LabelMatcher;
  readonly problem: string | undefined;
  readonly opens: Opens;
}

interface Rail {
  readonly selects: LabelMatcher;
  readonly met: readonly MetRule[];
}

/** I2, on a node that all of these select. */
const judgeFences = (fences: readonly Fence[], nowMs: number): Verdict => {
  const [first] = fences;
  if (first === undefined) return { kind: 'allow' };
  const allowing = fences.filter(({ problem }) => problem === undefined);
  if (allowing.length === 0) {
    const names = fences.map(({ policy }) => policy).join(', ');
    const what = fences.length === 1 ? 'run policy' : 'none of the run policies';
    const why = `${what} ${names} ${fences.length === 1 ? 'does not allow' : 'allows'} ${first.problem}`;
    return { kind: 'deny', why };
  }
  const opens = allowing.map(({ policy, opens }) => ({ policy, opensMs: opens(nowMs) }));
  const next = opens.reduce((a, b) => (b.opensMs < a.opensMs ? b : a));
  return next.opensMs === 0 ? { kind: 'allow' } : { kind: 'closed', ...next };
};

const judgeNode = (fences: readonly Fence[], met: readonly MetRule[], nowMs: number): Judgement => {
  const denying = met.find(({ action }) => action === 'Deny');
  const verdict: Verdict =
    denying === undefined
      ? judgeFences(fences, nowMs)
      : { kind: 'deny', why: `${ruleWords(denying)} denies it` };
  return {
    verdict,
    asks: met.filter(({ action }) => action === 'Ask'),
    logs: met.filter(({ action }) => action === 'Log'),
  };
};

/** What is asked of each node; undefined: nothing of the policies concerns this wish of this asker (I3). */
export const toGate = (set: PolicySet, asker: RunAsker, wish: RunWish): RunGate | undefined => {
  const keys = keysOf(asker);
  const own = set.policies.filter(
    ({ subjects }) => subjects === undefined || keys.some((key) => subjects.has(key)),
  );
  const met = metBy(set, wish);
  const fences: Fence[] = own.flatMap(({ name: policy, selects, allow }) =>
    allow === undefined
      ? []
      : [{ policy, selects, problem: allowProblem(allow, wish), opens: toOpens(allow.windows) }],
  );
  const rails: Rail[] = own
    .map((policy) => ({ selects: policy.selects, met: met.get(policy) ?? [] }))
    .filter(({ met }) => met.length > 0);
  if (fences.length === 0 && rails.length === 0) return undefined;
  return (labels, nowMs) => {
    const here = ({ selects }: { readonly selects: LabelMatcher }): boolean => selects(labels);
    return judgeNode(
      fences.filter(here),
      rails.filter(here).flatMap(({ met }) => met),
      nowMs,
    );
  };
};
