// Owns when the rules of schemas are loaded. Their CEL library takes 27 MiB of a controller, and most never meet a rule.
// I1: whoever writes an object of a kind that has `load` (Kind) awaits that first; only then are its rules asked.
import { restSchema, type Schema } from './schema.ts';

type Rules = typeof import('./rules.ts');

let loaded: Rules | undefined;

/** Resolves at once from the second time on. */
export const loadRules = async (): Promise<void> => {
  loaded ??= await import('./rules.ts');
};

/** Throws when nobody has awaited loadRules: a mistake in the program (I1). */
export const loadedRules = (): Rules => {
  if (loaded === undefined) throw new Error('cannot ask the rules of a schema: they have not been loaded');
  return loaded;
};

/** Whether there is a rule anywhere in it. */
export const hasRules = (schema: Schema): boolean => {
  const rest = restSchema(schema);
  return (
    (schema['x-kubernetes-validations'] ?? []).length > 0 ||
    Object.values(schema.properties ?? {}).some(hasRules) ||
    (schema.items !== undefined && hasRules(schema.items)) ||
    (rest !== undefined && hasRules(rest))
  );
};
