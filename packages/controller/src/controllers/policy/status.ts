// Owns what the status of a policy says: which generation was looked at, and what the schemas say to its expressions. Pure.
import { asPolicy, type ExpressionWarning, isEqualJson, type KubeObject } from '@drover/api';

/**
 * The policy with its status; undefined when there is nothing new to say, or when it has changed since it was looked at.
 * Conditions are left to others.
 */
export const withTypeChecking = (
  object: KubeObject,
  seen: { readonly generation: number; readonly warnings: readonly ExpressionWarning[] },
): KubeObject | undefined => {
  if (object.metadata.generation !== seen.generation) return undefined;
  const known = asPolicy(object).status;
  const status = {
    ...known,
    observedGeneration: seen.generation,
    typeChecking: seen.warnings.length === 0 ? {} : { expressionWarnings: seen.warnings },
  };
  return isEqualJson(known, status) ? undefined : { ...object, status };
};
