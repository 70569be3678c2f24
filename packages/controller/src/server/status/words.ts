// Owns how times are said in checks.
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
