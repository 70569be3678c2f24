// Owns label selectors, as text (`a=b,c in (d,e),!f`) and as LabelSelector objects.
// I1: every form of Kubernetes' own grammar (apimachinery labels) and no other; `!=` and `notin` also match
//     objects that lack the key.
import { ApiError } from '../errors.ts';
import type { LabelSelector } from '../meta.ts';
import { isLabelKey, isLabelValue } from '../validation/names.ts';

export type LabelMatcher = (labels: Readonly<Record<string, string>> | undefined) => boolean;

/** Longest selector that is read, in characters. */
const maxLength = 65536;

type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

const refuse = (text: string, why: string): never => {
  throw new ApiError('BadRequest', `cannot read the label selector "${text.slice(0, 200)}": ${why}`);
};

const integer = /^[+-]?[0-9]{1,18}$/;

const toTest = ({ key, operator, values }: Requirement): LabelMatcher => {
  const set = new Set(values);
  const bound = BigInt(operator === 'Gt' || operator === 'Lt' ? (values[0] ?? '0') : '0');
  return (labels) => {
    const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'In':
        return value !== undefined && set.has(value);
      case 'NotIn':
        return value === undefined || !set.has(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      case 'Gt':
        return value !== undefined && integer.test(value) && BigInt(value) > bound;
      case 'Lt':
        return value !== undefined && integer.test(value) && BigInt(value) < bound;
      default: {
        const never: never = operator;
        return never;
      }
    }
  };
};

const all = (requirements: readonly Requirement[]): LabelMatcher => {
  const tests = requirements.map(toTest);
  return (labels) => tests.every((test) => test(labels));
};

// ---- text ------------------------------------------------------------------------------------------------

const tokens = (text: string): readonly string[] => text.match(/==|!=|[=!<>(),]|[^\s=!<>(),]+/g) ?? [];

const symbols = new Set(['==', '!=', '=', '!', '<', '>', '(', ')', ',']);

class Reader {
  readonly #text: string;
  readonly #tokens: readonly string[];
  #at = 0;
  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokens(text);
  }
  get peek(): string | undefined {
    return this.#tokens[this.#at];
  }
  next(): string | undefined {
    this.#at += 1;
    return this.#tokens[this.#at - 1];
  }
  refuse(why: string): never {
    return refuse(this.#text, why);
  }
  expect(token: string): void {
    const found = this.next();
    if (found !== token)
      this.refuse(`expected "${token}" but found ${found === undefined ? 'the end' : `"${found}"`}`);
  }
  key(): string {
    const found = this.next();
    if (found === undefined || symbols.has(found))
      return this.refuse(`expected a label key but found ${found === undefined ? 'the end' : `"${found}"`}`);
    if (!isLabelKey(found)) this.refuse(`"${found.slice(0, 300)}" is not a label key`);
    return found;
  }
  /** A value may be empty. */
  value(): string {
    const found = this.peek;
    if (found === undefined || symbols.has(found)) return '';
    this.next();
    if (!isLabelValue(found)) this.refuse(`"${found.slice(0, 300)}" is not a label value`);
    return found;
  }
  values(): readonly string[] {
    this.expect('(');
    const values = [this.value()];
    while (this.peek === ',') {
      this.next();
      values.push(this.value());
    }
    this.expect(')');
    return values;
  }
}

const readBound = (reader: Reader): readonly string[] => {
  const value = reader.value();
  return integer.test(value) ? [value] : reader.refuse(`"${value}" is not an integer`);
};

const readRequirement = (reader: Reader): Requirement => {
  if (reader.peek === '!') {
    reader.next();
    return { key: reader.key(), operator: 'DoesNotExist', values: [] };
  }
  const key = reader.key();
  const operator = reader.peek;
  if (operator === undefined || operator === ',') return { key, operator: 'Exists', values: [] };
  reader.next();
  switch (operator) {
    case '=':
    case '==':
      return { key, operator: 'In', values: [reader.value()] };
    case '!=':
      return { key, operator: 'NotIn', values: [reader.value()] };
    case 'in':
      return { key, operator: 'In', values: reader.values() };
    case 'notin':
      return { key, operator: 'NotIn', values: reader.values() };
    case '>':
      return { key, operator: 'Gt', values: readBound(reader) };
    case '<':
      return { key, operator: 'Lt', values: readBound(reader) };
    default:
      return reader.refuse(`"${operator}" is not an operator (=, ==, !=, in, notin, <, >)`);
  }
};

const readRequirements = (text: string): readonly Requirement[] => {
  if (text.length > maxLength) refuse(text, `longer than ${maxLength} characters`);
  const reader = new Reader(text);
  if (reader.peek === undefined) return [];
  const requirements = [readRequirement(reader)];
  while (reader.peek !== undefined) {
    reader.expect(',');
    requirements.push(readRequirement(reader));
  }
  return requirements;
};

/** Selector text as a matcher; empty text matches everything. Throws ApiError BadRequest naming what cannot be read. */
export const parseLabelSelector = (text: string): LabelMatcher => all(readRequirements(text));

/** Selector text as the object that means the same. Throws ApiError BadRequest naming what cannot be read, or said so. */
export const toLabelSelector = (text: string): LabelSelector => ({
  matchExpressions: readRequirements(text).map(({ key, operator, values }) => {
    if (operator === 'Gt' || operator === 'Lt') return refuse(text, 'objects cannot say < and >');
    return { key, operator, ...(values.length === 0 ? {} : { values: [...values] }) };
  }),
});

/** A LabelSelector object as a matcher; an empty one matches everything. Throws ApiError BadRequest when it is not sound. */
export const toLabelMatcher = (selector: LabelSelector): LabelMatcher => {
  const labels = Object.entries(selector.matchLabels ?? {});
  const expressions = selector.matchExpressions ?? [];
  for (const { key, operator, values = [] } of expressions) {
    const wantsValues = operator === 'In' || operator === 'NotIn';
    if (wantsValues !== values.length > 0) {
      refuse(key, `${operator} ${wantsValues ? 'needs' : 'does not take'} values`);
    }
  }
  return all([
    ...labels.map(([key, value]) => ({ key, operator: 'In' as const, values: [value] })),
    ...expressions.map(({ key, operator, values = [] }) => ({ key, operator, values })),
  ]);
};
