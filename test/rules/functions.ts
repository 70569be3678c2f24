// Owns finding functions in formatted source by indentation: the formatter puts the closing brace of a block at the
// indentation of the line that began it.
import type { Source } from './sources.ts';

export interface FunctionSpan {
  /** path:line */
  readonly at: string;
  readonly head: string;
  readonly lines: number;
  /** A suite: its length is that of its tests, which are functions themselves. */
  readonly holdsTests: boolean;
}

const indentOf = (line: string): number => line.length - line.trimStart().length;

/** Blocks that are no functions. */
const keyword =
  /^\s*(\}\s*)?(if|for|while|switch|catch|else|try|do|finally|class|export class|interface|describe)\b/;
const ending = /(=>|\)|\): [^=]+) \{$/;

/** Functions whose body is in braces over more than one line. */
export const functionsOf = ({ path, lines }: Source): readonly FunctionSpan[] =>
  lines.flatMap((line, index) => {
    if (!ending.test(line) || keyword.test(line)) return [];
    const indent = indentOf(line);
    const closing = new RegExp(`^ {${indent}}\\}`);
    const length = lines.slice(index + 1).findIndex((next) => closing.test(next));
    if (length < 0) return [];
    // A signature over several lines begins above.
    let first = index;
    if (/^\s*\)/.test(line)) while (first > 0 && indentOf(lines[--first] ?? '') !== indent);
    const head = (lines[first] ?? '').trim();
    if (keyword.test(lines[first] ?? '')) return [];
    const body = lines.slice(index + 1, index + 1 + length);
    const holdsTests = body.some((next) => /^\s+(test|it)\(/.test(next));
    return [{ at: `${path}:${first + 1}`, head, lines: index + length + 2 - first, holdsTests }];
  });
