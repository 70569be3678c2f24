import { expect, test } from 'vitest';
import { drainFlags, takeDrainTimes } from './drain-option.ts';

const usual = {
  'shutdown-delay': drainFlags['shutdown-delay'].default,
  'drain-timeout': drainFlags['drain-timeout'].default,
};

test('unless it is said otherwise a controller drains at once, for at most 25 seconds', () => {
  expect(takeDrainTimes(usual)).toEqual({ delayMs: 0, timeoutMs: 25_000 });
  expect(takeDrainTimes({ 'shutdown-delay': '7.5', 'drain-timeout': '0' })).toEqual({
    delayMs: 7_500,
    timeoutMs: 0,
  });
});

test.each([
  ['shutdown-delay', '-1'],
  ['shutdown-delay', 'soon'],
  ['drain-timeout', '3601'],
  ['drain-timeout', ''],
])('--%s %j is refused, naming the option', (option, text) => {
  expect(() => takeDrainTimes({ ...usual, [option]: text })).toThrow(
    `--${option} must be a number of seconds from 0 to 3600, not "${text}"`,
  );
});
