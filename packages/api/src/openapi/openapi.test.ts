import { expect, test } from 'vitest';
import { toAggregatedDiscovery } from '../discovery/aggregated.ts';
import { toApiGroup, toApiGroupList, toApiResourceList } from '../discovery/legacy.ts';
import { apiVersionOf } from '../kind.ts';
import { allKinds } from '../kinds/index.ts';
import { toOpenApiDocument, toOpenApiIndex } from './document.ts';
import { patchTypes } from './paths.ts';

const groups = [...new Map(allKinds.map((kind) => [apiVersionOf(kind), kind])).values()];
const documents = groups.map((kind) => toOpenApiDocument(allKinds, kind.group, kind.version));

test('every reference of a document leads to one of its components, and only OpenAPI 3.0 words are used', () => {
  for (const document of documents) {
    const text = JSON.stringify(document);
    const found = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((m) => m[1] ?? '');
    expect(found.length).toBeGreaterThan(0);
    const names = Object.keys(document?.components.schemas ?? {});
    expect([...new Set(found)].filter((name) => !names.includes(name))).toEqual([]);
    expect(text).not.toMatch(/"(?:const|patternProperties|anyOf)":/);
  }
});

test('every kind has a component with its kind, and a PATCH that takes fieldValidation and every patch type', () => {
  for (const kind of allKinds.filter((one) => !one.transient && !one.computed)) {
    const document = toOpenApiDocument(allKinds, kind.group, kind.version);
    const gvk = { group: kind.group, version: kind.version, kind: kind.kind };
    const schemas = Object.values(document?.components.schemas ?? {}) as Record<string, unknown>[];
    expect(schemas).toContainEqual(expect.objectContaining({ 'x-kubernetes-group-version-kind': [gvk] }));
    const paths = Object.values(document?.paths ?? {}) as Record<string, Record<string, unknown>>[];
    const patches = paths.map((path) => path['patch']).filter((operation) => operation !== undefined);
    const mine = patches.find(
      (p) => JSON.stringify(p['x-kubernetes-group-version-kind']) === JSON.stringify(gvk),
    );
    expect(mine?.['parameters']).toContainEqual(
      expect.objectContaining({ name: 'fieldValidation', in: 'query' }),
    );
    const body = mine?.['requestBody'] as { content: object } | undefined;
    const told = patchTypes.filter((type) => kind.plainPatches !== true || !type.includes('strategic'));
    expect(Object.keys(body?.content ?? {})).toEqual(told);
  }
});

test('what is answered and not stored can be created, and nothing else', () => {
  const transient = allKinds.filter((kind) => kind.transient === true);
  expect(transient.length).toBeGreaterThan(4);
  for (const { group, version, plural } of transient) {
    const paths = Object.entries(toOpenApiDocument(allKinds, group, version)?.paths ?? {});
    const mine = paths.filter(([path]) => path.split('/').includes(plural));
    expect(mine.map(([, item]) => Object.keys(item as object))).toEqual([['post', 'parameters']]);
    const listed = toApiResourceList(allKinds, group, version)?.resources.find((r) => r.name === plural);
    expect(listed?.verbs).toEqual(['create']);
  }
});

test('what is made up when it is read can be got, listed and watched, and nothing else', () => {
  const computed = allKinds.filter((kind) => kind.computed === true);
  expect(computed.length).toBeGreaterThan(0);
  for (const { group, version, plural } of computed) {
    const paths = Object.entries(toOpenApiDocument(allKinds, group, version)?.paths ?? {});
    const mine = paths.filter(([path]) => path.split('/').includes(plural));
    expect(mine.map(([, item]) => Object.keys(item as object))).toEqual([
      ['get', 'parameters'],
      ['get', 'parameters'],
    ]);
    const listed = toApiResourceList(allKinds, group, version)?.resources.find((r) => r.name === plural);
    expect(listed?.verbs).toEqual(['get', 'list', 'watch']);
  }
});

test('a field that has a default is not required of who writes an object', () => {
  const document = documents.find(
    (one) => 'dev.drover.v1alpha1.CommandRun' in (one?.components.schemas ?? {}),
  );
  const schemas = document?.components.schemas as Record<string, { required?: string[]; properties: object }>;
  const spec = schemas['dev.drover.v1alpha1.CommandRunSpec'];
  expect(spec?.required).toEqual(['targets']);
  expect(JSON.stringify(spec?.properties)).toContain('"default":3600');
  expect(schemas['dev.drover.v1alpha1.EnrollmentTokenSpec']?.required).toBeUndefined();
});

test('the index names every document, and its hash changes with the content only', () => {
  const index = toOpenApiIndex(allKinds);
  expect(Object.keys(index.paths)).toEqual([
    'api/v1',
    'apis/admissionregistration.k8s.io/v1',
    'apis/apiextensions.k8s.io/v1',
    'apis/authentication.k8s.io/v1',
    'apis/authorization.k8s.io/v1',
    'apis/certificates.k8s.io/v1',
    'apis/coordination.k8s.io/v1',
    'apis/drover.dev/v1alpha1',
    'apis/metrics.k8s.io/v1beta1',
    'apis/rbac.authorization.k8s.io/v1',
  ]);
  expect(toOpenApiIndex([...allKinds])).toEqual(index);
  const fewer = toOpenApiIndex(allKinds.filter((kind) => kind.kind !== 'CommandRun'));
  expect(fewer.paths['api/v1']).toEqual(index.paths['api/v1']);
  expect(fewer.paths['apis/drover.dev/v1alpha1']).not.toEqual(index.paths['apis/drover.dev/v1alpha1']);
});

test('both forms of discovery tell the same resources', () => {
  const aggregated = [
    ...toAggregatedDiscovery(allKinds, 'core').items,
    ...toAggregatedDiscovery(allKinds, 'groups').items,
  ];
  const modern = aggregated.flatMap((group) =>
    group.versions.flatMap((version) =>
      version.resources.flatMap((r) => [
        r.resource,
        ...(r.subresources ?? []).map((s) => `${r.resource}/${s.subresource}`),
      ]),
    ),
  );
  const plain = groups.flatMap((kind) =>
    (toApiResourceList(allKinds, kind.group, kind.version)?.resources ?? []).map((r) => r.name),
  );
  expect([...modern].sort()).toEqual([...plain].sort());
  expect(plain).toContain('nodes/status');
  expect(plain).toContain('certificatesigningrequests/approval');
  expect(plain).toContain('serviceaccounts/token');
  expect(toApiGroupList(allKinds).groups.map((g) => g.name)).toContain('drover.dev');
  expect(toApiGroup(allKinds, 'nothing.dev')).toBeUndefined();
  expect(toApiResourceList(allKinds, '', 'v2')).toBeUndefined();
});

/** Paths of the fields without a description, below `schema`. */
const undescribed = (schema: Node, path: string): readonly string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description === undefined ? [`${path}.${name}`] : []),
    ...undescribed(field, `${path}.${name}`),
  ]),
  ...(schema.items === undefined ? [] : undescribed(schema.items, `${path}[]`)),
];

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

test('kubectl explain has words for every field of our own kinds', () => {
  for (const { kind, schema, hasStatus } of allKinds.filter(({ group }) => group === 'drover.dev')) {
    const { metadata, spec, status } = (schema as Node).properties ?? {};
    for (const [name, part] of Object.entries(hasStatus ? { metadata, spec, status } : { metadata, spec })) {
      expect(part?.description, `${kind}.${name}`).toBeDefined();
      expect(undescribed(part ?? {}, `${kind}.${name}`)).toEqual([]);
    }
  }
});
