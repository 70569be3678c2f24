// Owns when the expressions of policies are loaded: their CEL library takes 27 MiB, and most controllers have no policy.
// I1: whoever writes a policy (Kind.load), or is about to ask one, awaits loadPolicies first.
import { onDemand } from '../on-demand.ts';

export const { load: loadPolicies, loaded: loadedPolicies } = onDemand(() => import('./index.ts'));
