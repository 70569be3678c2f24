import { expect, test } from 'vitest';
import { toTable } from '../printing/table.ts';
import { validatorOf } from '../validation/validator.ts';
import { runPolicyKind } from './run-policy.ts';

const validate = validatorOf(runPolicyKind);
const object = (spec: unknown) => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'RunPolicy',
  metadata: { name: 'p' },
  spec,
});
const rule = (match: unknown) => ({ rules: [{ name: 'r', match, action: 'Deny' }] });

test.each([
  [{ allow: { commands: [['a', '**', 'b']] } }, 'spec.allow.commands[0]'],
  [{ allow: { paths: ['/srv'] } }, 'spec.allow.paths'],
  [{ allow: { env: ['A'] } }, 'spec.allow.env'],
  [{ allow: { windows: [{ from: '8:00', to: '18:00' }] } }, 'spec.allow.windows[0].from'],
  [
    { allow: { windows: [{ from: '08:00', to: '18:00', timeZone: 'Mars/X' }] } },
    'spec.allow.windows[0].timeZone',
  ],
  [{ subjects: [{ kind: 'ServiceAccount', name: 'x' }] }, 'spec.subjects[0].namespace'],
  [{ nodes: { matchExpressions: [{ key: 'a', operator: 'In' }] } }, 'spec.nodes'],
  [rule({}), 'spec.rules[0].match'],
  [rule({ pattern: '(' }), 'spec.rules[0].match.pattern'],
  [{ rules: [...rule({ pattern: 'a' }).rules, ...rule({ pattern: 'b' }).rules] }, 'spec.rules[1].name'],
])('what cannot be meant is refused with its path: %j', (spec, field) => {
  expect(() => validate(object(spec), 'Strict')).toThrow(
    expect.objectContaining({
      details: expect.objectContaining({
        causes: expect.arrayContaining([expect.objectContaining({ field })]),
      }),
    }),
  );
});

test('subjects get their API group, windows the time zone UTC, rules a time to wait', () => {
  const spec = {
    subjects: [{ kind: 'User', name: 'alice' }],
    allow: { windows: [{ from: '08:00', to: '18:00' }] },
    ...rule({ pattern: 'x' }),
  };
  expect(validate(object(spec), 'Strict').object).toMatchObject({
    spec: {
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io' }],
      allow: { windows: [{ timeZone: 'UTC' }] },
      rules: [{ expireSeconds: 86_400 }],
    },
  });
});

test('the table says whom it binds, where, and to what', () => {
  const spec = {
    subjects: [
      { kind: 'Group', name: 'web' },
      { kind: 'ServiceAccount', namespace: 'ci', name: 'bot' },
    ],
    nodes: { matchLabels: { role: 'web' } },
    allow: { commands: [['uptime']], users: ['app'] },
    ...rule({ pattern: 'x' }),
  };
  const { object: valid } = validate(object(spec), 'Strict');
  const [row] =
    toTable(runPolicyKind, [valid], { nowMs: 0, includeObject: 'None', resourceVersion: '1' }).rows ?? [];
  expect(row?.cells.slice(1, 5)).toEqual([
    'Group:web, User:system:serviceaccount:ci:bot',
    'role=web',
    '1 command as app',
    '1 Deny',
  ]);
});
