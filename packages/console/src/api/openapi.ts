// Owns what the controller says about its kinds: which there are, and the OpenAPI document of each group and version.
// I1: both are asked for again when a definition of a kind changes, and not before.
import type { DiscoveredKind } from '@drover/client';
import type { KindReference } from '@drover/client/kinds';
import { useQueries, useQuery } from '@tanstack/react-query';
import { client } from './client.ts';
import { useLive } from './live.ts';

/** A part of an OpenAPI document: JSON Schema in the dialect of Kubernetes. */
export interface OpenApiSchema {
  readonly $ref?: string;
  readonly allOf?: readonly OpenApiSchema[];
  readonly oneOf?: readonly OpenApiSchema[];
  readonly anyOf?: readonly OpenApiSchema[];
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly additionalProperties?: OpenApiSchema | boolean;
  readonly items?: OpenApiSchema;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message?: string }[];
}

export interface OpenApiDocument {
  readonly components: { readonly schemas: Readonly<Record<string, OpenApiSchema>> };
}

const definitions: KindReference = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

/** Another text after each change of a definition (I1). */
const useEdition = (): string =>
  useLive(definitions)
    .items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
    .join();

const isListed = ({ verbs }: DiscoveredKind): boolean => verbs.includes('list');

/** Every kind whose objects can be listed, and those of them that are of users. */
export const useKinds = () => {
  const edition = useEdition();
  return useQuery({
    queryKey: ['kinds', edition],
    queryFn: async ({ signal }) => (await client.discover({ signal })).kinds.filter(isListed),
    placeholderData: (before) => before,
    staleTime: 60_000,
  });
};

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const documentOf = ({ group, version }: GroupVersion, edition: string) => {
  const path = group === '' ? `/openapi/v3/api/${version}` : `/openapi/v3/apis/${group}/${version}`;
  return {
    queryKey: ['openapi', path, edition],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
      client.transport.json<OpenApiDocument>({ path, signal }),
    placeholderData: (before: OpenApiDocument | undefined) => before,
    staleTime: 600_000,
  };
};

export const useOpenApi = (of: GroupVersion) => useQuery(documentOf(of, useEdition()));

/** Those that have been fetched so far, in the order of the questions. */
export const useOpenApis = (of: readonly GroupVersion[]): readonly (OpenApiDocument | undefined)[] => {
  const edition = useEdition();
  return useQueries({ queries: of.map((one) => documentOf(one, edition)) }).map(({ data }) => data);
};
