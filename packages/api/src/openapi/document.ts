// Owns the OpenAPI v3 documents: the index and one document per group and version.
// I1: the same kinds give the same bytes, and the hash in the index changes exactly when a document does.
import { apiVersionOf, type Kind } from '../kind.ts';
import { contentHash } from './hash.ts';
import { groupPath, toPaths } from './paths.ts';
import { addKind, addMeta, type Components } from './schemas.ts';

export interface OpenApiDocument {
  readonly openapi: '3.0.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

export interface OpenApiIndex {
  readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
}

const byName = <T>([a]: readonly [string, T], [b]: readonly [string, T]): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** Document of one group and version; undefined when no kind is in it. */
export const toOpenApiDocument = (
  kinds: readonly Kind[],
  group: string,
  version: string,
): OpenApiDocument | undefined => {
  const found = kinds.filter((kind) => kind.group === group && kind.version === version);
  if (found.length === 0) return undefined;
  const components: Components = new Map();
  addMeta(components);
  for (const kind of found) addKind(kind, components);
  return {
    openapi: '3.0.0',
    info: { title: 'Drover', version: apiVersionOf({ group, version }) },
    paths: Object.fromEntries(found.flatMap(toPaths).sort(byName)),
    components: { schemas: Object.fromEntries([...components].sort(byName)) },
  };
};

/** What /openapi/v3 answers: where each group's document is, with the hash of its content. */
export const toOpenApiIndex = (kinds: readonly Kind[]): OpenApiIndex => {
  const groups = new Map(kinds.map((kind) => [groupPath(kind).slice(1), kind]));
  const entries = [...groups].map(([path, kind]) => {
    const hash = contentHash(JSON.stringify(toOpenApiDocument(kinds, kind.group, kind.version)));
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
  });
  return { paths: Object.fromEntries(entries.sort(byName)) };
};
