// Owns field selectors: `path=value`, `path==value`, `path!=value`, joined by commas (apimachinery fields).
import { ApiError } from '../errors.ts';
import type { Kind } from '../kind.ts';
import type { KubeObject } from '../meta.ts';

/** Longest selector that is read, in characters. */
const maxLength = 8192;

type Getter = (object: KubeObject) => string;

const getters = (kind: Kind): ReadonlyMap<string, Getter> =>
  new Map<string, Getter>([
    ['metadata.name', (o) => o.metadata.name ?? ''],
    ...(kind.scope === 'Namespaced'
      ? [['metadata.namespace', (o: KubeObject) => o.metadata.namespace ?? ''] as const]
      : []),
    ...Object.entries(kind.selectableFields),
  ]);

/** Splits at unescaped commas; `\,`, `\=` and `\\` stand for the character itself. */
const splitTerms = (text: string): readonly string[] => {
  const terms: string[] = [];
  let term = '';
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char === ',') {
      terms.push(term);
      term = '';
    } else if (char === '\\') {
      term += char + text.charAt(i + 1);
      i += 1;
    } else term += char;
  }
  return [...terms, term];
};

const unescaped = (value: string): string => value.replaceAll(/\\([\\,=])/g, '$1');

const parseTerm = (term: string, text: string) => {
  const found = /^([^=!\\]*)(!=|==|=)([\s\S]*)$/.exec(term);
  if (found === null) {
    throw new ApiError(
      'BadRequest',
      `cannot read the field selector "${text}": "${term}" is not path=value, path==value or path!=value`,
    );
  }
  const [, path = '', operator = '', value = ''] = found;
  return { path: path.trim(), wanted: operator !== '!=', value: unescaped(value) };
};

/**
 * A field selector as a test of objects. Empty text matches all. Throws ApiError BadRequest when the text cannot
 * be read or names a field that the kind does not offer.
 */
export const parseFieldSelector = (text: string, kind: Kind): ((object: KubeObject) => boolean) => {
  if (text.length > maxLength) {
    throw new ApiError('BadRequest', `cannot read the field selector: longer than ${maxLength} characters`);
  }
  const known = getters(kind);
  const terms = splitTerms(text)
    .filter((term) => term !== '')
    .map((term) => parseTerm(term, text));
  const tests = terms.map(({ path, wanted, value }) => {
    const getter = known.get(path);
    if (getter === undefined) {
      throw new ApiError(
        'BadRequest',
        `cannot select ${kind.plural} by "${path}": supported fields are ${[...known.keys()].join(', ')}`,
      );
    }
    return (object: KubeObject) => (getter(object) === value) === wanted;
  });
  return (object) => tests.every((test) => test(object));
};
