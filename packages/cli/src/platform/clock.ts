// Owns the wall clock of the command line.

/** Milliseconds since 1970-01-01 UTC. */
export const nowMs = (): number => Date.now();
