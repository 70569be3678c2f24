import { expect, test } from 'vitest';
import { toCronWords } from './cron-words.ts';

test.each([
  ['* * * * *', { kind: 'everyMinute' }],
  ['*/15 * * * *', { kind: 'everyMinutes', count: 15 }],
  ['*/7 * * * *', { kind: 'other' }],
  ['@hourly', { kind: 'hourly', minute: 0 }],
  ['5 3 * * *', { kind: 'daily', time: '03:05' }],
  ['30 2 * * 1-5', { kind: 'weekly', time: '02:30', days: [1, 2, 3, 4, 5] }],
  ['30 2 * * sat,7', { kind: 'weekly', time: '02:30', days: [6, 0] }],
  ['0 0 1 * *', { kind: 'monthly', time: '00:00', day: 1 }],
  ['0 0 1 * 1', { kind: 'other' }],
  ['0 0 1 1 *', { kind: 'other' }],
  ['0 1-3 * * *', { kind: 'other' }],
])('%s in words', (schedule, words) => {
  expect(toCronWords(schedule)).toEqual(words);
});
