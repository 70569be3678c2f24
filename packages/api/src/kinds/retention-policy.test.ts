import { expect, test } from 'vitest';
import { validatorOf } from '../validation/validator.ts';
import { defaultRetention, retentionPolicyKind } from './retention-policy.ts';

const validate = validatorOf(retentionPolicyKind);
const policy = (spec: unknown, name = 'default') => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'RetentionPolicy',
  metadata: { name },
  spec,
});

test('what is not said has its default, each for itself', () => {
  expect(validate(policy({}), 'Strict').object['spec']).toEqual(defaultRetention);
  expect(validate(policy({ audit: { keepDays: 70 } }), 'Strict').object['spec']).toEqual({
    ...defaultRetention,
    audit: { keepDays: 70, keepRows: 0 },
  });
});

test('another name, nothing kept at all, and what nobody knows are refused with their path', () => {
  expect(() => validate(policy({}, 'mine'), 'Strict')).toThrow(/metadata\.name.*must be "default"/);
  expect(() => validate(policy({ work: { keepDays: 0 } }), 'Strict')).toThrow(/spec\.work\.keepDays/);
  expect(() => validate(policy({ runs: {} }), 'Strict')).toThrow(/spec\.runs/);
});

test('whoever may change it cannot make the audit trail forget what was just done', () => {
  expect(() => validate(policy({ audit: { keepDays: 1 } }), 'Strict')).toThrow(/spec\.audit\.keepDays/);
  expect(() => validate(policy({ audit: { keepRows: 1 } }), 'Strict')).toThrow(
    /spec\.audit\.keepRows: must be 0 \(however many\) or at least 10000/,
  );
  expect(() => validate(policy({ audit: { keepDays: 30, keepRows: 10_000 } }), 'Strict')).not.toThrow();
});
