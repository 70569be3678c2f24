// Owns YAML → JSON text, in the one process that may be given up (yaml.child.ts) and in tests.
import { parse } from 'yaml';

/** JSON has no such numbers; turning them into null would change what was meant. */
const asJson = (key: string, value: unknown): unknown => {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Error(`${key || 'it'} is not a JSON number`);
  return value;
};

/** Throws an Error whose first line says why. Takes time and memory out of all proportion for hostile text. */
export const yamlToJson = (text: string): string =>
  JSON.stringify(parse(text, { maxAliasCount: 100 }), asJson) ?? 'null';
