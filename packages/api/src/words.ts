// Owns the words of a command line as people write them: read as a POSIX shell would split them, and nothing more.
// I1: nothing is expanded: no variables, no patterns, no operators; `|` is a word like any other.
// I2: what quoteWords wrote, splitWords reads as the same words.

export interface SplitWords {
  readonly words: readonly string[];
  /** A quote that is not closed, or a backslash at the end: what is still to be typed. '' when the text is whole. */
  readonly open: '' | "'" | '"' | '\\';
  /** A word outside of quotes that means something to a shell only (I1): '|', '>', '$HOME' ... '' when there is none. */
  readonly shellWord: string;
}

const piece = /\s+|'([^']*)('|$)|"((?:[^"\\]|\\[\s\S])*)("|$|\\$)|\\([\s\S]|$)|[^\s'"\\]+/g;
const shellish = /^(?:[|&;<>]|\d+>|&>)|[|;]$|\$[A-Za-z_({]|`|^[^=]*[*?]/;

/** Within double quotes a backslash quotes these only (POSIX 2.2.3). */
const withoutBackslashes = (text: string): string =>
  text.replace(/\\([$`"\\\n])/g, (_, one) => (one === '\n' ? '' : one));

export const splitWords = (text: string): SplitWords => {
  const words: string[] = [];
  let word: string | undefined;
  let open: SplitWords['open'] = '';
  let shellWord = '';
  for (const [all, single, singleEnd, double, doubleEnd, escaped] of text.matchAll(piece)) {
    if (/^\s/.test(all)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (single !== undefined) {
      word = (word ?? '') + single;
      if (singleEnd !== "'") open = "'";
    } else if (double !== undefined) {
      word = (word ?? '') + withoutBackslashes(double);
      if (doubleEnd !== '"') open = '"';
    } else if (escaped !== undefined) {
      if (escaped === '') open = '\\';
      if (escaped !== '' && escaped !== '\n') word = (word ?? '') + escaped;
    } else {
      word = (word ?? '') + all;
      if (shellWord === '' && shellish.test(all)) shellWord = all;
    }
  }
  if (word !== undefined) words.push(word);
  return { words, open, shellWord };
};

const quoteWord = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** One line that a shell would split into these words. */
export const quoteWords = (words: readonly string[]): string => words.map(quoteWord).join(' ');
