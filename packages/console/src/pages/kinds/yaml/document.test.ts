// The text of an object: changing one field leaves all the others, with comments and order, as they are.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Document, isMap, isPair, type Pair, visit } from 'yaml';
import {
  contentOf,
  parseText,
  pathAt,
  spanAt,
  toText,
  withKey,
  withValue,
  withYaml,
  yamlAt,
} from './document.ts';

const key = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const scalar = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('yes', '1', '# no comment', 'a: b', '- x', 'two\nlines\n', ' spaces '),
);
const { tree } = fc.letrec<{ tree: unknown; map: unknown }>((tie) => ({
  tree: fc.oneof({ depthSize: 'small' }, scalar, tie('map'), fc.array(tie('tree'), { maxLength: 3 })),
  map: fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
}));
const object = fc.dictionary(key, tree, { minKeys: 1, maxKeys: 5, noNullPrototype: true });

interface Comment {
  readonly text: string;
  /** The field of the root in which it stands. */
  readonly within: string;
  /** Before that field itself. */
  readonly isOuter: boolean;
}

/** As a text in which every field has a comment of its own. */
const commented = (value: object): { readonly text: string; readonly comments: readonly Comment[] } => {
  const document = new Document(value);
  const comments: Comment[] = [];
  visit(document, {
    Pair: (_key, pair, around) => {
      const outer = around.find(isPair) ?? pair;
      const text = ` note ${comments.length};`;
      comments.push({ text, within: String(outer.key), isOuter: outer === pair });
      (pair.key as { commentBefore?: string }).commentBefore = text;
    },
  });
  return { text: toText(document), comments };
};

const pairsOf = (text: string): readonly Pair[] => {
  const { contents } = parseText(text);
  return isMap(contents) ? contents.items : [];
};

describe('changing a field', () => {
  test('sets just it: other values, every comment outside of it and the order of keys stay', () => {
    fc.assert(
      fc.property(object, scalar, fc.nat(), (value, next, pick) => {
        const fields = Object.keys(value);
        const field = fields[pick % fields.length] ?? '';
        const { text, comments } = commented(value);
        const changed = withValue(text, [field], next);
        expect(contentOf(parseText(changed))).toEqual({ ...value, [field]: next });
        expect(pairsOf(changed).map((pair) => String(pair.key))).toEqual(fields);
        const kept = comments.filter(({ within, isOuter }) => isOuter || within !== field);
        expect(kept.filter((comment) => !changed.includes(comment.text))).toEqual([]);
      }),
    );
  });

  test('and setting it back gives what was there', () => {
    fc.assert(
      fc.property(object, key, tree, (value, field, next) => {
        const before = (value as Record<string, unknown>)[field];
        const { text } = commented(value);
        const back = withValue(withValue(text, [field], next), [field], before);
        expect(contentOf(parseText(back))).toEqual(value);
      }),
    );
  });

  test('makes what is on the way, and takes away', () => {
    const text = withValue('# mine\nspec:\n', ['spec', 'parts', 0, 'name'], 'a');
    expect(contentOf(parseText(text))).toEqual({ spec: { parts: [{ name: 'a' }] } });
    expect(text).toContain('# mine');
    const less = withValue(text, ['spec', 'parts', 0, 'name'], undefined);
    expect(contentOf(parseText(less))).toEqual({ spec: { parts: [{}] } });
    expect(withValue(text, ['no', 'such'], undefined)).toBe(text);
  });

  test('keeps the comment behind a value, and quotes a text that would be a number', () => {
    expect(withValue('a: x # why\nb: 2\n', ['a'], '12')).toBe('a: "12" # why\nb: 2\n');
  });

  test('leaves a text that is no YAML alone', () => {
    expect(withValue('a: [', ['a'], 1)).toBe('a: [');
  });

  test('renames a key where it stands', () => {
    expect(withKey('m:\n  # first\n  a: 1\n  b: 2\n', ['m'], 'a', 'c')).toBe(
      'm:\n  # first\n  c: 1\n  b: 2\n',
    );
  });

  test('takes YAML with its comments', () => {
    const text = withYaml('a: 1\n', ['x'], '# inner\nb: 2 # two\n');
    expect(text).toContain('# two');
    expect(yamlAt(text, ['x'])).toContain('b: 2 # two');
    expect(yamlAt(text, ['nothing'])).toBe('');
  });
});

describe('where fields stand', () => {
  const text = 'spec:\n  size: 12\n  parts:\n    - name: a\n      unit: K\n';
  const at = (path: readonly (string | number)[]): string => {
    const { from, to } = spanAt(parseText(text), path);
    return text.slice(from, to);
  };

  test('a value, a key of a map, an item, and what is nearest above what is not there', () => {
    expect(at(['spec', 'size'])).toBe('12');
    expect(at(['spec', 'parts'])).toBe('parts');
    expect(at(['spec', 'parts', 0, 'unit'])).toBe('K');
    expect(at(['spec', 'parts', 0])).toBe('name');
    expect(at(['spec', 'absent'])).toBe('spec');
  });

  test('the field under an offset', () => {
    expect(pathAt(parseText(text), text.indexOf('12'))).toEqual(['spec', 'size']);
    expect(pathAt(parseText(text), text.indexOf('unit'))).toEqual(['spec', 'parts', 0, 'unit']);
  });
});
