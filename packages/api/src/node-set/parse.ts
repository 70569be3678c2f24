// Owns the grammar of node-set expressions, as ClusterShell reads them, left to right without precedence:
//   expression = operand { operator operand }     operator = "," | "!" | "&" | "^" | white space (as ",")
//   operand    = "*" | "@*" | ["@"] part { part } part = characters | "[" range { "," range } "]" | "*" | "?"
// I1: parsing expands nothing: its cost is the length of the text.
// I2: an operand stands for at most 1,000,000 names.
import { parseRange, type Range, rangeSize } from './range.ts';
import { refuseNodeSet } from './refuse.ts';

/** Most names that an expression may stand for. */
export const maxNames = 1_000_000;
const maxLength = 1_048_576;

export type NodeSetOperator = ',' | '!' | '&' | '^';
export type NodeSetPart = string | readonly Range[];
/** names: literal; glob: tried on every known name; group: names of groups; all: every known name. */
export type NodeSetOperand =
  | { readonly kind: 'all' }
  | { readonly kind: 'names' | 'glob' | 'group'; readonly parts: readonly NodeSetPart[] };
export interface NodeSetStep {
  readonly operator: NodeSetOperator;
  readonly operand: NodeSetOperand;
}
export interface NodeSetExpression {
  readonly steps: readonly NodeSetStep[];
}

const partSize = (part: NodeSetPart): number =>
  typeof part === 'string' ? 1 : part.reduce((sum, range) => sum + rangeSize(range), 0);

/** How many names the parts stand for. */
export const partsSize = (parts: readonly NodeSetPart[]): number =>
  parts.reduce((product, part) => product * partSize(part), 1);

const literalSyntax = /^[A-Za-z0-9._:*?-]+$/;

const parseParts = (word: string): readonly NodeSetPart[] => {
  const parts: NodeSetPart[] = [];
  let at = 0;
  while (at < word.length) {
    const open = word.indexOf('[', at);
    const literal = word.slice(at, open < 0 ? word.length : open);
    if (literal.includes(']')) refuseNodeSet(`"${word.slice(0, 200)}" has a "]" without "["`);
    if (literal !== '' && !literalSyntax.test(literal)) {
      refuseNodeSet(`"${literal.slice(0, 200)}" has characters that no name has`);
    }
    if (literal !== '') parts.push(literal);
    if (open < 0) return parts;
    const close = word.indexOf(']', open);
    if (close < 0) refuseNodeSet(`"${word.slice(0, 200)}" has a "[" without "]"`);
    parts.push(
      word
        .slice(open + 1, close)
        .split(',')
        .map((item) => parseRange(item.trim())),
    );
    at = close + 1;
  }
  return parts;
};

const parseOperand = (word: string): NodeSetOperand => {
  if (word === '*' || word === '@*') return { kind: 'all' };
  const isGroup = word.startsWith('@');
  const parts = parseParts(isGroup ? word.slice(1) : word);
  if (parts.length === 0) return refuseNodeSet('"@" needs the name of a group');
  if (partsSize(parts) > maxNames)
    return refuseNodeSet(`"${word.slice(0, 200)}" is more than ${maxNames} names`);
  const isGlob = parts.some((part) => typeof part === 'string' && /[*?]/.test(part));
  if (isGroup && isGlob) return refuseNodeSet(`"${word.slice(0, 200)}": groups are named in full`);
  return { kind: isGroup ? 'group' : isGlob ? 'glob' : 'names', parts };
};

/** Words and operators; a bracket and what is in it belongs to its word. */
const tokens = (text: string): readonly string[] => text.match(/[,!&^]|(?:\[[^\]]*\]?|[^\s,!&^[])+/g) ?? [];

const isOperator = (token: string): token is NodeSetOperator => /^[,!&^]$/.test(token);

/** Reads an expression. Throws ApiError BadRequest that says what cannot be read. Empty text is refused. */
export const parseNodeSet = (text: string): NodeSetExpression => {
  if (text.length > maxLength) refuseNodeSet(`longer than ${maxLength} characters`);
  const steps: NodeSetStep[] = [];
  let pending: NodeSetOperator | undefined = ',';
  for (const token of tokens(text)) {
    if (!isOperator(token)) {
      steps.push({ operator: pending ?? ',', operand: parseOperand(token) });
      pending = undefined;
    } else if (pending !== undefined) refuseNodeSet(`a name is missing before "${token}"`);
    else pending = token;
  }
  if (pending !== undefined)
    refuseNodeSet(steps.length === 0 ? 'it is empty' : `a name is missing after "${pending}"`);
  return { steps };
};
