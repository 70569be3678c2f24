// Owns aggregated discovery: apidiscovery.k8s.io/v2 APIGroupDiscoveryList, what /api and /apis answer to
// `Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`.
import type { Kind } from '../kind.ts';
import { subresourcesOf, verbsOf } from './legacy.ts';

/** Media type of the answer. */
export const aggregatedDiscoveryType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const toResource = (kind: Kind) => {
  const toResponseKind = ({ group, version, kind: word }: Pick<Kind, 'group' | 'version' | 'kind'>) => ({
    group,
    version,
    kind: word,
  });
  const responseKind = toResponseKind(kind);
  const subresources = subresourcesOf(kind).map(({ name, verbs, answers }) => ({
    subresource: name,
    responseKind: answers === undefined ? responseKind : toResponseKind(answers),
    verbs,
  }));
  return {
    resource: kind.plural,
    responseKind,
    scope: kind.scope,
    singularResource: kind.singular,
    verbs: verbsOf(kind),
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
};

const toVersions = (kinds: readonly Kind[]) =>
  [...new Set(kinds.map((kind) => kind.version))].map((version) => ({
    version,
    resources: kinds.filter((kind) => kind.version === version).map(toResource),
    freshness: 'Current',
  }));

/** 'core' is the answer of /api, 'groups' that of /apis. */
export const toAggregatedDiscovery = (kinds: readonly Kind[], part: 'core' | 'groups') => {
  const wanted = kinds.filter((kind) => (kind.group === '') === (part === 'core'));
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: [...new Set(wanted.map((kind) => kind.group))].map((group) => ({
      metadata: group === '' ? {} : { name: group },
      versions: toVersions(wanted.filter((kind) => kind.group === group)),
    })),
  };
};
