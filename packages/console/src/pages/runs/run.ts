// Owns what a run does, in plain values.
import type { CommandRun } from '@drover/api';
import { quoteWords } from '@drover/api/words';

/** What runs, in one line: the command, or the first line of the script that says something. */
export const commandOf = ({ spec }: CommandRun): string => {
  if (spec.argv !== undefined) return quoteWords(spec.argv);
  const lines = (spec.script?.source ?? '').split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '' && !line.startsWith('#')) ?? lines[0] ?? '';
};
