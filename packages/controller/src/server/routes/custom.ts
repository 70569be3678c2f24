// Owns the paths of kinds that users defined: which kind a path is about is looked up for each request, so that what is
// defined, changed or taken away holds for the next one. What is done with it is what is done with every kind.
import { ApiError, type Kind } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Verb } from '../../auth/permissions.ts';
import { customAccess } from '../access.ts';
import { addRoute, type Handler, type Method, parameter, type RouteContext, warner } from './context.ts';
import { readHandlers } from './read.ts';
import { scaleHandlers } from './scale.ts';
import { writeHandlers } from './write.ts';

const handlersOf = (context: RouteContext, kind: Kind) => ({
  read: readHandlers(context, kind),
  write: writeHandlers(context, kind),
  scale: scaleHandlers(context, kind),
});
type Handlers = ReturnType<typeof handlersOf>;

/** Where the path is: in a namespace, or not. 'all': over all namespaces, or of a kind without. */
type Place = 'namespace' | 'cluster' | 'all';

const isAt = (kind: Kind, place: Place): boolean =>
  place === 'all' || (kind.scope === 'Namespaced') === (place === 'namespace');

const hasSubresource = (kind: Kind, name: string): boolean =>
  name === '' || (name === 'status' ? kind.hasStatus : kind.subresources.includes(name));

const notFound = (request: FastifyRequest): ApiError =>
  new ApiError(
    'NotFound',
    `cannot find ${(request.url.split('?', 1)[0] ?? '').slice(0, 300)}: the server could not find the requested resource`,
  );

/** Finds the kind of a request, and hands it on. */
const createFinder = (context: RouteContext) => {
  const known = new WeakMap<Kind, Handlers>();
  return (request: FastifyRequest, reply: FastifyReply, place: Place, subresource: string): Handlers => {
    const [group, version, plural] = ['group', 'version', 'plural'].map((name) => parameter(request, name));
    const kind = context.resources.customKind(group ?? '', version ?? '', plural ?? '');
    if (kind === undefined || !isAt(kind, place) || !hasSubresource(kind, subresource))
      throw notFound(request);
    if (kind.custom?.warning !== undefined) warner(reply)(kind.custom.warning);
    const handlers = known.get(kind) ?? handlersOf(context, kind);
    known.set(kind, handlers);
    return handlers;
  };
};

export const addCustomRoutes = (app: FastifyInstance, context: RouteContext): void => {
  const find = createFinder(context);
  const root = '/apis/:group/:version';
  const places: readonly (readonly [Place, string])[] = [
    ['cluster', `${root}/:plural`],
    ['namespace', `${root}/namespaces/:namespace/:plural`],
  ];
  type Choose = (handlers: Handlers) => Handler;
  for (const [place, collection] of places) {
    const add = (method: Method, path: string, verb: Verb | 'read', choose: Choose, subresource = '') =>
      addRoute(app, method, path, customAccess(verb, subresource), (request, reply) =>
        // A collection without a namespace is that of all namespaces.
        choose(find(request, reply, verb === 'read' ? 'all' : place, subresource))(request, reply),
      );
    const item = `${collection}/:name`;
    add('GET', collection, 'read', ({ read }) => read.collection);
    add('POST', collection, 'create', ({ write }) => write.create);
    add('DELETE', collection, 'deletecollection', ({ write }) => write.deleteCollection);
    add('GET', item, 'get', ({ read }) => read.one);
    add('PUT', item, 'update', ({ write }) => write.update());
    add('PATCH', item, 'patch', ({ write }) => write.patch());
    add('DELETE', item, 'delete', ({ write }) => write.remove);
    add('GET', `${item}/status`, 'get', ({ read }) => read.one, 'status');
    add('PUT', `${item}/status`, 'update', ({ write }) => write.update('status'), 'status');
    add('PATCH', `${item}/status`, 'patch', ({ write }) => write.patch('status'), 'status');
    add('GET', `${item}/scale`, 'get', ({ scale }) => scale.get, 'scale');
    add('PUT', `${item}/scale`, 'update', ({ scale }) => scale.update, 'scale');
    add('PATCH', `${item}/scale`, 'patch', ({ scale }) => scale.patch, 'scale');
  }
};
