// Owns folding of names into the shortest plain node-set: web1, web2, web3, web22 → web[1-3,22].
// I1: parsing and resolving the text gives exactly the names again, padding included.
// I2: one run of digits is folded after the other, from the last to the first, so that grids fold too
//     (r[1-2]n[1-4]).
import { compareNames } from './order.ts';

/** A name cut at its runs of digits: text, run, text, run, ..., text. Runs become folded text as we go. */
type Cut = readonly string[];

/** Runs beyond 15 digits stay text: they are not exact as numbers. */
const cut = (name: string): Cut => {
  const pieces = name.split(/([0-9]+)/);
  const cuts: string[] = [pieces[0] ?? ''];
  for (let i = 1; i < pieces.length; i += 2) {
    const run = pieces[i] ?? '';
    const text = pieces[i + 1] ?? '';
    if (run.length > 15) cuts[cuts.length - 1] += run + text;
    else cuts.push(run, text);
  }
  return cuts;
};

const isPadded = (run: string): boolean => run.length > 1 && run.startsWith('0');

const toText = (low: number, high: number, width: number): string => {
  const pad = (n: number) => String(n).padStart(width, '0');
  return low === high ? pad(low) : `${pad(low)}-${pad(high)}`;
};

const foldNumbers = (numbers: readonly number[], width: number): readonly string[] => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const ranges: { low: number; high: number }[] = [];
  for (const n of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && n === last.high + 1) last.high = n;
    else ranges.push({ low: n, high: n });
  }
  return ranges.map(({ low, high }) => toText(low, high, width));
};

/** Distinct runs as one text: '7', '[1-20,30]' or '[08-12]'. Numbers of a padded width belong to that padding. */
const foldRuns = (runs: readonly string[]): string => {
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) return only;
  const widths = new Set(runs.filter(isPadded).map((run) => run.length));
  const classes = new Map<number, number[]>();
  for (const run of runs) {
    const width = widths.has(run.length) ? run.length : 0;
    const numbers = classes.get(width);
    if (numbers === undefined) classes.set(width, [Number(run)]);
    else numbers.push(Number(run));
  }
  const items = [...classes]
    .sort(([a], [b]) => a - b)
    .flatMap(([width, numbers]) => foldNumbers(numbers, width));
  return `[${items.join(',')}]`;
};

const foldAt = (cuts: readonly Cut[], at: number): readonly Cut[] => {
  const groups = new Map<string, { readonly first: Cut; readonly runs: string[] }>();
  for (const pieces of cuts) {
    const run = pieces[at];
    const key = pieces.map((piece, i) => (i === at ? '' : piece)).join('\0');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: pieces, runs: run === undefined ? [] : [run] });
    else if (run !== undefined) group.runs.push(run);
  }
  return [...groups.values()].map(({ first, runs }) =>
    runs.length === 0 ? first : first.map((piece, i) => (i === at ? foldRuns(runs) : piece)),
  );
};

/** Names as one node-set text, in natural order; '' for none. */
export const foldNodeSet = (names: readonly string[]): string => {
  const sorted = [...new Set(names)].sort(compareNames);
  let cuts = sorted.map(cut);
  const longest = cuts.reduce((max, pieces) => Math.max(max, pieces.length), 1);
  for (let at = longest - 2; at >= 1; at -= 2) cuts = [...foldAt(cuts, at)];
  return cuts.map((pieces) => pieces.join('')).join(',');
};
