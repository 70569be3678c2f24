// Owns matching of command lines against patterns: lists of words, each with * (any characters) and ? (one); a last
// word "**" stands for any further arguments, also none.
// I1: words are compared with words: a pattern never sees across the border of two of them.
// I2: matching takes at most the product of both lengths: no pattern can keep anybody busy.
import { matchesGlob } from '../node-set/glob.ts';

const anyFurther = '**';

/** What is wrong with a pattern; undefined when it can be used. */
export const argvPatternProblem = (pattern: readonly string[]): string | undefined => {
  const early = pattern.slice(0, -1).indexOf(anyFurther);
  if (early >= 0) return `"**" is word ${early + 1}: it stands for all further arguments, so it must be last`;
  return pattern[0] === anyFurther
    ? 'begin with the program: "**" alone names none; use "*", "**"'
    : undefined;
};

const baseName = (word: string): string => word.slice(word.lastIndexOf('/') + 1);

/** Whether the whole command line fits the pattern, the program named just as the pattern says. */
export const matchesArgv = (pattern: readonly string[], argv: readonly string[]): boolean => {
  const isOpen = pattern.at(-1) === anyFurther;
  const words = isOpen ? pattern.slice(0, -1) : pattern;
  if (isOpen ? argv.length < words.length : argv.length !== words.length) return false;
  return words.every((word, index) => matchesGlob(word, argv[index] ?? ''));
};

/** Same, but a program without a path in the pattern is meant wherever it lies: "mkfs" is also /sbin/mkfs. */
export const matchesArgvAnywhere = (pattern: readonly string[], argv: readonly string[]): boolean => {
  const [program = '', ...rest] = argv;
  const isBare = pattern[0]?.includes('/') === false;
  return matchesArgv(pattern, isBare ? [baseName(program), ...rest] : argv);
};
