// Owns regular expressions that users write: RE2, so that none can take more than linear time (as in Kubernetes).
import { RE2JS } from '@bufbuild/re2';

const maxKept = 500;
/** A pattern of more characters is not read. */
const maxLength = 10_000;
const kept = new Map<string, RE2JS>();

/** Throws an Error that says what is wrong with the pattern. */
export const compilePattern = (pattern: string): RE2JS => {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > maxLength) throw new Error(`longer than ${maxLength} characters`);
  const made = RE2JS.compile(pattern);
  if (kept.size >= maxKept) kept.clear();
  kept.set(pattern, made);
  return made;
};

/** What is wrong with a pattern; undefined when it can be used. */
export const patternProblem = (pattern: string): string | undefined => {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** What it costs to look for a pattern in a text: characters, more for large patterns. About half a microsecond each. */
export const patternCost = (pattern: string, text: string): number =>
  text.length * (1 + compilePattern(pattern).re2().prog.inst.length / 50);

/** Whether the pattern matches anywhere in the text. */
export const matchesPattern = (pattern: string, text: string): boolean => compilePattern(pattern).test(text);
