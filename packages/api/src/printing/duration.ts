// Owns how a length of time is written for people: the same words as kubectl (apimachinery HumanDuration).

const withRest = (whole: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;

const ofHours = (hours: number): string => {
  const days = Math.floor(hours / 24);
  if (hours < 48) return `${hours}h`;
  if (hours < 24 * 8) return withRest(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  return hours < 24 * 365 * 8 ? withRest(years, 'y', days % 365, 'd') : `${years}y`;
};

/** Milliseconds as at most two units: '4s', '3m12s', '26h', '5d3h'. Up to a second in the future is '0s', more '<invalid>'. */
export const humanDuration = (durationMs: number): string => {
  const seconds = Math.trunc(durationMs / 1000);
  if (!Number.isFinite(seconds) || seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 8 ? withRest(hours, 'h', minutes % 60, 'm') : ofHours(hours);
};

/** Time since an RFC 3339 time; '<unknown>' when there is none, as kubectl prints it. */
export const ageOf = (time: unknown, nowMs: number): string => {
  if (typeof time !== 'string' || time === '') return '<unknown>';
  const sinceMs = Date.parse(time);
  return Number.isNaN(sinceMs) ? '<unknown>' : humanDuration(nowMs - sinceMs);
};
