// Owns windows: when, by the clock on the wall of a time zone, something may begin.
// I1: a window is a time of the wall clock. In the hour that is left out in spring it opens when that hour is over;
//     in the hour that comes twice in autumn it is open twice.
// I2: a window whose end is not after its start goes over midnight and belongs to the day on which it begins.
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
export type Weekday = (typeof weekdays)[number];

export interface RunWindow {
  /** Absent: every day. */
  readonly days?: readonly Weekday[];
  /** HH:MM. */
  readonly from: string;
  /** HH:MM, up to 24:00. */
  readonly to: string;
  /** IANA name. */
  readonly timeZone: string;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Ahead of now, in days: a weekly window opens within seven, and one day may be lost to a change of clocks. */
const searchedDays = 9;

const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timeZone, made);
  return made;
};

/** Whether the zone is one that is known here. */
export const isTimeZone = (name: string): boolean => {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
};

/** What the clock on the wall shows, as if it were UTC. */
const toWallMs = (timeZone: string, ms: number): number => {
  const parts = formatOf(timeZone).formatToParts(ms);
  const of = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value ?? 0);
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
};

const offsetMs = (timeZone: string, ms: number): number =>
  toWallMs(timeZone, ms) - Math.floor(ms / 1000) * 1000;

/** Minutes of the day. */
const minutesOf = (text: string): number => {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
};

const isDay = ({ days }: RunWindow, wallDay: number): boolean =>
  // 1970-01-01 was a Thursday.
  days === undefined || days.includes(weekdays[(((wallDay + 4) % 7) + 7) % 7] ?? 'Sun');

const isOpenOne = (window: RunWindow, nowMs: number): boolean => {
  const wallMs = toWallMs(window.timeZone, nowMs);
  const day = Math.floor(wallMs / dayMs);
  const minute = Math.floor((wallMs - day * dayMs) / minuteMs);
  const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
  if (from < to) return isDay(window, day) && from <= minute && minute < to;
  return (isDay(window, day) && minute >= from) || (isDay(window, day - 1) && minute < to);
};

/** Whether one of the windows is open. */
export const isOpen = (windows: readonly RunWindow[], nowMs: number): boolean =>
  windows.some((window) => isOpenOne(window, nowMs));

/** The moment between two at which the clocks were changed. */
const changeBetween = (timeZone: string, fromMs: number, toMs: number): number => {
  const before = offsetMs(timeZone, fromMs);
  let [low, high] = [fromMs, toMs];
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(timeZone, middle) === before) low = middle;
    else high = middle;
  }
  return Math.ceil(high / minuteMs) * minuteMs;
};

/** Moments at which the window may open on one day: by either offset of that day, or as the clocks change (I1). */
const openingsOn = ({ timeZone, from }: RunWindow, wallDay: number): readonly number[] => {
  const wallMs = wallDay * dayMs + minutesOf(from) * minuteMs;
  const [earlyMs, lateMs] = [wallMs - dayMs, wallMs + dayMs];
  const offsets = [offsetMs(timeZone, earlyMs), offsetMs(timeZone, lateMs)];
  const plain = offsets.map((offset) => wallMs - offset);
  return offsets[0] === offsets[1] ? plain : [...plain, changeBetween(timeZone, earlyMs, lateMs)];
};

const opensOne = (window: RunWindow, nowMs: number): number => {
  const today = Math.floor(toWallMs(window.timeZone, nowMs) / dayMs);
  const all = Array.from({ length: searchedDays }, (_, day) => openingsOn(window, today + day)).flat();
  return Math.min(...all.filter((ms) => ms > nowMs && isOpenOne(window, ms)));
};

/** When one of the windows, which are all closed now, opens next; Infinity: never. */
export const opensAtMs = (windows: readonly RunWindow[], nowMs: number): number =>
  Math.min(...windows.map((window) => opensOne(window, nowMs)));
