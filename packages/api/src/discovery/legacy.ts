// Owns the plain discovery documents: /api, /apis, /apis/<group>, /api/v1 and /apis/<group>/<version>.
import { scaleKind } from '../custom/scale.ts';
import { apiVersionOf, type Kind } from '../kind.ts';
import { tokenRequestKind } from '../kinds/service-account.ts';

const mainVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const;
const statusVerbs = ['get', 'patch', 'update'] as const;
const readVerbs = ['get'] as const;
const createVerbs = ['create'] as const;
const computedVerbs = ['get', 'list', 'watch'] as const;

export interface Subresource {
  readonly name: string;
  readonly verbs: readonly string[];
  /** What is sent and answered, when it is not the kind itself. */
  readonly answers?: Pick<Kind, 'group' | 'version' | 'kind'>;
}

/** Of those that are neither read nor approved. */
const ownVerbs: Readonly<Record<string, readonly string[]>> = {
  password: ['delete', 'update'],
  link: createVerbs,
  sessions: ['delete', 'get'],
  secondfactor: ['delete'],
  finalize: ['update'],
};

const toSubresource = (name: string): Subresource => {
  if (name === 'scale') return { name, verbs: statusVerbs, answers: scaleKind };
  if (name === 'token') return { name, verbs: createVerbs, answers: tokenRequestKind };
  return { name, verbs: name === 'approval' ? statusVerbs : (ownVerbs[name] ?? readVerbs) };
};

/** Subresources of a kind with what can be done to each. */
export const subresourcesOf = (kind: Kind): readonly Subresource[] => [
  ...(kind.hasStatus ? [{ name: 'status', verbs: statusVerbs }] : []),
  ...kind.subresources.map(toSubresource),
];

/** What can be done to objects of a kind. */
export const verbsOf = (kind: Kind): readonly string[] => {
  if (kind.computed === true) return computedVerbs;
  return kind.transient === true ? createVerbs : mainVerbs;
};

/** /api: APIVersions of the core group. */
export const toApiVersions = (serverAddress = '') => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
});

const groupNames = (kinds: readonly Kind[]): readonly string[] =>
  [...new Set(kinds.map((kind) => kind.group))].filter((group) => group !== '');

const versionsOf = (kinds: readonly Kind[], group: string): readonly string[] => [
  ...new Set(kinds.filter((kind) => kind.group === group).map((kind) => kind.version)),
];

const toGroup = (kinds: readonly Kind[], group: string) => {
  const versions = versionsOf(kinds, group).map((version) => ({
    groupVersion: apiVersionOf({ group, version }),
    version,
  }));
  return { name: group, versions, preferredVersion: versions[0] };
};

/** /apis: APIGroupList. */
export const toApiGroupList = (kinds: readonly Kind[]) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groupNames(kinds).map((group) => toGroup(kinds, group)),
});

/** /apis/<group>: APIGroup; undefined when no kind is in the group. */
export const toApiGroup = (kinds: readonly Kind[], group: string) =>
  groupNames(kinds).includes(group)
    ? { kind: 'APIGroup', apiVersion: 'v1', ...toGroup(kinds, group) }
    : undefined;

const toResources = (kind: Kind) => {
  const namespaced = kind.scope === 'Namespaced';
  const main = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced,
    kind: kind.kind,
    verbs: verbsOf(kind),
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
  };
  const parts = subresourcesOf(kind).map(({ name, verbs, answers }) => ({
    name: `${kind.plural}/${name}`,
    singularName: '',
    namespaced,
    ...(answers === undefined ? {} : { group: answers.group, version: answers.version }),
    kind: (answers ?? kind).kind,
    verbs,
  }));
  return [main, ...parts];
};

/** /api/v1 and /apis/<group>/<version>: APIResourceList; undefined when nothing is there. */
export const toApiResourceList = (kinds: readonly Kind[], group: string, version: string) => {
  const found = kinds.filter((kind) => kind.group === group && kind.version === version);
  if (found.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group, version }),
    resources: found.flatMap(toResources),
  };
};
