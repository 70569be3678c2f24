import {
  asPolicy,
  customResourceDefinitionKind,
  type KubeObject,
  type ValidatingAdmissionPolicy,
  validatingAdmissionPolicyKind,
} from '@drover/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { type Ground, openGround, until } from '../test-ground.ts';
import { type PolicyController, runPolicyController } from './controller.ts';

let ground: Ground;
let controller: PolicyController;
const start = (): PolicyController => runPolicyController({ ...ground, log: silentLog });
beforeEach(async () => {
  ground = await openGround();
  controller = start();
});
afterEach(async () => {
  await controller.close();
  await ground.close();
});

const about = (apiGroup: string, resource: string, expression: string) => ({
  metadata: { name: 'p' },
  spec: {
    matchConstraints: {
      resourceRules: [
        { apiGroups: [apiGroup], apiVersions: ['v1'], operations: ['CREATE'], resources: [resource] },
      ],
    },
    validations: [{ expression }],
  },
});
const make = (object: object): Promise<KubeObject> =>
  ground.resources.create(validatingAdmissionPolicyKind, '', object);
const found = (): ValidatingAdmissionPolicy =>
  asPolicy(ground.resources.get(validatingAdmissionPolicyKind, '', 'p'));
/** The status, once it is about this generation. */
const checked = (generation: number) =>
  until(`generation ${generation} is checked`, () => {
    const { status } = found();
    return status?.observedGeneration === generation ? status : undefined;
  });

it('what the schema does not have stands in the status, and goes once it is put right', async () => {
  await make(about('', 'nodes', 'object.spec.unschedulabel'));
  expect(await checked(1)).toEqual({
    observedGeneration: 1,
    typeChecking: {
      expressionWarnings: [
        {
          fieldRef: 'spec.validations[0].expression',
          warning: "v1, Kind=Node: undefined field 'unschedulabel'",
        },
      ],
    },
  });
  const right = about('', 'nodes', 'object.spec.unschedulable').spec;
  await ground.resources.modify(validatingAdmissionPolicyKind, '', 'p', (object) => ({
    ...object,
    spec: right,
  }));
  expect(await checked(2)).toEqual({ observedGeneration: 2, typeChecking: {} });
});

it('a policy is looked at again once a kind that it is about is defined', async () => {
  await make(about('x.example.com', 'things', 'object.spec.sise > 1'));
  expect((await checked(1)).typeChecking).toEqual({});
  const properties = { spec: { type: 'object', properties: { size: { type: 'integer' } } } };
  await ground.resources.create(customResourceDefinitionKind, '', {
    metadata: { name: 'things.x.example.com' },
    spec: {
      group: 'x.example.com',
      scope: 'Cluster',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties } },
        },
      ],
    },
  });
  const warned = await until(
    'the policy is warned of',
    () => found().status?.typeChecking?.expressionWarnings?.[0],
  );
  expect(warned.warning).toBe("x.example.com/v1, Kind=Thing: undefined field 'sise'");
});

it('what was made while nobody looked is looked at when the controller is begun again, and written once', async () => {
  await controller.close();
  await make(about('', 'nodes', 'object.spec.unschedulabel'));
  controller = start();
  await checked(1);
  const { resourceVersion } = found().metadata;
  await controller.close();
  controller = start();
  await make({ ...about('', 'nodes', 'true'), metadata: { name: 'later' } });
  await until(
    'the later one is checked',
    () => asPolicy(ground.resources.get(validatingAdmissionPolicyKind, '', 'later')).status,
  );
  expect(found().metadata.resourceVersion).toBe(resourceVersion);
});
