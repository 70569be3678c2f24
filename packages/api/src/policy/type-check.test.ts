import { expect, it } from 'vitest';
import { allKinds } from '../kinds/index.ts';
import { asPolicy } from '../kinds/validating-admission-policy.ts';
import { checkTypes } from './type-check.ts';

const rule = (resources: readonly string[], apiGroups = ['']) => ({
  apiGroups,
  apiVersions: ['v1', 'v1alpha1'],
  operations: ['*'],
  resources,
});
const check = (resources: readonly string[], expression: string, more: object = {}, groups = ['']) =>
  checkTypes(
    asPolicy({
      apiVersion: '',
      kind: '',
      metadata: {},
      spec: {
        matchConstraints: { resourceRules: [rule(resources, groups)] },
        validations: [{ expression }],
        ...more,
      },
    }),
    allKinds,
    async () => undefined,
  );

it('warns of what the schema of a matched kind does not have, for each kind', async () => {
  expect(await check(['nodes', 'configmaps'], 'object.spec.unschedulable')).toEqual([
    {
      fieldRef: 'spec.validations[0].expression',
      warning: "v1, Kind=ConfigMap: undefined field 'spec'",
    },
  ]);
  expect(await check(['nodes'], 'object.spec.taints.all(t, t.kee == "a")')).toMatchObject([
    { warning: "v1, Kind=Node: undefined field 'kee'" },
  ]);
  expect(await check(['commandruns'], 'object.spec.timeoutSeconds == "5"', {}, ['drover.dev'])).toMatchObject(
    [
      {
        fieldRef: 'spec.validations[0].expression',
        warning: expect.stringContaining('drover.dev/v1alpha1, Kind='),
      },
    ],
  );
});

it('knows variables and params by their types', async () => {
  const variables = [{ name: 'labels', expression: 'object.metadata.labels' }];
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  expect(
    await check(['nodes'], 'variables.labels.size() > 0 && params.data.x == "1"', { variables, paramKind }),
  ).toEqual([]);
  expect(await check(['nodes'], 'variables.labels > 1', { variables })).toHaveLength(1);
  expect(await check(['nodes'], 'params.dat.x == "1"', { paramKind })).toHaveLength(1);
});

it.each([
  ['a field that is there', ['nodes'], 'has(object.spec.unschedulable) && !object.spec.unschedulable'],
  ['labels by name', ['nodes'], "object.metadata.labels['a/b'] == 'c' && 'a' in object.metadata.labels"],
  ['the old object, which may be none', ['nodes'], 'oldObject == null || oldObject.metadata.name != ""'],
  ['a wildcard: the kinds are not known', ['*'], 'object.spec.nothing.of.the.kind'],
  ['a subresource: its kind is not known', ['nodes/status'], 'object.spec.nothing'],
])('says nothing to %s', async (_what, resources, expression) => {
  expect(await check(resources, expression)).toEqual([]);
});
