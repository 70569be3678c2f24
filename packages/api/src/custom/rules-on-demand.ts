// Owns when the rules of schemas are loaded. Their CEL library takes 27 MiB of a controller, and most never meet a rule.
// I1: whoever writes an object of a kind that has `load` (Kind) awaits that first; only then are its rules asked.
import { onDemand } from '../on-demand.ts';

const rules = onDemand(() => import('./rules.ts'));

export const loadRules = rules.load;

/** Throws when nobody has awaited loadRules: a mistake in the program (I1). */
export const loadedRules = (): typeof import('./rules.ts') => {
  const loaded = rules.loaded();
  if (loaded === undefined) throw new Error('cannot ask the rules of a schema: they have not been loaded');
  return loaded;
};
