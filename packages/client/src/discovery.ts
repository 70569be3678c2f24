// Owns asking the controller which kinds it serves, and finding one by what people call it.
import { ApiError } from '@drover/api/errors';
import type { KindReference } from './kinds.ts';
import type { Transport } from './transport.ts';

export interface DiscoveredKind extends KindReference {
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** What can be done to its objects. */
  readonly verbs: readonly string[];
  /** Names: 'status', 'log'. */
  readonly subresources: readonly string[];
}

export interface Discovery {
  readonly kinds: readonly DiscoveredKind[];
  /** By plural, singular, short name or kind, also as "plural.group"; throws NotFound. */
  find(name: string): DiscoveredKind;
}

interface AggregatedList {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources: readonly {
        readonly resource: string;
        readonly responseKind: { readonly kind: string };
        readonly scope: 'Cluster' | 'Namespaced';
        readonly singularResource: string;
        readonly shortNames?: readonly string[];
        readonly categories?: readonly string[];
        readonly verbs: readonly string[];
        readonly subresources?: readonly { readonly subresource: string }[];
      }[];
    }[];
  }[];
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const toKinds = (list: AggregatedList): readonly DiscoveredKind[] =>
  list.items.flatMap(({ metadata: { name: group = '' }, versions }) =>
    versions.flatMap(({ version, resources }) =>
      resources.map((r) => ({
        group,
        version,
        kind: r.responseKind.kind,
        plural: r.resource,
        singular: r.singularResource,
        namespaced: r.scope === 'Namespaced',
        shortNames: r.shortNames ?? [],
        categories: r.categories ?? [],
        verbs: r.verbs,
        subresources: (r.subresources ?? []).map(({ subresource }) => subresource),
      })),
    ),
  );

const isCalled = (kind: DiscoveredKind, name: string): boolean => {
  const names = [kind.plural, kind.singular, kind.kind.toLowerCase(), ...kind.shortNames];
  return names.some((known) => known === name || (kind.group !== '' && `${known}.${kind.group}` === name));
};

export const discover = async (http: Transport, signal: AbortSignal | undefined): Promise<Discovery> => {
  const parts = await Promise.all(
    ['/api', '/apis'].map((path) => http.json<AggregatedList>({ path, accept, signal })),
  );
  const kinds = parts.flatMap(toKinds);
  return {
    kinds,
    find: (name) => {
      const found = kinds.find((kind) => isCalled(kind, name.toLowerCase()));
      if (found !== undefined) return found;
      const known = kinds.map((kind) => kind.plural).join(', ');
      throw new ApiError(
        'NotFound',
        `cannot find kind "${name.slice(0, 100)}": the controller serves ${known}`,
      );
    },
  };
};
