// Owns the way to an OpenID provider and back: /auth/oidc/<method>/start and /callback.
// I1: only the browser that began comes back: its cookie (SameSite=Lax, since the provider sends it here) says so, and
//     serves for this one sign-in.
// I2: afterwards it goes to a path of this server only.
import { ApiError } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { methodsWith } from '../../auth/people/external-account.ts';
import { tellAbout, tellRefused } from '../audit.ts';
import { prefixOf, viewOf } from '../page-view.ts';
import { continuePage, onPage, type ProviderLink, seeOther, showPage } from '../pages.ts';
import { first, queryOf } from '../query.ts';
import { safePath } from '../safe-path.ts';
import { endBroughtSession, originOf } from './arrival.ts';
import { addRoute, parameter, type RouteContext } from './context.ts';

const cookieName = '__Host-drover-provider';
const waitSeconds = 600;
const maxQuery = 8_000;

const toCookie = (value: string, maxAge: number): string =>
  `${cookieName}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; Secure; SameSite=Lax`;

const cookieOf = ({ headers }: FastifyRequest): string =>
  (headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${cookieName}=`))
    ?.slice(cookieName.length + 1) ?? '';

/** What the sign-in page offers. */
export const providersOf = ({ resources }: RouteContext, next: string): readonly ProviderLink[] =>
  methodsWith(resources, 'oidc').map(({ name, spec }) => ({
    title: spec.displayName ?? name,
    path: `/auth/oidc/${name}/start?next=${encodeURIComponent(next)}`,
  }));

const begin = async ({ people }: RouteContext, request: FastifyRequest, reply: FastifyReply) => {
  const next = safePath(first(queryOf(request), 'next'));
  const origin = `https://${request.headers.host ?? ''}${prefixOf(request)}`;
  const { url, secret } = await people.oidc.begin(parameter(request, 'method'), { origin, next });
  reply.header('set-cookie', toCookie(secret, waitSeconds));
  return seeOther(reply, url);
};

const finish = async (context: RouteContext, request: FastifyRequest, reply: FastifyReply) => {
  const name = parameter(request, 'method');
  if (methodsWith(context.resources, 'oidc').some((one) => one.name === name)) tellAbout(request, name);
  const query = request.url.slice(request.url.indexOf('?') + 1);
  if (query.length > maxQuery) throw new ApiError('BadRequest', 'cannot sign in: the answer is too long');
  const back = { query, secret: cookieOf(request) };
  const { method, account, next } = await context.people.oidc.finish(name, back);
  const outcome = await context.people.signIn.byAccount(method, account, originOf(request));
  if (outcome.kind === 'refused')
    tellRefused(request, `Unauthorized: cannot sign in ${outcome.user ?? ''}: ${outcome.why}`);
  if (outcome.kind !== 'entered') throw new ApiError('Unauthorized', 'cannot sign in: the user is disabled');
  await endBroughtSession(context, request);
  reply.header('set-cookie', [outcome.cookie, toCookie('', 0)]);
  return showPage(reply, 200, continuePage(viewOf(request), next));
};

export const addOidcRoutes = (app: FastifyInstance, context: RouteContext): void => {
  addRoute(app, 'GET', '/auth/oidc/:method/start', { kind: 'public' }, (request, reply) =>
    onPage(request, reply, () => begin(context, request, reply)),
  );
  addRoute(app, 'GET', '/auth/oidc/:method/callback', { kind: 'public' }, (request, reply) =>
    onPage(request, reply, () => finish(context, request, reply)),
  );
};
