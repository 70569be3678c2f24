// Owns what a schedule says in words, for the shapes that people mostly write; the rest is told by its next times.

export type CronWords =
  | { readonly kind: 'everyMinute' | 'other' }
  | { readonly kind: 'everyMinutes'; readonly count: number }
  | { readonly kind: 'hourly'; readonly minute: number }
  | { readonly kind: 'daily'; readonly time: string }
  /** 0: Sunday. */
  | { readonly kind: 'weekly'; readonly time: string; readonly days: readonly number[] }
  | { readonly kind: 'monthly'; readonly time: string; readonly day: number };

const nicknames: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
};
const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const number = (field: string): number | undefined => (/^\d+$/.test(field) ? Number(field) : undefined);

const dayOf = (word: string): number | undefined => {
  const named = dayNames.indexOf(word.toUpperCase());
  const day = named < 0 ? number(word) : named;
  return day === undefined ? undefined : day % 7;
};

/** '1-5', 'MON,WED' as days; undefined for what is neither. */
const daysOf = (field: string): readonly number[] | undefined => {
  const days = field.split(',').flatMap((part) => {
    const [from, to] = part.split('-', 2).map(dayOf);
    if (from === undefined || (to === undefined && part.includes('-'))) return [Number.NaN];
    return Array.from({ length: (to ?? from) - from + 1 }, (_, index) => from + index);
  });
  return days.length === 0 || days.some(Number.isNaN) ? undefined : [...new Set(days)];
};

/** The schedule has been checked. */
export const toCronWords = (schedule: string): CronWords => {
  const fields = (nicknames[schedule] ?? schedule).split(/ +/);
  const [minuteField = '', hourField = '', dayField = '', monthField = '', weekField = ''] = fields;
  const [minute, hour, day] = [minuteField, hourField, dayField].map(number);
  const isAnyDay = dayField === '*' && weekField === '*';
  if (monthField !== '*') return { kind: 'other' };
  if (hourField === '*' && isAnyDay) {
    if (minuteField === '*') return { kind: 'everyMinute' };
    const step = /^\*\/(\d+)$/.exec(minuteField)?.[1];
    if (step !== undefined && 60 % Number(step) === 0) return { kind: 'everyMinutes', count: Number(step) };
    return minute === undefined ? { kind: 'other' } : { kind: 'hourly', minute };
  }
  if (minute === undefined || hour === undefined) return { kind: 'other' };
  const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  if (isAnyDay) return { kind: 'daily', time };
  const days = dayField === '*' ? daysOf(weekField) : undefined;
  if (days !== undefined) return { kind: 'weekly', time, days };
  return day !== undefined && weekField === '*' ? { kind: 'monthly', time, day } : { kind: 'other' };
};
