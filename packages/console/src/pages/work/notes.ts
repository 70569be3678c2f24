// Owns what a dry run says of a run or a transfer (docs/user/policy-runs.md, "Ask beforehand"). Pure.
// I1: what the controller says in full is in the answer; Warning headers repeat it, shortened, and add what policies warn of.
import type { Work } from './work.ts';

/** approval: somebody else must agree; noted: a rule calls it dangerous; later: it waits for its hour; warning: a policy says so. */
export type NoteKind = 'approval' | 'noted' | 'later' | 'warning';

export interface Note {
  readonly kind: NoteKind;
  readonly text: string;
}

const kindOf = (text: string): NoteKind => {
  if (text.startsWith('waits for approval by ')) return 'approval';
  if (text.startsWith('is noted by ')) return 'noted';
  return text.startsWith('waits: ') ? 'later' : 'warning';
};

/** As a Warning header has it (packages/controller/src/server/routes/context.ts). */
const inHeader = (text: string): string => text.slice(0, 300).replace(/[^\x20-\x7e]/g, '?');

export const toNotes = ({ status }: Work, headers: readonly string[]): readonly Note[] => {
  const lines = (status?.message ?? '').split('\n').filter((line) => line !== '');
  const told = new Set(lines.map(inHeader));
  const texts = [...lines, ...headers.filter((header) => !told.has(header))];
  return texts.map((text) => ({ kind: kindOf(text), text }));
};
