// Owns the kind CustomResourceDefinition (apiextensions.k8s.io/v1): a kind of the users' own. What its schemas may say is
// in custom/structural.ts, what becomes of it in custom/kinds.ts.
import { type Static, Type } from 'typebox';
import { cleanupFinalizer, definitionCauses, definitionUpdateCauses } from '../custom/definition.ts';
import { loadRules } from '../custom/rules-on-demand.ts';
import { isServed } from '../custom/status.ts';
import type { Kind } from '../kind.ts';
import { Conditions, type KubeObject, ObjectMeta } from '../meta.ts';
import { isPlainObject } from '../patch/json.ts';
import { textColumn } from '../printing/columns.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.String({ description, maxLength: 10_000 });

const Names = Type.Object(
  {
    plural: text('Name of the resource in paths, lower case: crontabs.'),
    singular: Type.Optional(text('Name of one of them; the kind in lower case unless given.')),
    kind: text('What objects say in their field kind: CronTab.'),
    listKind: Type.Optional(text('Kind of a list of them; the kind followed by List unless given.')),
    shortNames: Type.Optional(Type.Array(text('A short name for the command line.'), { maxItems: 20 })),
    categories: Type.Optional(
      Type.Array(text('A group of kinds that it is listed with: all.'), { maxItems: 20 }),
    ),
  },
  { ...closed, description: 'How the kind is called.' },
);

const Column = Type.Object(
  {
    name: text('Heading of the column.'),
    type: text('integer, number, string, boolean or date.'),
    format: Type.Optional(text('Form of the value.')),
    description: Type.Optional(text('What the column shows.')),
    priority: Type.Optional(Type.Integer({ description: 'Columns above 0 are shown with -o wide only.' })),
    jsonPath: text('Where the value is: .spec.replicas.'),
  },
  closed,
);

const Scale = Type.Object(
  {
    specReplicasPath: text('Where the wished number of replicas is, under .spec.'),
    statusReplicasPath: text('Where the present number of replicas is, under .status.'),
    labelSelectorPath: Type.Optional(text('Where the selector of the replicas is, as text.')),
  },
  { ...closed, description: 'Has a /scale subresource, for kubectl scale.' },
);

const Version = Type.Object(
  {
    name: text('v1, v1beta1 ...'),
    served: Type.Boolean({ description: 'Whether it is in the API.' }),
    storage: Type.Boolean({ description: 'Whether objects are kept in it: true for exactly one.' }),
    deprecated: Type.Optional(Type.Boolean({ description: 'Whoever uses it is warned.' })),
    deprecationWarning: Type.Optional(
      Type.String({ maxLength: 256, description: 'The words of the warning.' }),
    ),
    schema: Type.Optional(
      Type.Object(
        {
          openAPIV3Schema: Type.Unsafe<Readonly<Record<string, unknown>>>({
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
            description: 'Structural schema of the objects (JSONSchemaProps).',
          }),
        },
        { ...closed, description: 'What objects look like.' },
      ),
    ),
    subresources: Type.Optional(
      Type.Object(
        {
          status: Type.Optional(Type.Object({}, { ...closed, description: 'Has a /status subresource.' })),
          scale: Type.Optional(Scale),
        },
        { ...closed, description: 'Subresources of the kind.' },
      ),
    ),
    additionalPrinterColumns: Type.Optional(
      Type.Array(Column, { maxItems: 100, description: 'What kubectl get shows; Age unless given.' }),
    ),
    selectableFields: Type.Optional(
      Type.Array(Type.Object({ jsonPath: text('A field of text, number or boolean.') }, closed), {
        maxItems: 8,
        description: 'Fields that field selectors may name.',
      }),
    ),
  },
  closed,
);

export const CustomResourceDefinition = Type.Object(
  {
    apiVersion: Type.Literal('apiextensions.k8s.io/v1'),
    kind: Type.Literal('CustomResourceDefinition'),
    metadata: ObjectMeta,
    spec: Type.Object(
      {
        group: text('API group of the kind: a domain name of yours.'),
        names: Names,
        scope: Type.Union([Type.Literal('Cluster'), Type.Literal('Namespaced')], {
          description: 'Whether objects are in namespaces.',
        }),
        versions: Type.Array(Version, {
          minItems: 1,
          maxItems: 50,
          description: 'All versions of the kind.',
        }),
        conversion: Type.Optional(
          Type.Object(
            { strategy: Type.Literal('None', { description: 'None: only apiVersion changes.' }) },
            { ...closed, description: 'How objects go from one version to another.' },
          ),
        ),
        preserveUnknownFields: Type.Optional(
          Type.Literal(false, {
            description: 'False: use x-kubernetes-preserve-unknown-fields in the schema.',
          }),
        ),
      },
      { ...closed, description: 'What the kind is.' },
    ),
    status: Type.Optional(
      Type.Object(
        {
          acceptedNames: Type.Optional(
            Type.Partial(Names, { ...closed, description: 'The names that are in use.' }),
          ),
          conditions: Type.Optional(Conditions),
          storedVersions: Type.Optional(
            Type.Array(Type.String(), { description: 'All versions in which objects were ever stored.' }),
          ),
        },
        { ...closed, description: 'What has become of it.' },
      ),
    ),
  },
  { ...closed, description: 'CustomResourceDefinition adds a kind to the API.' },
);
export type CustomResourceDefinition = Static<typeof CustomResourceDefinition>;

/** Objects are validated by their schema before they are read as such. */
export const asDefinition = (object: KubeObject): CustomResourceDefinition =>
  object as unknown as CustomResourceDefinition;

/** Fills in the names that follow from others. */
const withNames = (object: KubeObject): KubeObject => {
  const { spec } = asDefinition(object);
  const { names } = spec;
  const filled = {
    ...names,
    singular: names.singular || names.kind.toLowerCase(),
    listKind: names.listKind || `${names.kind}List`,
  };
  return { ...object, spec: { ...spec, conversion: spec.conversion ?? { strategy: 'None' }, names: filled } };
};

/** What is in use waits for its objects when it is deleted, whatever replaced it says (kubectl replace says nothing). */
const withFinalizer = (object: KubeObject): KubeObject => {
  const { finalizers = [], deletionTimestamp } = object.metadata;
  if (deletionTimestamp !== undefined || finalizers.includes(cleanupFinalizer)) return object;
  if (!isServed(asDefinition(object))) return object;
  return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, cleanupFinalizer] } };
};

const created = (object: KubeObject): string => object.metadata.creationTimestamp ?? '';

export const customResourceDefinitionKind: Kind = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  singular: 'customresourcedefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  scope: 'Cluster',
  schema: CustomResourceDefinition,
  columns: [
    textColumn('Name', 'Name of the definition', 0, (o) => o.metadata.name ?? ''),
    textColumn('Created At', 'When it was made', 0, created),
  ],
  hasStatus: true,
  subresources: [],
  selectableFields: {},
  immutablePaths: ['spec.group', 'spec.names.plural'],
  plainPatches: true,
  load: loadRules,
  check: (object) => definitionCauses(asDefinition(object)),
  checkUpdate: (before, after) => definitionUpdateCauses(asDefinition(before), asDefinition(after)),
  normalize: (object) => (isPlainObject(object['spec']) ? withFinalizer(withNames(object)) : object),
};
