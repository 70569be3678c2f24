import { expect, test } from 'vitest';
import { parseJournal, parseUnits } from './services.ts';

const ssh = {
  unit: 'ssh.service',
  load: 'loaded',
  active: 'active',
  sub: 'running',
  description: 'OpenBSD SSH server',
};

test('units are read as JSON, and as the lines of an older systemd', () => {
  expect(parseUnits(JSON.stringify([ssh]))).toEqual([ssh]);
  expect(parseUnits('ssh.service loaded active running OpenBSD SSH server\n')).toEqual([ssh]);
  expect(parseUnits('')).toEqual([]);
});

test('the journal is read newest first, with messages that are not UTF-8', () => {
  const lines = [
    { __CURSOR: 'a', __REALTIME_TIMESTAMP: '1000000', PRIORITY: '6', MESSAGE: 'one' },
    { __CURSOR: 'b', __REALTIME_TIMESTAMP: '2000000', MESSAGE: [111, 255] },
  ].map((line) => JSON.stringify(line));
  expect(parseJournal(`-- No entries --\n${lines.join('\n')}\n`)).toEqual([
    { cursor: 'b', timeMs: 2000, priority: undefined, message: 'o\ufffd' },
    { cursor: 'a', timeMs: 1000, priority: 6, message: 'one' },
  ]);
});
