// Owns finding a kind by any of its names, asking the controller what it serves: nothing is built in.
import type { Connection } from '../connection/connection.ts';
import { usageFailure } from '../failure.ts';

export interface ResourceInfo {
  /** '' for core. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

interface ResourceList {
  readonly groupVersion: string;
  readonly resources: readonly {
    readonly name: string;
    readonly singularName: string;
    readonly kind: string;
    readonly shortNames?: readonly string[];
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}

interface GroupList {
  readonly groups: readonly {
    readonly name: string;
    readonly preferredVersion: { readonly groupVersion: string };
  }[];
}

const toInfos = (list: ResourceList): ResourceInfo[] => {
  const parts = list.groupVersion.split('/');
  const [group, version] = parts.length === 2 ? [parts[0] ?? '', parts[1] ?? ''] : ['', parts[0] ?? ''];
  return list.resources
    .filter((resource) => !resource.name.includes('/'))
    .map((resource) => ({
      group,
      version,
      plural: resource.name,
      singular: resource.singularName,
      kind: resource.kind,
      shortNames: resource.shortNames ?? [],
      namespaced: resource.namespaced,
      verbs: resource.verbs,
    }));
};

/** Every kind that the controller serves, in the preferred version of its group. */
export const loadResourceInfos = async (connection: Connection): Promise<readonly ResourceInfo[]> => {
  const core = connection.json<ResourceList>({ path: '/api/v1' });
  const groups = await connection.json<GroupList>({ path: '/apis' });
  const lists = await Promise.all([
    core,
    ...groups.groups.map((group) =>
      connection.json<ResourceList>({ path: `/apis/${group.preferredVersion.groupVersion}` }),
    ),
  ]);
  return lists.flatMap(toInfos);
};

const isNamed = (info: ResourceInfo, word: string): boolean => {
  const [name = '', ...rest] = word.toLowerCase().split('.');
  const group = rest.join('.');
  const names = [info.plural, info.singular, info.kind.toLowerCase(), ...info.shortNames];
  if (!names.includes(name)) return false;
  return group === '' || group === info.group || group === `${info.version}.${info.group}`;
};

/** The kind that a person means by 'node', 'no', 'Node', 'commandruns.drover.dev' ... */
export const findResource = (infos: readonly ResourceInfo[], word: string): ResourceInfo => {
  const found = infos.find((info) => isNamed(info, word));
  if (found !== undefined) return found;
  const known = [...new Set(infos.map((info) => info.plural))].sort().join(', ');
  throw usageFailure(`cannot find kind ${word}: the controller does not serve it`, `it serves: ${known}`);
};

export const findByKind = (
  infos: readonly ResourceInfo[],
  apiVersion: string,
  kind: string,
): ResourceInfo => {
  const found = infos.find(
    (info) =>
      info.kind === kind &&
      apiVersion === (info.group === '' ? info.version : `${info.group}/${info.version}`),
  );
  if (found !== undefined) return found;
  throw usageFailure(`cannot find kind ${kind} of ${apiVersion}: the controller does not serve it`);
};

/** Path of a collection, or of one object; `namespace` undefined means all namespaces. */
export const resourcePath = (info: ResourceInfo, namespace: string | undefined, name?: string): string => {
  const root = info.group === '' ? `/api/${info.version}` : `/apis/${info.group}/${info.version}`;
  const scope =
    info.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${info.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
};
