// Owns what people and groups of people may be called.
// I1: no name holds a colon: what begins with "system:" is Drover's own and nobody signs in under it.
// I2: names are lower case: two people never differ in that alone.
import type { KubeObject } from '../meta.ts';

export const maxPersonName = 128;

/** Letters, digits and . _ @ + - between them: also an e-mail address serves. */
export const isPersonName = (text: string): boolean =>
  text.length <= maxPersonName && /^[a-z0-9](?:[a-z0-9._@+-]*[a-z0-9])?$/.test(text);

export const personNameCauses = ({ metadata: { name } }: KubeObject) =>
  name === undefined || isPersonName(name)
    ? []
    : [
        {
          field: 'metadata.name',
          message: `"${name.slice(0, 200)}" must be at most ${maxPersonName} of a-z, 0-9 and . _ @ + -, the first and the last a letter or digit`,
        },
      ];
