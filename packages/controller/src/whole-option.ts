// Owns how an option that is a whole number is read.
import { ApiError } from '@drover/api';

/** @throws ApiError BadRequest naming the option and its bounds. */
export const parseWhole = (text: string, option: string, min: number, max: number): number => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const range = `a whole number from ${min} to ${max}`;
  throw new ApiError('BadRequest', `cannot start: --${option} must be ${range}, not "${text}"`);
};
