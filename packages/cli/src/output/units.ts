// Owns how times and sizes are read from the command line and written for people.
import { usageFailure } from '../failure.ts';

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/** '90', '90s', '5m', '1h30m', '2d' → seconds. `what` names the option in the refusal. */
export const parseSeconds = (text: string, what: string): number => {
  if (/^\d+$/.test(text)) return Number(text);
  if (!/^(\d+[smhd])+$/.test(text))
    throw usageFailure(`cannot use ${what} ${text}: not a length of time such as 30s, 5m, 1h30m or 2d`);
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (secondsOf[unit ?? 's'] ?? 1),
    0,
  );
};

/** 65 → '1m05s'. For durations of work that is going on. */
export const toElapsed = (seconds: number): string => {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}m`;
};

/** A count of nodes ("3") or a share ("5%"). */
export const parseIntOrPercent = (text: string, what: string): number | string => {
  if (/^\d+$/.test(text)) return Number(text);
  if (/^(100|[1-9]?[0-9])%$/.test(text)) return text;
  throw usageFailure(`cannot use ${what} ${text}: neither a count such as 3 nor a share such as 10%`);
};

/** A whole number of at least `minimum`. */
export const parseWhole = (text: string, what: string, minimum = 0): number => {
  if (/^\d{1,15}$/.test(text) && Number(text) >= minimum) return Number(text);
  throw usageFailure(`cannot use ${what} ${text}: not a whole number of at least ${minimum}`);
};

/** KEY=VALUE pairs; the value may be empty and hold '='. */
export const parsePairs = (pairs: readonly string[], what: string): Record<string, string> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw usageFailure(`cannot use ${what} ${pair}: not KEY=VALUE`);
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
