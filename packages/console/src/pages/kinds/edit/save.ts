// Owns how a draft becomes the object: checked, joined with what others changed meanwhile, shown, and only then stored.
// I1: nothing is stored that was not shown as it will be: the controller's dry run says how.
// I2: somebody else's change is never overwritten unseen: every write names the version that it is made from.
import type { KubeObject } from '@drover/api';
import { ApiError } from '@drover/api/errors';
import { client } from '../../../api/client.ts';
import type { Schemas } from '../schema/schema.ts';
import { contentOf, parseText } from '../yaml/document.ts';
import { type Draft, draftOf, type Place, rebase, send } from '../yaml/draft.ts';
import { toEditable, toYaml } from '../yaml/editable.ts';
import { isSame, type Merge, type MergePath, mergeThreeWay } from '../yaml/merge.ts';
import { withChanges } from '../yaml/merged-text.ts';

export type Step =
  | {
      readonly kind: 'review';
      readonly before: string;
      readonly after: string;
      /** What was taken over from others. */
      readonly joined: readonly MergePath[];
    }
  | { readonly kind: 'conflict'; readonly theirs: KubeObject; readonly merge: Merge }
  | { readonly kind: 'stored'; readonly object: KubeObject }
  | { readonly kind: 'gone' };

export interface Subject extends Place {
  readonly hasStatus: boolean;
  /** undefined: not known; lists are then joined as wholes. */
  readonly schemas: Schemas | undefined;
}

/** Others may be quick too; after so many rounds they are left to it. */
const maxRounds = 5;

const isConflict = (error: unknown): boolean => error instanceof ApiError && error.reason === 'Conflict';
const isMissing = (error: unknown): boolean => error instanceof ApiError && error.reason === 'NotFound';

const valueOfDraft = ({ text }: Draft): unknown => {
  const document = parseText(text);
  const [error] = document.errors;
  if (error !== undefined) throw new ApiError('BadRequest', `cannot read this as YAML: ${error.message}`);
  return contentOf(document);
};

const mustHave = (subject: Subject): Draft => {
  const draft = draftOf(subject);
  if (draft === undefined) throw new ApiError('BadRequest', 'cannot save: nothing has been changed');
  return draft;
};

const newest = async ({ kind, namespace, name }: Subject): Promise<KubeObject | undefined> => {
  try {
    return await client.get(kind, name, { namespace });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

/** The fields of the newest version that the draft must take over, and those that both changed. */
const join = async (subject: Subject, round: number, joined: readonly MergePath[]): Promise<Step> => {
  const draft = mustHave(subject);
  const theirs = await newest(subject);
  const { base } = draft;
  if (base === undefined || theirs === undefined || theirs.metadata.uid !== base.metadata.uid)
    return { kind: 'gone' };
  const editable = (object: KubeObject) => toEditable(object, subject.hasStatus);
  const merge = mergeThreeWay(editable(base), valueOfDraft(draft), editable(theirs), subject.schemas);
  if (merge.conflicts.length > 0) return { kind: 'conflict', theirs, merge };
  takeOver(subject, theirs, merge.changes);
  return review(subject, round + 1, [...joined, ...merge.changes.map(({ path }) => path)]);
};

const takeOver = (subject: Subject, theirs: KubeObject, changes: Merge['changes']): void => {
  rebase(subject, withChanges(mustHave(subject).text, changes), theirs);
};

/** What saving would do. Throws what the controller refuses. */
export const review = async (
  subject: Subject,
  round = 0,
  joined: readonly MergePath[] = [],
): Promise<Step> => {
  const draft = mustHave(subject);
  try {
    const answer = await send(subject, valueOfDraft(draft), draft.base, { dryRun: true });
    const [before, after] = [draft.base, answer].map((one) =>
      one === undefined ? undefined : toEditable(one, subject.hasStatus),
    );
    const was = before === undefined ? '' : toYaml(before);
    return { kind: 'review', before: was, after: isSame(before, after) ? was : toYaml(after), joined };
  } catch (error) {
    if (isMissing(error) && draft.base !== undefined) return { kind: 'gone' };
    if (!isConflict(error) || draft.base === undefined || round >= maxRounds) throw error;
    return join(subject, round, joined);
  }
};

/** Goes on with what was chosen for each conflict, in their order. */
export const resolve = (
  subject: Subject,
  { theirs, merge }: Extract<Step, { kind: 'conflict' }>,
  choices: readonly ('mine' | 'theirs')[],
): Promise<Step> => {
  const chosen = merge.conflicts
    .filter((_conflict, index) => choices[index] === 'theirs')
    .map(({ path, theirs: value }) => ({ path, value }));
  const changes = [...merge.changes, ...chosen];
  takeOver(subject, theirs, changes);
  return review(
    subject,
    0,
    changes.map(({ path }) => path),
  );
};

/** Stores what was reviewed; when somebody was faster, what has to be looked at now. */
export const store = async (subject: Subject): Promise<Step> => {
  const draft = mustHave(subject);
  try {
    return {
      kind: 'stored',
      object: await send(subject, valueOfDraft(draft), draft.base, { dryRun: false }),
    };
  } catch (error) {
    if (!isConflict(error) || draft.base === undefined) throw error;
    return join(subject, 0, []);
  }
};
