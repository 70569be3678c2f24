import { expect, test } from 'vitest';
import { ApiError } from '../errors.ts';
import type { Kind } from '../kind.ts';
import { validatorOf } from '../validation/validator.ts';
import { savedCommandKind } from './saved-command.ts';
import { scheduleKind } from './schedule.ts';

const read = (kind: Kind, spec: object, name = 'x') =>
  validatorOf(kind)(
    {
      apiVersion: 'drover.dev/v1alpha1',
      kind: kind.kind,
      metadata: { name, namespace: 'default' },
      spec,
    },
    'Strict',
  ).object;
const refusal = (kind: Kind, spec: object, name?: string): string => {
  try {
    read(kind, spec, name);
    return '';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return (error.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`).join('\n');
  }
};
const saved = (run: object, ...parameters: readonly object[]): string =>
  refusal(savedCommandKind, { run, parameters });
const date = { argv: ['date'] };

test.each([
  [{ argv: ['echo', '$(x)'] }, [], 'spec.run.argv[1]: "x" is no parameter; write $$(x) for $(x) as it is'],
  [{ argv: ['date'], env: { A: '$(x)' } }, [], 'spec.run.env.A: "x" is no parameter'],
  [{ argv: ['date'], script: { source: 'x' } }, [], 'spec.run: exactly one of argv and script'],
  [{ argv: ['date'], targets: {} }, [], 'spec.run.targets: nodeSet or labelSelector must be given'],
  [{ argv: ['date'], targets: { nodeSet: 'a[' } }, [], 'spec.run.targets.nodeSet: '],
  [{ argv: ['date'], cancel: true }, [], 'cancel'],
  [date, [{ name: 'PATH' }], 'spec.parameters[0].name'],
  [date, [{ name: 'a' }, { name: 'a' }], 'spec.parameters[1].name: "a" stands twice'],
  [date, [{ name: 'a', type: 'choice' }], 'spec.parameters[0].choices: must be given for type choice'],
  [date, [{ name: 'a', choices: ['x'] }], 'spec.parameters[0].choices: is for parameters of type choice'],
  [
    date,
    [{ name: 'a', type: 'integer', pattern: 'x' }],
    'spec.parameters[0].pattern: is for parameters of type string',
  ],
  [date, [{ name: 'a', pattern: '(?=x)' }], 'spec.parameters[0].pattern: '],
  [
    date,
    [{ name: 'a', type: 'integer', minimum: 3, maximum: 2 }],
    'spec.parameters[0].minimum: is more than maximum, 2',
  ],
  [
    date,
    [{ name: 'a', type: 'integer', maximum: 3, default: 4 }],
    'spec.parameters[0].default: must be at most 3',
  ],
  [date, [{ name: 'a', pattern: 'x', default: 'xy' }], 'spec.parameters[0].default: must match x as a whole'],
  [{ script: { source: 'x' }, env: { a: '1' } }, [{ name: 'a' }], 'spec.run.env.a: is a parameter'],
  [
    { argv: ['sh', '-c', 'rm $(a)'] },
    [{ name: 'a' }],
    'spec.run.argv[2]: a shell would read the value as commands',
  ],
  [
    { argv: ['sudo', '/bin/bash', '-ec', 'rm $(a)'] },
    [{ name: 'a' }],
    'spec.run.argv[3]: a shell would read',
  ],
  [{ argv: ['sh'], stdin: 'rm $(a)' }, [{ name: 'a' }], 'spec.run.stdin: a shell would read'],
])('a saved command %j with parameters %j is refused', (run, parameters, message) => {
  expect(saved(run, ...parameters)).toContain(message);
});

test('a value may be an argument of a shell script, and of a shell', () => {
  expect(saved({ argv: ['sh', '-c', 'rm "$1"', 'sh', '$(a)'] }, { name: 'a' })).toBe('');
  expect(saved({ script: { source: 'rm "$a" $(b)' } }, { name: 'a' })).toBe('');
});

const nightly = { schedule: '30 2 * * *', run: { argv: ['date'], targets: { nodeSet: '*' } } };

test.each([
  [{ ...nightly, schedule: '61 * * * *' }, 'spec.schedule: '],
  [{ ...nightly, timeZone: 'Mars/Base' }, 'spec.timeZone: "Mars/Base" is no time zone known here'],
  [{ schedule: '@daily' }, 'spec: exactly one of run and savedCommand must be given'],
  [{ ...nightly, savedCommand: { name: 'x' } }, 'spec: exactly one of run and savedCommand must be given'],
  [{ schedule: '@daily', run: { argv: ['date'] } }, 'targets'],
  [{ schedule: '@daily', run: { targets: { nodeSet: '*' } } }, 'spec.run: exactly one of argv and script'],
  [{ schedule: '@daily', savedCommand: { name: 'x', targets: {} } }, 'spec.savedCommand.targets: '],
])('a schedule %j is refused', (spec, message) => {
  expect(refusal(scheduleKind, spec)).toContain(message);
});

test('the defaults of a schedule are those of a CronJob, and the time is UTC', () => {
  expect(read(scheduleKind, nightly)).toMatchObject({
    spec: {
      timeZone: 'UTC',
      suspend: false,
      concurrencyPolicy: 'Allow',
      successfulRunsHistoryLimit: 3,
      failedRunsHistoryLimit: 1,
      run: { timeoutSeconds: 3600, strategy: { width: 0 }, offline: { policy: 'Queue' } },
    },
  });
});

test('names leave room for those of its runs', () => {
  expect(refusal(scheduleKind, nightly, 'n'.repeat(52))).toBe('');
  expect(refusal(scheduleKind, nightly, 'n'.repeat(53))).toContain('must be no more than 52 characters');
});
