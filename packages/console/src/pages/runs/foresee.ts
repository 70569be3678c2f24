// Owns asking the controller what would become of a run, before it is made (docs/user/policy-runs.md, "Ask beforehand").
// I1: what the controller says in full is in the answer; the Warning header repeats it, shortened, and adds what policies warn of.
import type { CommandRun } from '@drover/api';
import { commandRuns } from '@drover/client/kinds';
import { client } from '../../api/client.ts';

/** approval: somebody else must agree; noted: a rule calls it dangerous; later: it waits for its hour; warning: a policy says so. */
export type ForeseenKind = 'approval' | 'noted' | 'later' | 'warning';

export interface Foreseen {
  readonly nodes: number;
  readonly notes: readonly { readonly kind: ForeseenKind; readonly text: string }[];
}

const kindOf = (text: string): ForeseenKind => {
  if (text.startsWith('waits for approval by ')) return 'approval';
  if (text.startsWith('is noted by ')) return 'noted';
  return text.startsWith('waits: ') ? 'later' : 'warning';
};

/** As a Warning header has it (packages/controller/src/server/routes/context.ts). */
const inHeader = (text: string): string => text.slice(0, 300).replace(/[^\x20-\x7e]/g, '?');

export const toForeseen = ({ status }: CommandRun, headers: readonly string[]): Foreseen => {
  const lines = (status?.message ?? '').split('\n').filter((line) => line !== '');
  const told = new Set(lines.map(inHeader));
  const texts = [...lines, ...headers.filter((header) => !told.has(header))];
  return {
    nodes: status?.counts?.total ?? 0,
    notes: texts.map((text) => ({ kind: kindOf(text), text })),
  };
};

/** Throws the refusal, when it would be refused. */
export const foresee = async (run: Record<string, unknown>, namespace: string): Promise<Foreseen> => {
  const headers: string[] = [];
  const options = { namespace, dryRun: true, onWarning: (text: string) => headers.push(text) };
  return toForeseen(await client.create(commandRuns, run, options), headers);
};
