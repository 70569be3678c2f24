// Owns the paths in which the API names fields: spec.parts[0].name, metadata.labels[app.example.com/tier].
import type { Path } from '../schema/schema.ts';

/** An item of a list, told by what it is and not by where it stands. */
export interface ItemStep {
  /** As the API writes it: name="web", or ="web" in a set. */
  readonly name: string;
  /** Where it stands in the text that is edited; undefined: it does not. */
  readonly index: number | undefined;
}

const segment = /\[([^\]]*)\]|([^.[\]]+)/g;

const toKey = (inside: string): string | number => {
  if (/^\d+$/.test(inside)) return Number(inside);
  return inside.replace(/^(["'])(.*)\1$/, '$2');
};

/** '' and '<nil>' name the whole object. */
export const parseFieldPath = (field: string): Path =>
  field === '<nil>'
    ? []
    : [...field.matchAll(segment)].map(([, inside, plain]) =>
        inside === undefined ? (plain ?? '') : toKey(inside),
      );

/** As the API writes it. */
export const toFieldPath = (path: readonly (string | number | ItemStep)[]): string =>
  path
    .map((key, index) => {
      if (typeof key === 'object') return `[${key.name}]`;
      if (typeof key === 'number') return `[${key}]`;
      if (/[.[\]/]/.test(key)) return `[${key}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join('');
