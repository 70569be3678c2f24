// Owns how requests come into the audit trail.
// I1: what a request changes in the store has its row in the same transaction (store/audit-scope.ts). Whatever else a
//     request that may change something came to - refused, a dry run, nothing to change, an effect outside the store - has
//     its row durable before it is answered. Of reads, and of questions about permissions, only those that were refused
//     have one.
// I2: nothing of a body stands in a row but names, where a run is to go, its command line with secrets masked, and what a
//     policy says for the trail: its words are those of whoever may write policies.
// I3: who is nobody known cannot fill the disk with rows: a few a minute, then they are counted.
import { ApiError, type AuditEntry, allKinds, resourceKey } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Admit } from '../auth/admission.ts';
import { auditedAs } from '../auth/identity.ts';
import type { Attributes } from '../auth/permissions.ts';
import type { PolicyNote } from '../auth/policy/verdict.ts';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import type { AuditScope, CredentialRow, Store } from '../store/store.ts';
import { type Access, attributesOf } from './access.ts';
import { workFields } from './audit-work.ts';
import { pathOf } from './errors.ts';
import type { Forwarder } from './forward.ts';
import { isTrue, type Query } from './query.ts';
import { createStrangerRows, type StrangerRows } from './stranger-rows.ts';

export interface AuditDeps {
  readonly store: Pick<Store, 'audit'>;
  readonly clock: Clock;
  readonly log: Log;
  /** From where a request came that another controller handed on. */
  readonly forwarder: Pick<Forwarder, 'origin'>;
  readonly refusal?: (() => string | undefined) | undefined;
}

interface RequestAudit extends AuditDeps {
  readonly requestId: string;
  readonly scope: AuditScope;
  /** What policies had to say; of several writes, of the last. */
  policyNote: PolicyNote | undefined;
  /** Set when even the row about a failure could not be written. */
  isGivenUp: boolean;
  /** What was decided about it besides that it is allowed; '': nothing. */
  note: string;
  /** Whom or what it is about, where the path does not say so; '': neither. */
  about: string;
  /** Why it is refused, in words that may stand in a row, where the answer does not say so; '': the answer does. */
  why: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    audit: RequestAudit | null;
  }
}

/** What is not a resource with verbs. */
const named: Readonly<Record<string, Pick<AuditEntry, 'verb' | 'resource'>>> = {
  '/sign-in': { verb: 'sign-in', resource: 'links' },
  '/auth/sign-in': { verb: 'sign-in', resource: 'passwords' },
  '/auth/passkey': { verb: 'sign-in', resource: 'passkeys' },
  '/auth/oidc/:method/callback': { verb: 'sign-in', resource: 'providers' },
  '/auth/cli/token': { verb: 'sign-in', resource: 'command-lines' },
  '/auth/sign-out': { verb: 'sign-out', resource: 'sessions' },
};
const maxText = 300;
const maxReason = 1_000;
const maxEnded = 20;

type Ended = Pick<CredentialRow, 'kind' | 'id'>;

const plain = (text: string): string => text.slice(0, maxText).replace(/[^\x20-\x7e]/g, '?');

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
  if (url === '/auth/passkey/options') return false;
  if (url !== undefined && named[url] !== undefined) return true;
  return !isRead(request) && config.access !== undefined && !isPiece(request) && !isQuestion(config.access);
};

/**
 * A row while it is put together. It is on the way of every change: one object, filled field by field. Spreading small ones
 * into each other takes three times as long, and so does sending what comes of it to the store's thread.
 */
type Draft = { -readonly [K in keyof AuditEntry]: AuditEntry[K] };

const fillTarget = (draft: Draft, attributes: Attributes): void => {
  const { verb, resource, subresource = '', namespace = '', name = '' } = attributes;
  const dot = resource.indexOf('.');
  draft.verb = verb;
  draft.resource = dot < 0 ? resource : resource.slice(0, dot);
  if (dot >= 0) draft.group = resource.slice(dot + 1);
  if (subresource !== '') draft.subresource = subresource;
  if (namespace !== '') draft.namespace = namespace;
  if (name !== '') draft.name = name;
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

const fillAsked = (draft: Draft, request: FastifyRequest): void => {
  const { url = '', config } = request.routeOptions;
  const { access } = config;
  if (access?.kind !== 'resource' && access?.kind !== 'custom') {
    const { verb, resource } = named[url] ?? {
      verb: request.method.toLowerCase(),
      resource: pathOf(request),
    };
    draft.verb = verb;
    draft.resource = plain(resource);
    return;
  }
  fillTarget(draft, attributesOf(request, access));
  const name = draft.name === undefined && draft.verb === 'create' ? bodyName(request) : '';
  if (name !== '') draft.name = name;
  if (access.kind === 'resource') Object.assign(draft, workFields(access, request.body));
};

/** Who, from where, and what: all but how it ended. */
const draftOf = (
  request: FastifyRequest,
  { requestId, clock, note, about, policyNote, forwarder }: RequestAudit,
): Draft => {
  const time = new Date(clock.nowMs()).toISOString();
  const draft: Draft = { time, requestId, user: '', verb: '', resource: '', decision: 'allow' };
  Object.assign(draft, auditedAs(request.identity));
  fillAsked(draft, request);
  const { method, url, headers } = request;
  const address = forwarder.origin({ method, url, headers }) ?? request.ip;
  if (address !== '') draft.address = address;
  const userAgent = plain(request.headers['user-agent'] ?? '');
  if (userAgent !== '') draft.userAgent = userAgent;
  if (isDry(request)) draft.dryRun = true;
  if (about !== '') draft.name = about;
  if (note !== '') draft.reason = note;
  const annotations = policyNote?.annotations;
  if (annotations !== undefined && Object.keys(annotations).length > 0) draft.annotations = annotations;
  return draft;
};

const audited = (request: FastifyRequest, deps: AuditDeps): RequestAudit => {
  // What the writes of a request tell is true at that moment: its answer is on the way.
  const entry = (): AuditEntry => {
    const draft = draftOf(request, audit);
    draft.code = draft.verb === 'create' ? 201 : 200;
    return draft;
  };
  const audit: RequestAudit = {
    ...deps,
    requestId: newId(),
    scope: { entry, rows: 0 },
    isGivenUp: false,
    note: '',
    about: '',
    why: '',
    policyNote: undefined,
  };
  return audit;
};

/** Tells the client and the audit trail what came up as an object was admitted. */
export const tellAdmitted = (
  { audit }: FastifyRequest,
  admitted: Pick<Awaited<ReturnType<Admit>>, 'warnings' | 'note'> | undefined,
  onWarning: ((message: string) => void) | undefined,
): void => {
  for (const warning of admitted?.warnings ?? []) onWarning?.(warning);
  if (audit !== null && admitted?.note !== undefined) audit.note = admitted.note;
};

/**
 * Tells the audit trail why a request is refused, which is answered with a page or in fewer words.
 * What was said first counts: it was nearest.
 */
export const tellRefused = ({ audit }: FastifyRequest, why: string): void => {
  if (audit === null) return;
  if (audit.why === '') audit.why = why.slice(0, maxReason);
};

/** Tells the audit trail whom or what a request is about that is none about an object: of what is known here only. */
export const tellAbout = ({ audit }: FastifyRequest, name: string): void => {
  if (audit !== null) audit.about = name;
};

/** Tells the audit trail which sessions and tokens a request has ended. */
export const tellEnded = ({ audit }: FastifyRequest, ended: readonly Ended[]): void => {
  if (audit === null) return;
  const named = ended.slice(0, maxEnded).map(({ kind, id }) => `${kind}/${id}`);
  const more = ended.length - named.length;
  audit.note = `ended ${named.join(', ') || 'none'}${more > 0 ? ` and ${more} more` : ''}`;
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
  await audit.store.audit.append({ ...draftOf(request, audit), name: plain(pathOf(request)) });
};

const linkRefused = 'Unauthorized: the link was used, has expired or is none of ours';
const otherRefused = 'Unauthorized: the sign-in was refused';

/**
 * Why a request was refused: the reason's word, and for who may not, or must not by a policy, the words. Others may quote
 * what was sent (I2).
 */
const refusalOf = (code: number, payload: unknown, url: string | undefined, isByPolicy: boolean): string => {
  if (typeof payload !== 'string') return '';
  try {
    const { reason = '', message = '' } = JSON.parse(payload) as { reason?: string; message?: string };
    return code === 401 || code === 403 || isByPolicy ? `${reason}: ${message}`.slice(0, maxReason) : reason;
  } catch {
    // A page for people: only signing in is refused with one.
    if (code !== 401) return '';
    return url === '/sign-in' ? linkRefused : otherRefused;
  }
};

const isOfMany = ({ routeOptions: { config } }: FastifyRequest): boolean =>
  (config.access?.kind === 'resource' || config.access?.kind === 'custom') &&
  config.access.verb === 'deletecollection';

const isDenied = (code: number): boolean => code === 401 || code === 403 || code === 429;

/** The row of a request as it is answered; undefined when there is to be none. */
const endingOf = (
  request: FastifyRequest,
  audit: RequestAudit,
  { code, payload, strangers }: { code: number; payload: unknown; strangers: StrangerRows },
): AuditEntry | undefined => {
  // On the way of every change: nothing is put together that is not needed.
  if (audit.scope.rows > 0 && code < 400 && !isOfMany(request)) return undefined;
  const uncounted = request.identity === null ? strangers.take(request.ip) : 0;
  if (uncounted === undefined) return undefined;
  const denial = code < 400 ? undefined : audit.policyNote?.denial;
  const told = code < 400 ? '' : refusalOf(code, payload, request.routeOptions.url, denial !== undefined);
  const why = code < 400 || audit.why === '' ? told : audit.why;
  const reason = uncounted === 0 ? why : `${why} (${uncounted} more were not recorded)`;
  const draft = draftOf(request, audit);
  if (isDenied(code) || denial !== undefined) draft.decision = 'deny';
  draft.code = code;
  if (reason !== '') draft.reason = reason;
  return draft;
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
  app.addHook('onRequest', (request, reply, done) => {
    if (mayChange(request)) {
      request.audit = audited(request, deps);
      reply.header('audit-id', request.audit.requestId);
    }
    done();
  });
  app.addHook('onSend', (request: FastifyRequest, reply: FastifyReply, payload: unknown, done) => {
    const code = reply.statusCode;
    const audit = request.audit ?? (isRefusedRead(request, code) ? audited(request, deps) : null);
    const entry =
      audit === null || audit.isGivenUp ? undefined : endingOf(request, audit, { code, payload, strangers });
    if (audit === null || entry === undefined) {
      done(null, payload);
      return;
    }
    const giveUp = (error: Error): void => {
      deps.log.error({ err: error, path: pathOf(request) }, 'cannot write the audit trail');
      audit.isGivenUp = true;
      // What was refused may be told; what was done may not be told as done.
      if (code < 400) done(error);
      else done(null, payload);
    };
    deps.store.audit
      .append(entry)
      .then(() => done(null, payload), giveUp)
      .catch(done);
  });
};
