// Owns natural order of names: runs of digits compare as numbers (web2 before web10).

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

const runEnd = (text: string, at: number): number => {
  let end = at;
  while (end < text.length && isDigit(text.charCodeAt(end))) end += 1;
  return end;
};

/** Compares two runs of digits as numbers of any length. */
const compareRuns = (a: string, b: string): number => {
  const x = a.replace(/^0+(?=.)/, '');
  const y = b.replace(/^0+(?=.)/, '');
  return x.length - y.length || (x < y ? -1 : x > y ? 1 : 0);
};

/** Negative, 0 or positive; a total order (equal numbers with other padding: by code unit). */
export const compareNames = (a: string, b: string): number => {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(j);
    if (isDigit(x) && isDigit(y)) {
      const iEnd = runEnd(a, i);
      const jEnd = runEnd(b, j);
      const order = compareRuns(a.slice(i, iEnd), b.slice(j, jEnd));
      if (order !== 0) return order;
      i = iEnd;
      j = jEnd;
    } else if (x !== y) return x - y;
    else {
      i += 1;
      j += 1;
    }
  }
  return a.length - i - (b.length - j) || (a < b ? -1 : a > b ? 1 : 0);
};
