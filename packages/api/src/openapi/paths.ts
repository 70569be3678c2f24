// Owns the paths of OpenAPI v3 documents: what can be done to each kind.
// I1: every operation carries x-kubernetes-group-version-kind and x-kubernetes-action. kubectl takes server-side
//     validation for granted when the PATCH operation lists `fieldValidation`, and strategic merge when its body does.
import { scaleKind } from '../custom/scale.ts';
import { subresourcesOf } from '../discovery/legacy.ts';
import { apiVersionOf, type Kind } from '../kind.ts';
import { tokenRequestKind } from '../kinds/service-account.ts';
import {
  deleteCollectionParameters,
  deleteParameters,
  listParameters,
  patchParameters,
  pathParameter,
  prettyParameter,
  writeParameters,
} from './parameters.ts';
import { componentName } from './schemas.ts';

type Operation = Readonly<Record<string, unknown>>;

export const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const;

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const meta = (word: string) => reference(`io.k8s.apimachinery.pkg.apis.meta.v1.${word}`);
const json = (schema: unknown, types: readonly string[] = ['application/json', 'application/yaml']) =>
  Object.fromEntries(types.map((type) => [type, { schema }]));
const answers = (schema: unknown, ...codes: readonly [string, string][]) =>
  Object.fromEntries(codes.map(([code, description]) => [code, { description, content: json(schema) }]));

type Named = Pick<Kind, 'group' | 'version' | 'kind' | 'plainPatches'>;

const operation = (kind: Named, method: string, action: string, rest: Operation): Operation => ({
  tags: [kind.group === '' ? `core_${kind.version}` : `${kind.group}_${kind.version}`],
  operationId: `${action}${kind.kind}${method}`,
  ...rest,
  'x-kubernetes-action': action,
  'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind },
});

const ok: [string, string] = ['200', 'OK'];
const created: [string, string] = ['201', 'Created'];
const accepted: [string, string] = ['202', 'Accepted'];

const collection = (kind: Kind, suffix: string) => {
  const one = reference(componentName(kind));
  const many = reference(`${componentName(kind)}List`);
  return {
    get: operation(kind, suffix, 'list', {
      parameters: listParameters,
      responses: answers(many, ok),
    }),
    post: operation(kind, suffix, 'post', {
      parameters: writeParameters,
      requestBody: { content: json(one), required: true },
      responses: answers(one, ok, created, accepted),
    }),
    delete: operation(kind, suffix, 'deletecollection', {
      parameters: deleteCollectionParameters,
      requestBody: { content: json(meta('DeleteOptions')) },
      responses: answers(meta('Status'), ok),
    }),
  };
};

const patchTypesOf = (kind: Named): readonly string[] =>
  kind.plainPatches === true ? patchTypes.filter((type) => !type.includes('strategic')) : patchTypes;

const readAndChange = (kind: Named, suffix: string, one: unknown = reference(componentName(kind))) => {
  return {
    get: operation(kind, suffix, 'get', { responses: answers(one, ok) }),
    put: operation(kind, suffix, 'put', {
      parameters: writeParameters,
      requestBody: { content: json(one), required: true },
      responses: answers(one, ok, created),
    }),
    patch: operation(kind, suffix, 'patch', {
      parameters: patchParameters,
      requestBody: { content: json(meta('Patch'), patchTypesOf(kind)), required: true },
      responses: answers(one, ok, created),
    }),
  };
};

/** What is only read. */
const readOnly = (kind: Kind) => ({
  list: { get: collection(kind, '').get },
  item: { get: readAndChange(kind, '').get },
});

const item = (kind: Kind) => ({
  ...readAndChange(kind, ''),
  delete: operation(kind, '', 'delete', {
    parameters: deleteParameters,
    requestBody: { content: json(meta('DeleteOptions')) },
    responses: answers(meta('Status'), ok, accepted),
  }),
});

const methods: Readonly<Record<string, string>> = {
  get: 'get',
  create: 'post',
  update: 'put',
  delete: 'delete',
};

/** What is not the kind itself: bytes, or JSON that docs/protocol.md describes. */
const connected = (kind: Kind, suffix: string, verbs: readonly string[]) => {
  const responses = { 200: { description: 'OK', content: { '*/*': { schema: { type: 'string' } } } } };
  // Each operation has an id of its own.
  const nameOf = (verb: string): string => (verb === 'get' ? suffix : `${suffix}${methods[verb] ?? verb}`);
  return Object.fromEntries(
    verbs.map((verb) => [methods[verb] ?? verb, operation(kind, nameOf(verb), 'connect', { responses })]),
  );
};

/** What is only created: the body and the answer are of the same kind. */
const createOnly = (kind: Kind, schema: unknown) => ({
  post: operation(kind, '', 'post', {
    parameters: writeParameters,
    requestBody: { content: json(schema), required: true },
    responses: answers(schema, created),
  }),
});

const subresourcePaths = (kind: Kind, name: string) => {
  const suffix = name.charAt(0).toUpperCase() + name.slice(1);
  if (name === 'scale') return readAndChange({ ...scaleKind, plainPatches: true }, '', { type: 'object' });
  if (name === 'token') return createOnly(tokenRequestKind, { type: 'object' });
  if (name === 'finalize') return { put: readAndChange(kind, suffix).put };
  if (name === 'approval') return readAndChange(kind, suffix);
  const { verbs = [] } = subresourcesOf(kind).find((one) => one.name === name) ?? {};
  return connected(kind, suffix, verbs);
};

const subresources = (kind: Kind, base: string, parameters: readonly unknown[]) => [
  ...(kind.hasStatus ? [[`${base}/status`, { ...readAndChange(kind, 'Status'), parameters }] as const] : []),
  ...kind.subresources.map(
    (name) => [`${base}/${name}`, { ...subresourcePaths(kind, name), parameters }] as const,
  ),
];

/** '/api/v1' or '/apis/<group>/<version>'. */
export const groupPath = (kind: Pick<Kind, 'group' | 'version'>): string =>
  kind.group === '' ? `/api/${kind.version}` : `/apis/${apiVersionOf(kind)}`;

/** Every path of a kind with its operations. */
export const toPaths = (kind: Kind): readonly (readonly [string, Operation])[] => {
  const namespaced = kind.scope === 'Namespaced';
  const root = groupPath(kind);
  const base = namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : `${root}/${kind.plural}`;
  const outer = namespaced ? [pathParameter('namespace'), prettyParameter] : [prettyParameter];
  const inner = [pathParameter('name'), ...outer];
  if (kind.transient === true)
    return [[base, { ...createOnly(kind, reference(componentName(kind))), parameters: outer }]];
  if (kind.computed === true)
    return [
      [base, { ...readOnly(kind).list, parameters: outer }],
      [`${base}/{name}`, { ...readOnly(kind).item, parameters: inner }],
    ];
  const everywhere = operation(kind, 'ForAllNamespaces', 'list', {
    responses: answers(reference(`${componentName(kind)}List`), ok),
  });
  return [
    ...(namespaced
      ? [
          [
            `${root}/${kind.plural}`,
            { get: everywhere, parameters: [...listParameters, prettyParameter] },
          ] as const,
        ]
      : []),
    [base, { ...collection(kind, ''), parameters: outer }],
    [`${base}/{name}`, { ...item(kind), parameters: inner }],
    ...subresources(kind, `${base}/{name}`, inner),
  ];
};
