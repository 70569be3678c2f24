// How long ago something was, and the moment itself to who points at it.
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { nowMs } from './clock.ts';

const tickMs = 10_000;
let now = nowMs();

/** One clock for all ages of the page. */
const subscribe = (listener: () => void): (() => void) => {
  // While nobody showed an age the clock stood.
  now = nowMs();
  const timer = setInterval(() => {
    now = nowMs();
    listener();
  }, tickMs);
  return () => clearInterval(timer);
};

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

const toWords = (ms: number, language: string): string => {
  const [unit, unitMs] = units.find(([, size]) => Math.abs(ms) >= size) ?? ['second', 1_000];
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' }).format(
    -Math.round(ms / unitMs),
    unit,
  );
};

/** `at`: RFC 3339 or milliseconds; nothing: never. */
export const Age = ({ at }: { readonly at: string | number | null | undefined }) => {
  const { t, i18n } = useTranslation();
  const current = useSyncExternalStore(subscribe, () => now);
  if (at === undefined || at === null || at === '') return <>{t('ui.never')}</>;
  const time = new Date(at);
  // What is newer than the last tick is not to come.
  const elapsed = current - time.getTime();
  return (
    <time
      dateTime={time.toISOString()}
      title={time.toLocaleString(i18n.language)}
      style={{ whiteSpace: 'nowrap' }}
    >
      {toWords(elapsed > -tickMs && elapsed < 0 ? 0 : elapsed, i18n.language)}
    </time>
  );
};
