// Owns the commands by which a page changes files of a node: plain ones, so that policies and the audit trail tell what they do.
import { execProgram } from './listing-program.ts';
import { toText } from './remote-path.ts';

/** `paths` as in a manifest. The node's Python stands in where a path is no text, as argument lists are texts. */
export const commandOn = (
  python: string,
  command: readonly string[],
  paths: readonly string[],
): readonly string[] => {
  const texts = paths.map(toText);
  return texts.every((text) => text !== undefined)
    ? [...command, '--', ...texts]
    : [python, '-c', execProgram, ...command, '--', ...paths];
};

export const makeDirectory = ['mkdir'] as const;
/** Only this name: nothing below a directory that has the new name already. */
export const rename = ['mv', '-n', '-T'] as const;
export const remove = ['rm', '-r', '-f', '--one-file-system'] as const;
export const hash = ['sha256sum'] as const;

/** The sha256 in what sha256sum said; '' when there is none. Odd names make it begin with a backslash. */
export const hashIn = (said: string): string => /^\\?([0-9a-f]{64}) /.exec(said)?.[1] ?? '';
