// Owns the names of a log's earlier files: name.1 is the newest, and the oldest beyond `keepFiles` goes.

/** What is to be renamed to what, in order, so that `path` itself is free; the last but one takes the place of the oldest. */
export const toRotation = (path: string, keepFiles: number): readonly (readonly [string, string])[] =>
  Array.from({ length: keepFiles }, (_, index) => {
    const number = keepFiles - index;
    return [number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`] as const;
  });
