// Owns how requests come into the audit trail.
// I1: what a request changes in the store has its row in the same transaction (store/audit-scope.ts). Whatever else a
//     request that may change something came to - refused, a dry run, nothing to change, an effect outside the store - has
//     its row durable before it is answered. Of reads, and of questions about permissions, only those that were refused
//     have one.
// I2: nothing of a body stands in a row but names, where a run is to go, and its command line with secrets masked.
// I3: who is nobody known cannot fill the disk with rows: a few a minute, then they are counted.
import { ApiError, type AuditEntry, allKinds, resourceKey } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { auditedAs } from '../auth/identity.ts';
import type { Attributes } from '../auth/permissions.ts';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import type { AuditScope, Store } from '../store/store.ts';
import { type Access, attributesOf } from './access.ts';
import { workFields } from './audit-work.ts';
import { pathOf } from './errors.ts';
import { isTrue, type Query } from './query.ts';
import { createStrangerRows, type StrangerRows } from './stranger-rows.ts';

export interface AuditDeps {
  readonly store: Pick<Store, 'audit'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly refusal?: (() => string | undefined) | undefined;
}

interface RequestAudit extends AuditDeps {
  readonly requestId: string;
  readonly scope: AuditScope;
  /** Set when even the row about a failure could not be written. */
  isGivenUp: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    audit: RequestAudit | null;
  }
}

/** What is not a resource with verbs. */
const named: Readonly<Record<string, Pick<AuditEntry, 'verb' | 'resource'>>> = {
  '/sign-in': { verb: 'sign-in', resource: 'links' },
  '/auth/sign-out': { verb: 'sign-out', resource: 'sessions' },
};
const maxText = 300;

const plain = (text: string): string => text.slice(0, maxText).replace(/[^\x20-\x7e]/g, '?');
const present = <T>(key: string, value: T | '' | undefined): Readonly<Record<string, T>> =>
  value === undefined || value === '' ? {} : { [key]: value };

const isRead = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD';

/** A piece of an upload says nothing: its end does, which makes the content known. */
const isPiece = (request: FastifyRequest): boolean =>
  request.routeOptions.url === '/content/*' &&
  !(request.method === 'POST' && pathOf(request).endsWith('/finish'));

/** What is asked with POST and changes nothing: access reviews. */
const questions: ReadonlySet<string> = new Set(allKinds.filter((kind) => kind.transient).map(resourceKey));

const isQuestion = (access: Access): boolean =>
  access.kind === 'resource' && access.verb === 'create' && questions.has(access.resource);

const mayChange = (request: FastifyRequest): boolean => {
  const { url, config } = request.routeOptions;
  if (url === '/sign-in') return true;
  return !isRead(request) && config.access !== undefined && !isPiece(request) && !isQuestion(config.access);
};

const targetOf = ({ verb, resource, subresource, namespace, name }: Attributes) => {
  const dot = resource.indexOf('.');
  return {
    verb,
    resource: dot < 0 ? resource : resource.slice(0, dot),
    ...present('group', dot < 0 ? '' : resource.slice(dot + 1)),
    ...present('subresource', subresource),
    ...present('namespace', namespace),
    ...present('name', name),
  };
};

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** The name in a body that is created under it. */
const bodyName = (request: FastifyRequest): string => {
  const { name, generateName } = fieldsOf(fieldsOf(request.body)['metadata']);
  if (typeof name === 'string' && name !== '') return name.slice(0, 253);
  return typeof generateName === 'string' && generateName !== '' ? `${generateName.slice(0, 253)}*` : '';
};

const isDry = (request: FastifyRequest): boolean => {
  const given = fieldsOf(request.body)['dryRun'];
  return isTrue(request.query as Query, 'dryRun') || (Array.isArray(given) && given.length > 0);
};

const askedFor = (request: FastifyRequest): Pick<AuditEntry, 'verb' | 'resource'> => {
  const { url = '', config } = request.routeOptions;
  const { access } = config;
  if (access?.kind !== 'resource')
    return named[url] ?? { verb: request.method.toLowerCase(), resource: plain(pathOf(request)) };
  const attributes = attributesOf(request, access);
  const name = attributes.name === '' && attributes.verb === 'create' ? bodyName(request) : attributes.name;
  return { ...targetOf({ ...attributes, ...present('name', name) }), ...workFields(access, request.body) };
};

/** Who, from where, and what: all but how it ended. */
const beginningOf = (request: FastifyRequest, requestId: string, nowMs: number) => {
  return {
    time: new Date(nowMs).toISOString(),
    requestId,
    ...auditedAs(request.identity),
    ...askedFor(request),
    ...present('address', request.ip),
    ...present('userAgent', plain(request.headers['user-agent'] ?? '')),
    ...(isDry(request) ? { dryRun: true } : {}),
  };
};

const audited = (request: FastifyRequest, deps: AuditDeps): RequestAudit => {
  const requestId = newId();
  // What the writes of a request tell is true at that moment: its answer is on the way.
  const entry = (): AuditEntry => {
    const beginning = beginningOf(request, requestId, deps.clock.nowMs());
    return { ...beginning, decision: 'allow', code: beginning.verb === 'create' ? 201 : 200 };
  };
  return { ...deps, requestId, scope: { entry, rows: 0 }, isGivenUp: false };
};

/** Runs the handler of a request; what it writes belongs to it. Throws ServiceUnavailable when nothing may be changed. */
export const runAudited = <T>({ audit }: FastifyRequest, handle: () => Promise<T>): Promise<T> => {
  if (audit === null) return handle();
  const why = audit.refusal?.();
  if (why !== undefined) throw new ApiError('ServiceUnavailable', `cannot accept changes: ${why}`);
  return audit.store.audit.within(audit.scope, handle);
};

/** For handlers that answer by themselves: the row is written before they begin, without the answer's code. */
export const recordBefore = async (request: FastifyRequest): Promise<void> => {
  const { audit } = request;
  if (audit === null) return;
  const beginning = beginningOf(request, audit.requestId, audit.clock.nowMs());
  await audit.store.audit.append({ ...beginning, name: plain(pathOf(request)), decision: 'allow' });
};

const linkRefused = 'Unauthorized: the link was used, has expired or is none of ours';

/** Why a request was refused: the reason's word, and for who may not, the words. Others may quote what was sent (I2). */
const refusalOf = (code: number, payload: unknown): string => {
  if (typeof payload !== 'string') return '';
  try {
    const { reason = '', message = '' } = JSON.parse(payload) as { reason?: string; message?: string };
    return code === 401 || code === 403 ? `${reason}: ${message}` : reason;
  } catch {
    // A page for people: only signing in is refused with one.
    return code === 401 ? linkRefused : '';
  }
};

const isDenied = (code: number): boolean => code === 401 || code === 403 || code === 429;

/** The row of a request as it is answered; undefined when there is to be none. */
const endingOf = (
  request: FastifyRequest,
  audit: RequestAudit,
  { code, payload, strangers }: { code: number; payload: unknown; strangers: StrangerRows },
): AuditEntry | undefined => {
  const beginning = beginningOf(request, audit.requestId, audit.clock.nowMs());
  const isCollection = beginning.verb === 'deletecollection';
  if (audit.scope.rows > 0 && code < 400 && !isCollection) return undefined;
  const uncounted = request.identity === null ? strangers.take(request.ip) : 0;
  if (uncounted === undefined) return undefined;
  const why = code < 400 ? '' : refusalOf(code, payload);
  const reason = uncounted === 0 ? why : `${why} (${uncounted} more were not recorded)`;
  return {
    ...beginning,
    decision: isDenied(code) ? 'deny' : 'allow',
    code,
    ...present('reason', reason),
  };
};

/** Refused reads of who showed something: a user who may not, a token that is not one. */
const isRefusedRead = (request: FastifyRequest, code: number): boolean => {
  const { access } = request.routeOptions.config;
  if (access === undefined || access.kind === 'public') return false;
  const { authorization, cookie } = request.headers;
  return code === 403 || (code === 401 && (authorization ?? cookie) !== undefined);
};

/** Installs I1 on the application; call before any other hook that may refuse. */
export const installAudit = (app: FastifyInstance, deps: AuditDeps): void => {
  const strangers = createStrangerRows(deps.clock);
  app.decorateRequest('audit', null);
  app.addHook('onRequest', async (request, reply) => {
    if (!mayChange(request)) return;
    request.audit = audited(request, deps);
    reply.header('audit-id', request.audit.requestId);
  });
  app.addHook('onSend', async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    const code = reply.statusCode;
    const audit = request.audit ?? (isRefusedRead(request, code) ? audited(request, deps) : null);
    if (audit === null || audit.isGivenUp) return payload;
    const entry = endingOf(request, audit, { code, payload, strangers });
    if (entry === undefined) return payload;
    try {
      await deps.store.audit.append(entry);
    } catch (error) {
      deps.log.error({ err: error, path: pathOf(request) }, 'cannot write the audit trail');
      audit.isGivenUp = true;
      // What was refused may be told; what was done may not be told as done.
      if (code < 400) throw error;
    }
    return payload;
  });
};
