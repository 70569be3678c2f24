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
  expect(validate(policy({ audit: { keepDays: 7 } }), 'Strict').object['spec']).toEqual({
    ...defaultRetention,
    audit: { keepDays: 7, keepRows: 0 },
  });
});

test('another name, nothing kept at all, and what nobody knows are refused with their path', () => {
  expect(() => validate(policy({}, 'mine'), 'Strict')).toThrow(/metadata\.name.*must be "default"/);
  expect(() => validate(policy({ work: { keepDays: 0 } }), 'Strict')).toThrow(/spec\.work\.keepDays/);
  expect(() => validate(policy({ runs: {} }), 'Strict')).toThrow(/spec\.runs/);
});
