// Owns the Kubernetes paths of every kind: which path and method is which operation. Those that users define are in custom.ts.
import { type Kind, resourceKey } from '@drover/api';
import type { FastifyInstance } from 'fastify';
import type { Verb } from '../../auth/permissions.ts';
import { type Access, resourceAccess } from '../access.ts';

import { addRoute, type Handler, type Method, type RouteContext } from './context.ts';
import { readHandlers } from './read.ts';
import { writeHandlers } from './write.ts';

/** Path before the plural: core kinds under /api, all others under /apis. */
const prefixOf = (kind: Pick<Kind, 'group' | 'version'>): string =>
  kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;

/** Path of the collection that objects are created in. */
export const collectionPath = (kind: Kind): string =>
  `${prefixOf(kind)}${kind.scope === 'Namespaced' ? '/namespaces/:namespace' : ''}/${kind.plural}`;

type Add = (
  method: Method,
  path: string,
  verb: Verb | 'read',
  handler: Handler,
  subresource?: string,
) => void;

const addSubresource = (
  add: Add,
  item: string,
  name: 'status' | 'approval',
  read: Handler,
  write: ReturnType<typeof writeHandlers>,
): void => {
  const path = `${item}/${name}`;
  add('GET', path, 'get', read, name);
  add('PUT', path, 'update', write.update(name), name);
  add('PATCH', path, 'patch', write.patch(name), name);
};

const addKind = (app: FastifyInstance, context: RouteContext, kind: Kind): void => {
  const read = readHandlers(context, kind);
  const write = writeHandlers(context, kind);
  const key = resourceKey(kind);
  const add: Add = (method, path, verb, handler, subresource = '') => {
    const access: Access = resourceAccess(verb, key, subresource);
    addRoute(app, method, path, access, handler);
  };
  const collection = collectionPath(kind);
  const item = `${collection}/:name`;
  add('GET', collection, 'read', read.collection);
  add('POST', collection, 'create', write.create);
  add('DELETE', collection, 'deletecollection', write.deleteCollection);
  add('GET', item, 'get', read.one);
  add('PUT', item, 'update', write.update());
  add('PATCH', item, 'patch', write.patch());
  add('DELETE', item, 'delete', write.remove);
  if (kind.scope === 'Namespaced') add('GET', `${prefixOf(kind)}/${kind.plural}`, 'read', read.collection);
  if (kind.hasStatus) addSubresource(add, item, 'status', read.one, write);
  if (kind.subresources.includes('approval')) addSubresource(add, item, 'approval', read.one, write);
  if (kind.subresources.includes('finalize')) {
    add('PUT', `${item}/finalize`, 'update', write.update('finalize'), 'finalize');
  }
};

export const addKindRoutes = (app: FastifyInstance, context: RouteContext): void => {
  const own = context.resources.kinds.filter(
    (kind) => kind.custom === undefined && kind.transient !== true && kind.computed !== true,
  );
  for (const kind of own) addKind(app, context, kind);
};
