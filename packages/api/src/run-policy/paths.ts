// Owns comparing paths on nodes as they are written; where links lead is not known here.

/** As transfers write paths: %XX is a byte. */
const decoded = (path: string): string =>
  path.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Its names; undefined when a ".." among them leads who knows where. */
const namesOf = (path: string): readonly string[] | undefined => {
  const parts = decoded(path).split('/');
  return parts.includes('..') ? undefined : parts.filter((part) => part !== '' && part !== '.');
};

const begins = (whole: readonly string[], stem: readonly string[]): boolean =>
  stem.every((name, index) => whole[index] === name);

/** Whether the path certainly is one of these or below it. */
export const isBelow = (stems: readonly string[], path: string): boolean => {
  const names = namesOf(path);
  return names !== undefined && stems.some((stem) => begins(names, namesOf(stem) ?? ['..']));
};

/** Whether a tree at the path may reach into one of these: it is above it, below it, or not to be told. */
export const mayTouch = (stems: readonly string[], path: string): boolean => {
  const names = namesOf(path);
  if (names === undefined) return true;
  return stems.some((stem) => {
    const wanted = namesOf(stem) ?? [];
    return begins(names, wanted) || begins(wanted, names);
  });
};
