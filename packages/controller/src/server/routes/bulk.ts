// Owns the paths of bulk facts under objects: results, log and fold of a work; facts of a node.
import { apiVersionOf, nodeKind, resourceKey } from '@drover/api';
import type { FastifyInstance } from 'fastify';
import { toTimestamp } from '../../platform/clock.ts';
import type { CertificateRow } from '../../store/store.ts';
import { resourceAccess } from '../access.ts';
import { addRoute, type Handler, parameter, type RouteContext } from './context.ts';
import { foldHandler } from './fold.ts';
import { collectionPath } from './kinds.ts';
import { logHandler } from './log.ts';
import { resultsHandler } from './results.ts';
import { type WorkContext, workKinds } from './work.ts';

/** The certificate that the agent last connected with. */
const toView = ({ serial, fingerprint, notBeforeMs, notAfterMs, revokedAtMs }: CertificateRow) => ({
  serial,
  fingerprint,
  notBefore: toTimestamp(notBeforeMs),
  notAfter: toTimestamp(notAfterMs),
  revokedAt: revokedAtMs === 0 ? null : toTimestamp(revokedAtMs),
});

const factsHandler =
  ({ resources, store }: RouteContext): Handler =>
  async (request) => {
    const name = parameter(request, 'name');
    resources.get(nodeKind, '', name);
    const row = await store.agents.get(name);
    if (row === undefined)
      return JSON.stringify({ facts: {}, heartbeat: null, agent: null, certificate: null });
    const { facts, heartbeat, ...agent } = row;
    const certificate = await store.credentials.certificate(row.serial);
    return JSON.stringify({ facts, heartbeat, agent, certificate: certificate && toView(certificate) });
  };

/** Containers come with a later version; until then there truly are none, and `kubectl describe node` asks. */
const noPods = JSON.stringify({
  kind: 'PodList',
  apiVersion: apiVersionOf({ group: '', version: 'v1' }),
  metadata: { resourceVersion: '' },
  items: [],
});

export const addBulkRoutes = (app: FastifyInstance, context: WorkContext): void => {
  for (const kind of workKinds) {
    const item = `${collectionPath(kind)}/:name`;
    const handlers = { results: resultsHandler, log: logHandler, fold: foldHandler };
    for (const [name, make] of Object.entries(handlers)) {
      const access = resourceAccess('get', resourceKey(kind), name);
      addRoute(app, 'GET', `${item}/${name}`, access, make(context, kind));
    }
  }
  const facts = resourceAccess('get', 'nodes', 'facts');
  addRoute(app, 'GET', '/api/v1/nodes/:name/facts', facts, factsHandler(context));
  addRoute(app, 'GET', '/api/v1/pods', resourceAccess('list', 'pods'), async () => noPods);
};
