// Server-side apply compared with upstream's own code, structured-merge-diff, over random kinds and sequences of writes.
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { parseFieldSet, toPaths } from '../../packages/api/src/apply/field-set.ts';
import type { Managers } from '../../packages/api/src/apply/managers.ts';
import { ownApply, ownUpdate } from '../../packages/api/src/apply/own.ts';
import { type Case, cases, inOneOrder, type Schema, type Step } from './apply-upstream/cases.ts';
import { missingForOracle, type Oracle, type Outcome, openOracle } from './apply-upstream/oracle.ts';

const runs = Number(process.env['DROVER_APPLY_RUNS'] ?? 1000);
const missing = missingForOracle();
const mustRun = process.env['CI'] === 'true';
if (missing !== undefined)
  process.stdout.write(`apply is not compared with upstream: ${missing} is missing\n`);

let oracle: Oracle | undefined;
afterAll(() => oracle?.close());

interface State {
  readonly live: Readonly<Record<string, unknown>>;
  readonly managers: Managers;
}

const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)]));
};

const play = (state: State, { manager, apply, force, object }: Step, schema: Schema) => {
  // Upstream knows a manager by one name, whatever it does.
  const by = { manager, operation: 'Update', subresource: '' } as const;
  const { live, managers } = state;
  if (!apply) {
    const input = { before: live, after: object, schema, managers, by, time: '' };
    return { state: { live: object, managers: ownUpdate(input) }, conflicts: [] };
  }
  const result = ownApply({ live, applied: object, schema, managers, by, time: '', force });
  if (result.kind === 'applied') {
    const next = withoutNulls(result.object) as State['live'];
    return { state: { live: next, managers: result.managers }, conflicts: [] };
  }
  const conflicts = result.conflicts.flatMap((c) => toPaths(c.fields).map((path) => `${c.manager} ${path}`));
  return { state, conflicts };
};

const setsOf = (managers: Managers) =>
  Object.fromEntries([...managers.values()].map(({ manager, fields }) => [manager, toPaths(fields)]));

const theirSets = (outcome: Outcome) =>
  Object.fromEntries(
    Object.entries(outcome.managers).map(([name, set]) => [name, toPaths(parseFieldSet(set))]),
  );

const agree = async (one: Case): Promise<void> => {
  oracle ??= openOracle();
  const outcomes = await oracle.play(one);
  let state: State = { live: {}, managers: new Map() };
  for (const [at, step] of one.steps.entries()) {
    const theirs = outcomes[at];
    const { state: next, conflicts } = play(state, step, one.schema);
    state = next;
    const seen = JSON.stringify({ ...one, at, theirs });
    expect(theirs?.error, seen).toBeUndefined();
    expect([...conflicts].sort(), seen).toEqual([...(theirs?.conflicts ?? [])].sort());
    expect(inOneOrder(state.live, one.schema), seen).toEqual(inOneOrder(theirs?.live, one.schema));
    expect(setsOf(state.managers), seen).toEqual(theirs === undefined ? undefined : theirSets(theirs));
  }
};

test.skipIf(missing !== undefined && !mustRun)(
  'apply and update give the objects, owners and conflicts that upstream gives',
  { timeout: 600_000 },
  async () => {
    await fc.assert(fc.asyncProperty(cases, agree), { numRuns: runs });
  },
);
