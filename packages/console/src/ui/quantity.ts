// Owns Kubernetes quantities as numbers (apimachinery resource.Quantity), and numbers as people read them.
const units: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** '250m' → 0.25; undefined: it is none. */
export const parseQuantity = (text: string | number | undefined): number | undefined => {
  const found = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkMGTPE]?|[KMGTPE]i)$/.exec(String(text ?? ''));
  const value = Number(found?.[1]) * (units[found?.[2] ?? ''] ?? Number.NaN);
  return found === null || Number.isNaN(value) ? undefined : value;
};

const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** 1536 → '1.5 KiB'. */
export const toBytes = (bytes: number, language: string): string => {
  const step = Math.min(steps.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const digits = step === 0 ? 0 : 1;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: digits });
  return `${number.format(bytes / 2 ** (10 * step))} ${steps[step] ?? ''}`;
};

/** 0.5 → '50%'. */
export const toPercent = (share: number, language: string): string =>
  new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(share);
