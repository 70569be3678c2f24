// Owns the paths by which a command line signs in through a browser (auth/people/cli-grants.ts has the rules).
// I1: only a person with a session without bounds, who may make API tokens, can let one in; asked again as the token is made.
// I2: the answer comes from our own page: a form of another site is refused (access.ts I3), and it would not know the ticket.
import { ApiError } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Identity, UserIdentity } from '../../auth/identity.ts';
import { type CliWish, parseCliWish } from '../../auth/people/cli-grants.ts';
import { toTimestamp } from '../../platform/clock.ts';
import { identityOf, permit } from '../access.ts';
import { installForms, objectBody } from '../body.ts';
import { cliPage } from '../cli-page.ts';
import { prefixOf, viewOf } from '../page-view.ts';
import { onPage, seeOther, showPage } from '../pages.ts';
import { first, queryOf } from '../query.ts';
import { addRoute, type RouteContext } from './context.ts';
import { asFreePerson, textOf, waitsForFactor } from './own.ts';

const what = 'let a command line sign in';

/** I1. @throws ApiError Forbidden. */
const asPermitted = ({ auth }: RouteContext, identity: Identity): UserIdentity => {
  if (waitsForFactor(identity))
    throw new ApiError(
      'Forbidden',
      `cannot ${what}: a second factor is asked of you; add one at /account, sign in with it, and begin anew`,
    );
  const person = asFreePerson(identity, what);
  // As POST /auth/tokens, which it comes to.
  const url = { verb: 'post', path: '/auth/tokens' };
  permit(auth, person, { verb: 'create', resource: 'tokens', url });
  return person;
};

const wishOf = (request: FastifyRequest): CliWish => {
  const query = queryOf(request);
  const names = ['challenge', 'port', 'state', 'from', 'seconds'] as const;
  return parseCliWish(Object.fromEntries(names.map((name) => [name, first(query, name) ?? ''])));
};

const ask = async (context: RouteContext, request: FastifyRequest, reply: FastifyReply): Promise<string> => {
  const { auth, people, clock } = context;
  const { cookie } = request.headers;
  const identity = await auth.authenticate({ cookie }).catch(() => undefined);
  return onPage(request, reply, async () => {
    const wish = wishOf(request);
    if (identity === undefined)
      return seeOther(reply, `${prefixOf(request)}/?next=${encodeURIComponent(request.url)}`);
    const person = asPermitted(context, identity);
    const ticket = await people.cliGrants.ask(person, wish);
    const endsAt = toTimestamp(clock.nowMs() + wish.expiresSeconds * 1000);
    return showPage(reply, 200, cliPage(viewOf(request), person.name, wish, { ticket, endsAt }));
  });
};

const answer = (context: RouteContext, request: FastifyRequest, reply: FastifyReply): Promise<string> =>
  onPage(request, reply, async () => {
    const person = asPermitted(context, identityOf(request));
    const body = objectBody(request);
    const isAllowed = textOf(body, 'answer') === 'allow';
    return seeOther(reply, await context.people.cliGrants.answer(person, textOf(body, 'ticket'), isAllowed));
  });

const redeem = async (
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<string> => {
  const { auth, people } = context;
  const body = objectBody(request);
  const found = await people.cliGrants.redeem(textOf(body, 'code'), textOf(body, 'verifier'));
  if (found === undefined || !(await auth.isStillGood(found.person)))
    throw new ApiError('Unauthorized', `cannot ${what}: the code was used, has expired or is not for it`);
  const { wish } = found;
  const person = asPermitted(context, found.person);
  const { token } = await auth.createToken(person.name, {
    description: `drover login of ${wish.from}`,
    expiresSeconds: wish.expiresSeconds,
  });
  reply.header('cache-control', 'no-store');
  return JSON.stringify({ token, user: person.name });
};

export const addCliSignInRoutes = async (app: FastifyInstance, context: RouteContext): Promise<void> => {
  // Whoever is not signed in is sent to the sign-in page, and comes back.
  addRoute(app, 'GET', '/auth/cli', { kind: 'public' }, (request, reply) => ask(context, request, reply));
  addRoute(app, 'POST', '/auth/cli/token', { kind: 'public' }, (request, reply) =>
    redeem(context, request, reply),
  );
  await app.register(async (scope) => {
    installForms(scope, context.limits);
    addRoute(scope, 'POST', '/auth/cli', { kind: 'signed-in', takesForm: true }, (request, reply) =>
      answer(context, request, reply),
    );
  });
};
