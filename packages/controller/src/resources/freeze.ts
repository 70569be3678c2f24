// Owns that what the cache hands out can be shared: nobody can change it.
/** Freezes the value and all in it. What is frozen already is taken to be frozen all through. */
export const deepFreeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
};
