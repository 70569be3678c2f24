// Owns asking the controller what would become of a run, before it is made.
import { commandRuns } from '@drover/client/kinds';
import { client } from '../../api/client.ts';
import { type Note, toNotes } from './notes.ts';

export interface Foreseen {
  readonly nodes: number;
  readonly notes: readonly Note[];
}

/** Throws the refusal, when it would be refused. */
export const foresee = async (run: Record<string, unknown>, namespace: string): Promise<Foreseen> => {
  const headers: string[] = [];
  const options = { namespace, dryRun: true, onWarning: (text: string) => headers.push(text) };
  const answer = await client.create(commandRuns, run, options);
  return { nodes: answer.status?.counts?.total ?? 0, notes: toNotes(answer, headers) };
};
