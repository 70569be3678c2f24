// Owns what the API says about itself: discovery, version, OpenAPI.
// I1: documents are made once for each list of kinds, which is another after every change (users define kinds).
import { createHash } from 'node:crypto';
import {
  ApiError,
  aggregatedDiscoveryType,
  type Kind,
  toAggregatedDiscovery,
  toApiGroup,
  toApiGroupList,
  toApiResourceList,
  toApiVersions,
  toOpenApiDocument,
  toOpenApiIndex,
} from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ownVersion } from '../../platform/version.ts';
import type { Access } from '../access.ts';
import { wantsAggregatedDiscovery } from '../negotiate.ts';
import { addRoute, parameter, type RouteContext } from './context.ts';

const signedIn: Access = { kind: 'signed-in' };

const version = {
  major: '1',
  minor: '35',
  gitVersion: `v1.35.0+drover-${ownVersion}`,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
};

interface Document {
  readonly text: string;
  readonly etag: string;
}

const toDocument = (value: unknown): Document => {
  const text = JSON.stringify(value);
  return { text, etag: `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"` };
};

type Kinds = () => readonly Kind[];

/** Makes each document at its first use. */
const createShelf = (kinds: Kinds): ((key: string, make: () => unknown) => Document) => {
  const documents = new Map<string, Document>();
  let made = kinds();
  return (key, make) => {
    if (made !== kinds()) documents.clear();
    made = kinds();
    const known = documents.get(key);
    if (known !== undefined) return known;
    const value = make();
    if (value === undefined) throw new ApiError('NotFound', `cannot find ${key}: no kind is served there`);
    const document = toDocument(value);
    documents.set(key, document);
    return document;
  };
};

const answer = (request: FastifyRequest, reply: FastifyReply, { text, etag }: Document): string => {
  reply.header('etag', etag).header('cache-control', 'no-cache, private').header('vary', 'Accept');
  if (request.headers['if-none-match'] !== etag) return text;
  reply.code(304);
  return '';
};

const addDiscovery = (app: FastifyInstance, kinds: Kinds): void => {
  const shelf = createShelf(kinds);
  const part = (path: string, name: 'core' | 'groups', legacy: () => unknown): void =>
    addRoute(app, 'GET', path, signedIn, async (request, reply) => {
      if (!wantsAggregatedDiscovery(request)) return answer(request, reply, shelf(path, legacy));
      reply.type(aggregatedDiscoveryType);
      return answer(
        request,
        reply,
        shelf(`${path} aggregated`, () => toAggregatedDiscovery(kinds(), name)),
      );
    });
  part('/api', 'core', () => toApiVersions());
  part('/apis', 'groups', () => toApiGroupList(kinds()));
  addRoute(app, 'GET', '/api/v1', signedIn, async (request, reply) =>
    answer(
      request,
      reply,
      shelf('/api/v1', () => toApiResourceList(kinds(), '', 'v1')),
    ),
  );
  addRoute(app, 'GET', '/apis/:group', signedIn, async (request, reply) => {
    const group = parameter(request, 'group');
    return answer(
      request,
      reply,
      shelf(`/apis/${group}`, () => toApiGroup(kinds(), group)),
    );
  });
  addRoute(app, 'GET', '/apis/:group/:version', signedIn, async (request, reply) => {
    const [group, v] = [parameter(request, 'group'), parameter(request, 'version')];
    return answer(
      request,
      reply,
      shelf(`/apis/${group}/${v}`, () => toApiResourceList(kinds(), group, v)),
    );
  });
};

const addOpenApi = (app: FastifyInstance, kinds: Kinds): void => {
  const shelf = createShelf(kinds);
  addRoute(app, 'GET', '/openapi/v3', signedIn, async (request, reply) =>
    answer(
      request,
      reply,
      shelf('/openapi/v3', () => toOpenApiIndex(kinds())),
    ),
  );
  const document = (path: string, group: string, v: string) =>
    shelf(path, () => toOpenApiDocument(kinds(), group, v));
  addRoute(app, 'GET', '/openapi/v3/api/:version', signedIn, async (request, reply) => {
    const v = parameter(request, 'version');
    return answer(request, reply, document(`/openapi/v3/api/${v}`, '', v));
  });
  addRoute(app, 'GET', '/openapi/v3/apis/:group/:version', signedIn, async (request, reply) => {
    const [group, v] = [parameter(request, 'group'), parameter(request, 'version')];
    return answer(request, reply, document(`/openapi/v3/apis/${group}/${v}`, group, v));
  });
};

export const addDiscoveryRoutes = (app: FastifyInstance, { resources }: RouteContext): void => {
  addRoute(app, 'GET', '/version', { kind: 'public' }, async () => JSON.stringify(version));
  addDiscovery(app, () => resources.kinds);
  addOpenApi(app, () => resources.kinds);
};
