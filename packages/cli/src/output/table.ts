// Owns how a table looks: columns padded with three spaces between, upper-case headings, nothing cut off.
import { printable } from './terminal.ts';

/** Width in terminal cells: East Asian wide characters take two. */
export const cellWidth = (text: string): number => {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const wide =
      (code >= 0x1100 && code <= 0x115f) ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      (code >= 0xffe0 && code <= 0xffe6) ||
      (code >= 0x1f300 && code <= 0x1faff) ||
      (code >= 0x20000 && code <= 0x3fffd);
    width += wide ? 2 : 1;
  }
  return width;
};

const toLine = (cells: readonly string[], widths: readonly number[]): string =>
  cells
    .map((cell, index) =>
      index === cells.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - cellWidth(cell) + 3),
    )
    .join('')
    .trimEnd();

const clean = (row: readonly (string | number | boolean)[]): string[] =>
  row.map((cell) => printable(String(cell).replaceAll(/[\r\n]+/g, ' ')));

/** A heading line and one line per row, without colours; `widths` at least as wide as given (for watches). */
export const toTable = (
  headings: readonly string[],
  rows: readonly (readonly (string | number | boolean)[])[],
  widths: readonly number[] = [],
): { readonly lines: readonly string[]; readonly widths: readonly number[] } => {
  const all = [headings.map((heading) => heading.toUpperCase()), ...rows.map(clean)];
  const found = headings.map((_, column) =>
    all.reduce((most, row) => Math.max(most, cellWidth(row[column] ?? '')), widths[column] ?? 0),
  );
  return { lines: all.map((row) => toLine(row, found)), widths: found };
};
