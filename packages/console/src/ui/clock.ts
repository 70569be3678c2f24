// Owns the time of the page: the only place of the console that reads the clock.

/** Milliseconds since 1970. */
export const nowMs = (): number => Date.now();
