// A kind that nobody wrote a line of the console for: with columns, descriptions, an enum, defaults, a rule over
// fields, conditions, lists and maps.
import type { Client, KindReference } from '@drover/client';
import { waitFor } from '../../harness/wait.ts';

const group = 'plant.example.com';

export const sensors: KindReference = {
  group,
  version: 'v1',
  kind: 'Sensor',
  plural: 'sensors',
  namespaced: true,
};

const definitions: KindReference = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

const text = (description: string) => ({ type: 'string', description });

const spec = {
  type: 'object',
  description: 'What the sensor is to do.',
  required: ['place'],
  'x-kubernetes-validations': [{ rule: 'self.low <= self.high', message: 'low must not be above high' }],
  properties: {
    place: { ...text('Where it hangs.'), minLength: 1 },
    mode: { ...text('How often it measures.'), enum: ['slow', 'normal', 'fast'], default: 'normal' },
    low: { type: 'integer', description: 'Below this it warns.', default: 0 },
    high: { type: 'integer', description: 'Above this it warns.', default: 100, maximum: 1000 },
    enabled: { type: 'boolean', description: 'Whether it measures at all.' },
    colours: { type: 'object', description: 'Colours by state.', additionalProperties: { type: 'string' } },
    channels: {
      type: 'array',
      description: 'What it measures.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: text('Name of the channel.'), unit: text('Unit of its values.') },
      },
    },
    extra: { description: 'Anything else.', 'x-kubernetes-preserve-unknown-fields': true },
  },
};

const condition = {
  type: 'object',
  required: ['type', 'status'],
  properties: {
    type: text('What is said.'),
    status: text('Whether it holds.'),
    reason: text('Why, in one word.'),
    message: text('Why, in a sentence.'),
    lastTransitionTime: { ...text('Since when.'), format: 'date-time' },
  },
};

const status = {
  type: 'object',
  description: 'How the sensor is.',
  properties: { conditions: { type: 'array', items: condition } },
};

const definition = {
  metadata: { name: `sensors.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'sensors', kind: 'Sensor', shortNames: ['sens'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Place', type: 'string', jsonPath: '.spec.place' },
          { name: 'Mode', type: 'string', jsonPath: '.spec.mode', priority: 1 },
          { name: 'High', type: 'integer', jsonPath: '.spec.high' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A sensor of the plant.',
            required: ['spec'],
            properties: { spec, status },
          },
        },
      },
    ],
  },
};

export const sensor = (name: string, rest: object = {}) => ({
  apiVersion: `${group}/v1`,
  kind: 'Sensor',
  metadata: { name },
  spec: { place: 'hall', ...rest },
});

export const defineSensors = async (client: Client): Promise<void> => {
  await client.create(definitions, definition);
  await waitFor('sensors to be served', async () =>
    (await client.discover()).kinds.some(({ plural }) => plural === 'sensors'),
  );
};

export const setCondition = (client: Client, name: string, message: string): Promise<unknown> => {
  const lastTransitionTime = '2026-01-02T03:04:05Z';
  const ready = { type: 'Ready', status: 'True', reason: 'Measures', message, lastTransitionTime };
  return client.patch(
    sensors,
    name,
    { type: 'merge', body: { status: { conditions: [ready] } } },
    { subresource: 'status' },
  );
};

/** May see all that the role view may, and sensors; may change neither. */
export const makeLooker = async (client: Client, name: string): Promise<string> => {
  const rbac = (kind: string, plural: string): KindReference => ({
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    kind,
    plural,
    namespaced: false,
  });
  await client.create(rbac('ClusterRole', 'clusterroles'), {
    metadata: {
      name: 'see-sensors',
      labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' },
    },
    rules: [{ apiGroups: [group], resources: ['sensors'], verbs: ['get', 'list', 'watch'] }],
  });
  await client.create(rbac('ClusterRoleBinding', 'clusterrolebindings'), {
    metadata: { name: `${name}-looks` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
  });
  return name;
};
