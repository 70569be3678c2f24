// Owns what the status of a policy says: which generation was looked at, and what the schemas say to its expressions. Pure.
import {
  asPolicy,
  type ExpressionWarning,
  isEqualJson,
  type KubeObject,
  type ValidatingAdmissionPolicy,
} from '@drover/api';

/** The policy with its status; undefined when there is nothing new to say. Conditions are left to others. */
export const withTypeChecking = (
  object: KubeObject,
  check: (policy: ValidatingAdmissionPolicy) => readonly ExpressionWarning[],
): KubeObject | undefined => {
  const policy = asPolicy(object);
  const warnings = check(policy);
  const status = {
    ...policy.status,
    observedGeneration: object.metadata.generation ?? 0,
    typeChecking: warnings.length === 0 ? {} : { expressionWarnings: warnings },
  };
  return isEqualJson(policy.status, status) ? undefined : { ...object, status };
};
