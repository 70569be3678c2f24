// Owns number ranges inside brackets: `1-20`, `01-10`, `0-10/2`, and their padding.
// I1: a width of 0 means no padding; otherwise every number of the range has exactly `width` digits.
import { refuseNodeSet } from './refuse.ts';

export interface Range {
  readonly low: number;
  readonly high: number;
  readonly step: number;
  readonly width: number;
}

const syntax = /^([0-9]{1,15})(?:-([0-9]{1,15})(?:\/([0-9]{1,15}))?)?$/;

const isPadded = (digits: string): boolean => digits.length > 1 && digits.startsWith('0');

/** One item of a bracket. Throws ApiError BadRequest. */
export const parseRange = (text: string): Range => {
  const found = syntax.exec(text);
  if (found === null) return refuseNodeSet(`"${text}" is not a number or a range such as 1-20 or 0-10/2`);
  const [, low = '', high = low, step = '1'] = found;
  const padded = isPadded(low) || isPadded(high);
  if (padded && low.length !== high.length) {
    return refuseNodeSet(`both ends of "${text}" must have the same number of digits`);
  }
  const range = { low: Number(low), high: Number(high), step: Number(step), width: padded ? low.length : 0 };
  if (range.low > range.high) return refuseNodeSet(`"${text}" runs backwards`);
  if (range.step < 1) return refuseNodeSet(`"${text}" has a step of 0`);
  return range;
};

export const rangeSize = ({ low, high, step }: Range): number => Math.floor((high - low) / step) + 1;

export const rangeItems = ({ low, high, step, width }: Range): string[] => {
  const items: string[] = [];
  for (let n = low; n <= high; n += step) items.push(String(n).padStart(width, '0'));
  return items;
};
