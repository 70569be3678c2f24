// Owns how figures are said in checks.
const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export const toSize = (bytes: number): string => {
  const power = Math.min(units.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
};

const steps = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const;

/** '3 d', '5 h', '12 s': the largest unit of which there are two. */
export const toSpan = (seconds: number): string => {
  const step = steps.find(([size]) => seconds >= 2 * size);
  return step === undefined ? `${Math.round(seconds)} s` : `${Math.floor(seconds / step[0])} ${step[1]}`;
};
