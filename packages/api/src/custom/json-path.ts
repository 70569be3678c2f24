// Owns the JSONPath of printer columns, scale and selectable fields: kubectl's dialect as far as single values need it:
// .field, ['field'], [index], [*], [from:to], ..field, and filters [?(@.field=="value")] with ==, !=, <, <=, >, >=.
// I1: a path that is not read is refused when the definition is made, never when an object is shown.
// I2: the number of values looked at is bounded.
import { isPlainObject } from '../patch/json.ts';

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: 'each' }
  | { readonly kind: 'below' }
  | { readonly kind: 'where'; readonly path: JsonPath; readonly operator: string; readonly value: unknown };

export type JsonPath = readonly Step[];

const maxValues = 10_000;
const maxLength = 1_000;

const problem = (text: string, why: string): Error => new Error(`"${text.slice(0, 100)}": ${why}`);

/** Where the bracket that opens at `from` closes; quotes are passed over. */
const closing = (text: string, from: number): number => {
  let quote = '';
  let depth = 0;
  for (let i = from; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (quote !== '') {
      if (char === '\\') i += 1;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '[') depth += 1;
    else if (char === ']') {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  return -1;
};

const literal = (text: string): unknown => {
  const quoted = /^(['"])([\s\S]*)\1$/.exec(text);
  if (quoted !== null) return (quoted[2] ?? '').replaceAll(/\\(.)/g, '$1');
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
};

const filterStep = (inside: string, whole: string): Step => {
  const found = /^\?\(\s*@([\s\S]*?)\s*(==|!=|<=|>=|<|>)\s*([\s\S]*?)\s*\)$/.exec(inside);
  const exists = /^\?\(\s*@([^=<>!]*)\)$/.exec(inside);
  if (found === null && exists === null) throw problem(whole, `filter [${inside}] is not understood`);
  const [, path = '', operator = 'exists', text = ''] = found ?? exists ?? [];
  const value = literal(text);
  if (operator !== 'exists' && value === undefined)
    throw problem(whole, `filter value ${text} is neither a string, a number nor a boolean`);
  return { kind: 'where', path: parseSteps(path.trim(), whole), operator, value };
};

const bracketStep = (inside: string, whole: string): Step => {
  if (inside === '*') return { kind: 'each' };
  if (inside.startsWith('?')) return filterStep(inside, whole);
  if (/^-?\d{1,9}$/.test(inside)) return { kind: 'index', index: Number(inside) };
  const slice = /^(-?\d{0,9}):(-?\d{0,9})$/.exec(inside);
  const bound = (text = '') => (text === '' ? undefined : Number(text));
  if (slice !== null) return { kind: 'slice', from: bound(slice[1]), to: bound(slice[2]) };
  const name = literal(inside);
  if (typeof name === 'string') return { kind: 'field', name };
  throw problem(whole, `[${inside}] is not understood`);
};

const parseSteps = (text: string, whole: string): JsonPath => {
  const steps: Step[] = [];
  let at = 0;
  while (at < text.length) {
    if (text.charAt(at) === '[') {
      const end = closing(text, at);
      if (end < 0) throw problem(whole, 'a bracket is not closed');
      steps.push(bracketStep(text.slice(at + 1, end).trim(), whole));
      at = end + 1;
      continue;
    }
    if (text.startsWith('..', at)) {
      steps.push({ kind: 'below' });
      at += 1;
    }
    const found = /^\.((?:\\.|[^.[\]\\])*)/.exec(text.slice(at));
    if (found === null) throw problem(whole, 'must begin with "."');
    const name = (found[1] ?? '').replaceAll(/\\(.)/g, '$1');
    if (name === '*') steps.push({ kind: 'each' });
    else if (name !== '') steps.push({ kind: 'field', name });
    else if (text.charAt(at + 1) !== '[') throw problem(whole, 'a name is missing after "."');
    at += found[0].length;
  }
  return steps;
};

/** Reads a path; braces around it are allowed. Throws an Error that says what is wrong. */
export const parseJsonPath = (text: string): JsonPath => {
  if (text.length > maxLength) throw problem(text, `longer than ${maxLength} characters`);
  const bare = /^\{([\s\S]*)\}$/.exec(text)?.[1] ?? text;
  const steps = parseSteps(bare, text);
  if (steps.length === 0) throw problem(text, 'names no field');
  return steps;
};

/** What is wrong with a path; undefined when it can be used. */
export const jsonPathProblem = (text: string): string | undefined => {
  try {
    parseJsonPath(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const compare = (operator: string, a: unknown, b: unknown): boolean => {
  if (operator === '==') return a === b;
  if (operator === '!=') return a !== b;
  if (typeof a !== typeof b || (typeof a !== 'number' && typeof a !== 'string')) return false;
  const [left, right] = [a as number | string, b as number | string];
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
};

const below = (value: unknown, found: unknown[]): readonly unknown[] => {
  if (found.length >= maxValues || typeof value !== 'object' || value === null) return found;
  found.push(value);
  for (const inner of Object.values(value)) below(inner, found);
  return found;
};

const follow = (value: unknown, step: Step): readonly unknown[] => {
  switch (step.kind) {
    case 'field':
      return isPlainObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'index':
      return Array.isArray(value) ? value.slice(step.index).slice(0, 1) : [];
    case 'slice':
      return Array.isArray(value) ? value.slice(step.from, step.to) : [];
    case 'each':
      return typeof value === 'object' && value !== null ? Object.values(value) : [];
    case 'below':
      return below(value, []);
    case 'where':
      return (Array.isArray(value) ? value : []).filter((item: unknown) => {
        const [found] = valuesAt(item, step.path);
        return step.operator === 'exists' ? found !== undefined : compare(step.operator, found, step.value);
      });
  }
};

/** The values at a path, in order. */
export const valuesAt = (value: unknown, path: JsonPath): readonly unknown[] => {
  let values: readonly unknown[] = [value];
  for (const step of path) values = values.flatMap((one) => follow(one, step)).slice(0, maxValues);
  return values;
};

/** The names of a path of plain fields; undefined for any other. */
export const fieldNames = (path: JsonPath): readonly string[] | undefined => {
  const names = path.map((step) => (step.kind === 'field' ? step.name : undefined));
  return names.every((name) => name !== undefined) ? names : undefined;
};
