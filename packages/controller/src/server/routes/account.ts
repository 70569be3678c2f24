// Owns the page of one's own account and the script of our pages. What is changed there goes through routes/own.ts.
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { UserIdentity } from '../../auth/identity.ts';
import { accountPage } from '../account-page.ts';
import { scriptPath, seeOther, showPage } from '../pages.ts';
import { siteOf } from './arrival.ts';
import { addRoute, type RouteContext } from './context.ts';
import { toCredentialView } from './credential-view.ts';
import { asksPassword, credentialIdOf, waitsForFactor } from './own.ts';

const scriptFile = new URL('../browser/sign-in.mjs', import.meta.url);

/** Why this person can have no passkeys here; '': they can. */
const obstacleTo = (request: FastifyRequest, { uid = '', name }: UserIdentity): string => {
  if (uid === '') return `There is no User object "${name}" that could have passkeys: make it first.`;
  const { rpId } = siteOf(request);
  if (isIP(rpId.replace(/^\[|\]$/g, '')) === 0) return '';
  return `Browsers make passkeys for names only: open this page at the name of the controller, not at ${rpId}.`;
};

const show = async (context: RouteContext, request: FastifyRequest, reply: FastifyReply): Promise<string> => {
  const { cookie } = request.headers;
  const person = await context.auth.authenticate({ cookie }).catch(() => undefined);
  if (person?.kind !== 'user') return seeOther(reply, '/?next=%2Faccount');
  const { name, uid = '' } = person;
  const rows = await context.store.credentials.ofUser(name);
  const viewsOf = (kind: 'session' | 'token') =>
    rows.filter((row) => row.kind === kind).map((row) => toCredentialView(row, credentialIdOf(person)));
  const page = accountPage({
    user: name,
    noPasskeys: obstacleTo(request, person),
    passkeys: await context.people.passkeys.list({ name, uid }),
    waits: waitsForFactor(person),
    asksPassword: !waitsForFactor(person) && (await asksPassword(context, uid)),
    sessions: viewsOf('session'),
    tokens: viewsOf('token'),
  });
  return showPage(reply, 200, page);
};

export const addAccountRoutes = async (app: FastifyInstance, context: RouteContext): Promise<void> => {
  const script = await readFile(scriptFile, 'utf8');
  addRoute(app, 'GET', scriptPath, { kind: 'public' }, async (_request, reply) => {
    reply.header('cache-control', 'no-cache').type('text/javascript; charset=utf-8');
    return script;
  });
  // Whoever is not signed in is sent to the sign-in page, not refused.
  addRoute(app, 'GET', '/account', { kind: 'public' }, (request, reply) => show(context, request, reply));
};
