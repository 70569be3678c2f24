// Owns functions of strings where the evaluator's own take more than linear time: replace.
import type { CelValue } from '@bufbuild/cel';
import { scalar } from '../types.ts';
import { type Declared, method } from './declare.ts';

const [string, int] = [scalar('string'), scalar('int')];

/** The first `count` occurrences replaced; all when it is negative. */
const replaceSome = (text: string, from: string, to: string, count: number): string => {
  if (count < 0) return text.replaceAll(from, () => to);
  const parts: string[] = [];
  let at = 0;
  for (let done = 0; done < count; done += 1) {
    const found = text.indexOf(from, at);
    if (found < 0 || (from === '' && found >= text.length)) break;
    parts.push(text.slice(at, found), to);
    at = found + from.length;
    if (from === '') parts.push(text.charAt(at++));
  }
  return [...parts, text.slice(at)].join('');
};

const replace = (...[text, from, to, count = -1n]: readonly CelValue[]): string =>
  replaceSome(String(text), String(from), String(to), Number(count));

export const strings: readonly Declared[] = [
  method('replace', string, [string, string], string, replace),
  method('replace', string, [string, string, int], string, replace),
];
