// Owns the OpenAPI v3 documents (first form; schemas per kind).
import { apiVersionOf, type Kind } from '../kind.ts';

export type OpenApiDocument = Readonly<Record<string, unknown>>;

export const toOpenApiDocument = (
  kinds: readonly Kind[],
  group: string,
  version: string,
): OpenApiDocument | undefined => {
  const found = kinds.filter((kind) => kind.group === group && kind.version === version);
  if (found.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Drover', version: apiVersionOf({ group, version }) },
    paths: {},
    components: { schemas: Object.fromEntries(found.map((kind) => [kind.kind, kind.schema])) },
  };
};

export const toOpenApiIndex = (kinds: readonly Kind[]) => ({
  paths: Object.fromEntries(
    [...new Set(kinds.map((k) => (k.group === '' ? `api/${k.version}` : `apis/${apiVersionOf(k)}`)))].map(
      (path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=0` }],
    ),
  ),
});
