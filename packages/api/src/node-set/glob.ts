// Owns matching of names against patterns with * (any characters) and ? (one).

/** Whether the whole name fits the pattern. At most pattern length × name length steps. */
export const matchesGlob = (pattern: string, name: string): boolean => {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    const char = pattern.charAt(p);
    if (char === '*') {
      star = p;
      resume = n;
      p += 1;
    } else if (char === '?' || (char !== '' && char === name.charAt(n))) {
      p += 1;
      n += 1;
    } else if (star >= 0) {
      p = star + 1;
      resume += 1;
      n = resume;
    } else return false;
  }
  while (pattern.charAt(p) === '*') p += 1;
  return p === pattern.length;
};
