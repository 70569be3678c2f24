// Owns the Accept header: which form of an answer the client would like best of those that Drover speaks.
import { ApiError } from '@drover/api';
import type { FastifyRequest } from 'fastify';

/** One media range with its parameters, e.g. application/json;as=Table;v=v1;g=meta.k8s.io. */
export interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const parseRange = (text: string): MediaRange & { readonly quality: number } => {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = Object.fromEntries(
    rest.map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [part, ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    }),
  );
  const quality = Number(parameters['q'] ?? '1');
  return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality };
};

const rangesOf = (header: string): readonly MediaRange[] =>
  header
    .split(',', 16)
    .map(parseRange)
    .filter((range) => range.quality > 0)
    .sort((a, b) => b.quality - a.quality);

/** What was sent lately: clients are of few kinds, and each request asks twice. Long ones are nobody's usual header. */
const known = new Map<string, readonly MediaRange[]>();
const maxKnown = 256;
const maxKnownChars = 512;

/** Ranges of an Accept header, best first; at most 16 are looked at. An absent header accepts everything. */
export const parseAccept = (header = '*/*'): readonly MediaRange[] => {
  const found = known.get(header);
  if (found !== undefined) return found;
  const ranges = rangesOf(header);
  if (header.length > maxKnownChars) return ranges;
  if (known.size >= maxKnown) known.clear();
  known.set(header, ranges);
  return ranges;
};

export type Representation =
  | { readonly kind: 'plain' }
  | { readonly kind: 'table'; readonly version: 'v1' | 'v1beta1' }
  | { readonly kind: 'metadata' };

const isJson = (type: string): boolean =>
  type === 'application/json' || type === 'application/*' || type === '*/*';

const toRepresentation = ({ type, parameters }: MediaRange): Representation | undefined => {
  if (!isJson(type)) return undefined;
  const { as, g, v } = parameters;
  if (as === undefined) return { kind: 'plain' };
  if (g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) return undefined;
  if (as === 'Table') return { kind: 'table', version: v };
  const isMetadata = as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList';
  return isMetadata && v === 'v1' ? { kind: 'metadata' } : undefined;
};

const notAcceptable = (header: string | undefined): ApiError =>
  new ApiError(
    'NotAcceptable',
    `cannot answer as ${(header ?? '').slice(0, 200)}: only application/json is spoken (also as Table or PartialObjectMetadata)`,
  );

/** The form in which objects are to be sent. Throws NotAcceptable. */
export const representationOf = (request: FastifyRequest): Representation => {
  const { accept } = request.headers;
  for (const range of parseAccept(accept)) {
    const found = toRepresentation(range);
    if (found !== undefined) return found;
  }
  throw notAcceptable(accept);
};

/** Whether the client would rather have aggregated discovery (apidiscovery.k8s.io/v2) than the legacy documents. */
export const wantsAggregatedDiscovery = (request: FastifyRequest): boolean => {
  for (const { type, parameters } of parseAccept(request.headers.accept)) {
    if (!isJson(type)) continue;
    const { as, g, v } = parameters;
    if (as === undefined) return false;
    if (as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io' && v === 'v2') return true;
  }
  return false;
};

export const accepts = (request: FastifyRequest, type: string): boolean =>
  parseAccept(request.headers.accept).some((range) => range.type === type);
