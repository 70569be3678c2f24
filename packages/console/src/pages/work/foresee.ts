// Owns asking the controller what would become of a run or a transfer, before it is made.
import type { KindReference } from '@drover/client/kinds';
import { client } from '../../api/client.ts';
import { type Note, toNotes } from './notes.ts';
import type { Work } from './work.ts';

export interface Foreseen {
  readonly nodes: number;
  readonly notes: readonly Note[];
}

/** Throws the refusal, when it would be refused. */
export const foresee = async (
  kind: KindReference<Work>,
  work: Record<string, unknown>,
  namespace: string,
): Promise<Foreseen> => {
  const headers: string[] = [];
  const options = { namespace, dryRun: true, onWarning: (text: string) => headers.push(text) };
  const answer = await client.create(kind, work, options);
  return { nodes: answer.status?.counts?.total ?? 0, notes: toNotes(answer, headers) };
};
