// Owns when the expressions of policies are loaded: their CEL library takes 27 MiB, and most controllers have no policy.
// I1: whoever writes a policy (Kind.load), or is about to ask one, awaits loadPolicies first.

type Policies = typeof import('./index.ts');

let loaded: Policies | undefined;

/** Resolves at once from the second time on. */
export const loadPolicies = async (): Promise<void> => {
  loaded ??= await import('./index.ts');
};

/** Undefined until somebody has awaited loadPolicies. */
export const loadedPolicies = (): Policies | undefined => loaded;
