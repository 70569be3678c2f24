// Owns sets of fields in the form Kubernetes sends them in managedFields (FieldsV1, structured-merge-diff fieldpath).
// I1: a key is a step: f:<field>, k:<keys of a list item>, v:<value of a set>, i:<index>; a set is what it leads to.
// I2: a step belongs to the set itself when nothing follows it, or "." does; else only what follows it does.
// I3: undefined is the empty set. Sets are never changed, and an operation that changes nothing gives the same one.
import { ApiError } from '../errors.ts';
import { isPlainObject } from '../patch/json.ts';

export interface FieldSet {
  readonly [step: string]: FieldSet;
}
export type Fields = FieldSet | undefined;

/** Longest nesting of a set that is taken from outside. */
const maxDepth = 64;

const leaf: FieldSet = Object.freeze({});

const hasSteps = (set: FieldSet): boolean => {
  for (const _ in set) return true;
  return false;
};

/** I2. */
export const isMember = (set: FieldSet): boolean => set['.'] !== undefined || !hasSteps(set);

/** A set of which the step itself is part (or not), and what follows it. */
export const toSet = (member: boolean, steps: Readonly<Record<string, FieldSet>>): Fields => {
  if (!hasSteps(steps)) return member ? leaf : undefined;
  return member ? { '.': leaf, ...steps } : steps;
};

/** Steps that lead on, without ".". */
const stepsOf = (set: FieldSet): readonly (readonly [string, FieldSet])[] =>
  Object.entries(set).filter(([step]) => step !== '.');

/** What follows a step; undefined when nothing does. */
export const below = (set: Fields, step: string): Fields => {
  const next = set?.[step];
  if (next === undefined) return undefined;
  for (const following in next) if (following !== '.') return next;
  return undefined;
};

export const has = (set: Fields, step: string): boolean => {
  const next = set?.[step];
  return next !== undefined && isMember(next);
};

export const union = (a: Fields, b: Fields): Fields => {
  if (a === undefined || a === b) return b;
  if (b === undefined) return a;
  const member = isMember(a);
  const added: Record<string, FieldSet> = {};
  let changed = !member && isMember(b);
  for (const step in b) {
    const other = b[step];
    const both = step === '.' || other === undefined ? undefined : union(a[step], other);
    if (both === undefined || both === a[step]) continue;
    added[step] = both;
    changed = true;
  }
  if (!changed) return a;
  const { '.': _, ...steps } = a;
  return toSet(member || isMember(b), Object.assign(steps, added));
};

/** What `a` and `b` both have, or what only `a` has. */
const select = (a: FieldSet, b: FieldSet, wanted: 'both' | 'only a'): Fields => {
  const steps: Record<string, FieldSet> = {};
  const wasMember = isMember(a);
  const member = wasMember && isMember(b) === (wanted === 'both');
  let changed = member !== wasMember;
  for (const step in a) {
    const next = a[step];
    if (step === '.' || next === undefined) continue;
    const other = b[step];
    const kept = other === undefined ? (wanted === 'both' ? undefined : next) : select(next, other, wanted);
    if (kept !== next) changed = true;
    if (kept !== undefined) steps[step] = kept;
  }
  return changed ? toSet(member, steps) : a;
};

export const intersection = (a: Fields, b: Fields): Fields =>
  a === undefined || b === undefined ? undefined : select(a, b, 'both');

/** Paths of `a` that are not in `b`; what follows a path of `b` stays. */
export const difference = (a: Fields, b: Fields): Fields =>
  a === undefined || b === undefined ? a : select(a, b, 'only a');

/** `a` without the paths of `b` and all that follows them. */
export const withoutTrees = (a: Fields, b: Fields): Fields => {
  if (a === undefined || b === undefined) return a;
  const steps: Record<string, FieldSet> = {};
  for (const [step, next] of stepsOf(a)) {
    const other = b[step];
    const kept = other === undefined ? next : isMember(other) ? undefined : withoutTrees(next, other);
    if (kept !== undefined) steps[step] = kept;
  }
  return toSet(isMember(a), steps);
};

const stepText = (step: string): string => {
  const rest = step.slice(2);
  switch (step.slice(0, 2)) {
    case 'f:':
      return `.${rest}`;
    case 'k:': {
      const keys = Object.entries(JSON.parse(rest) as Readonly<Record<string, unknown>>);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    }
    case 'v:':
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
};

/** Every path of the set as Kubernetes prints it, e.g. `.spec.ports[name="a"].port`; sorted, outer ones first. */
export const toPaths = (set: Fields, prefix = ''): readonly string[] => {
  if (set === undefined) return [];
  const steps = stepsOf(set).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const here = steps.filter(([, next]) => isMember(next)).map(([step]) => prefix + stepText(step));
  return [...here, ...steps.flatMap(([step, next]) => toPaths(next, prefix + stepText(step)))];
};

/** One spelling for keys and values, however they were written. Undefined: not a step. */
const toStep = (text: string): string | undefined => {
  if (text === '.' || text.startsWith('f:')) return text;
  const kind = text.slice(0, 2);
  if (kind === 'i:') return /^i:\d{1,9}$/.test(text) ? text : undefined;
  if (kind !== 'k:' && kind !== 'v:') return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(2));
    if (kind === 'v:') return `v:${JSON.stringify(value)}`;
    return isPlainObject(value) ? toKeyStep(value) : undefined;
  } catch {
    return undefined;
  }
};

/** The step to the item of a list that has these keys. */
export const toKeyStep = (keys: Readonly<Record<string, unknown>>): string =>
  `k:${JSON.stringify(Object.fromEntries(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))))}`;

/** A set that somebody sent. Throws ApiError BadRequest. */
export const parseFieldSet = (value: unknown, depth = 0): FieldSet => {
  const refuse = (why: string): never => {
    throw new ApiError('BadRequest', `cannot read fieldsV1: ${why}`);
  };
  if (depth > maxDepth) return refuse(`nested deeper than ${maxDepth} levels`);
  if (!isPlainObject(value)) return refuse('it is not an object');
  const steps: Record<string, FieldSet> = {};
  for (const [text, next] of Object.entries(value)) {
    const step = toStep(text) ?? refuse(`"${text.slice(0, 100)}" is not a step (f:, k:, v:, i:)`);
    steps[step] = step === '.' ? leaf : parseFieldSet(next, depth + 1);
  }
  return steps;
};
