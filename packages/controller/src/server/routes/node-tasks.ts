// Owns /api/v1/nodes/<name>/tasks: what a node was asked to do, newest first, as a page or as a stream of changes.
// I1: only tasks of works that the caller may get are shown: a right to a node is none to what others run.
import { type Kind, nodeKind, resourceKey, type Task } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Identity } from '../../auth/identity.ts';
import type { TaskRow } from '../../store/store.ts';
import { identityOf, resourceAccess } from '../access.ts';
import { integer, isTrue, queryOf } from '../query.ts';
import { addRoute, parameter, type RouteContext } from './context.ts';
import { workKinds } from './work.ts';

const pageRows = 100;
const maxPageRows = 1_000;

interface WorkName {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** By uid. Works are few (they are swept when old), and their tasks many. */
const worksOf = ({ resources }: RouteContext): ReadonlyMap<string, WorkName> =>
  new Map(
    workKinds.flatMap((kind) =>
      resources
        .list(kind)
        .items.map(({ metadata: { uid = '', namespace = '', name = '', labels = {} } }) => [
          uid,
          { kind, namespace, name, labels },
        ]),
    ),
  );

type Shown = Task & Omit<WorkName, 'kind'> & { readonly kind: string };

/** I1. */
const visible = (context: RouteContext, identity: Identity, rows: readonly TaskRow[]): readonly Shown[] => {
  if (rows.length === 0) return [];
  const works = worksOf(context);
  return rows.flatMap(({ journalId: _, ...task }) => {
    const work = works.get(task.work);
    if (work === undefined) return [];
    const { kind, namespace, name, labels } = work;
    const wish = { verb: 'get', resource: resourceKey(kind), namespace, name };
    return context.auth.authorize(identity, wish).allowed
      ? [{ ...task, kind: kind.kind, namespace, name, labels }]
      : [];
  });
};

const lines = (tasks: readonly Shown[]): string =>
  tasks.map((task) => `${JSON.stringify({ type: 'TASK', task })}\n`).join('');

/** What there is, oldest first, and then each change. */
const watch = async (
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<undefined> => {
  const node = parameter(request, 'name');
  const identity = identityOf(request);
  const limit = integer(queryOf(request), 'limit', maxPageRows) || pageRows;
  const settings = {
    contentType: 'application/json',
    slowMs: context.limits.slowStreamMs,
    mayEndAnyTime: true,
  };
  await context.streams.run(reply, settings, async ({ signal, write }) => {
    const changed = new Map<string, TaskRow>();
    let wake = (): void => undefined;
    const stop = context.store.tasks.onChange((tasks) => {
      for (const task of tasks) if (task.node === node) changed.set(task.id, task);
      if (changed.size > 0) wake();
    });
    signal.addEventListener('abort', () => wake());
    try {
      const known = await context.store.tasks.ofNode(node, limit);
      await write(lines(visible(context, identity, known.toReversed())));
      await write('{"type":"READY"}\n');
      while (!signal.aborted) {
        const rows = [...changed.values()];
        changed.clear();
        await write(lines(visible(context, identity, rows)));
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (changed.size > 0 || signal.aborted) resolve();
        });
      }
    } finally {
      stop();
    }
  });
  return undefined;
};

export const addNodeTaskRoutes = (app: FastifyInstance, context: RouteContext): void => {
  const access = resourceAccess('get', 'nodes', 'tasks');
  addRoute(app, 'GET', '/api/v1/nodes/:name/tasks', access, async (request, reply) => {
    const node = parameter(request, 'name');
    context.resources.get(nodeKind, '', node);
    const query = queryOf(request);
    if (isTrue(query, 'watch')) return watch(context, request, reply);
    const limit = integer(query, 'limit', maxPageRows) || pageRows;
    const rows = await context.store.tasks.ofNode(node, limit);
    return JSON.stringify({ items: visible(context, identityOf(request), rows) });
  });
};
