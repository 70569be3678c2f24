import { expect, test } from 'vitest';
import { takeBackupPlan } from './backup-option.ts';

const key = { 'backup-key-file': '/k' };
const dir = { 'backup-dir': '/b' };

test('a directory and what opens its files are enough: daily at 02:30, seven are kept', () => {
  expect(takeBackupPlan({}, 'UTC')).toBeUndefined();
  expect(takeBackupPlan({ ...dir, ...key }, 'Europe/Berlin')).toEqual({
    directory: '/b',
    schedule: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    keep: 7,
    source: { kind: 'file', path: '/k' },
  });
});

test.each([
  [dir, /needs what its files are encrypted with: either --backup-key-file or/],
  [
    { ...dir, ...key, 'backup-passphrase-file': '/p' },
    /either --backup-key-file or --backup-passphrase-file/,
  ],
  [key, /--backup-key-file says nothing without --backup-dir/],
  [{ 'backup-keep': '3' }, /--backup-keep says nothing without --backup-dir/],
  [{ ...dir, ...key, 'backup-keep': '0' }, /--backup-keep must be a whole number from 1 to 999, not "0"/],
  [{ ...dir, ...key, 'backup-schedule': 'at night' }, /--backup-schedule "at night" must be five fields/],
  [{ ...dir, ...key, 'backup-schedule': '0 0 31 2 *' }, /"0 0 31 2 \*" no day is ever like that/],
])('%j is refused, naming the option', (values, why) => {
  expect(() => takeBackupPlan(values, 'UTC')).toThrow(why);
});
