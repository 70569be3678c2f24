// Owns the paths of signing in and out, for browsers (forms of our page) and programs (JSON).
// I1: a sign-in that a page of another site sends is refused: it would sign somebody in as another.
// I2: after signing in a browser goes to a path of this server only (safe-path.ts).
// I3: who signs in gets a new session; one that they brought along ends.
import { ApiError } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { identityName } from '../../auth/identity.ts';
import type { SignInOutcome } from '../../auth/people/sign-in.ts';
import { isSameOrigin } from '../access.ts';
import { tellAbout, tellRefused } from '../audit.ts';
import { formType, installForms, mediaType, objectBody } from '../body.ts';
import { type PageView, prefixOf, viewOf } from '../page-view.ts';
import { seeOther, showPage, signInFailedPage, signInPage, startPage } from '../pages.ts';
import { first, queryOf } from '../query.ts';
import { maxPath, safePath } from '../safe-path.ts';
import { endBroughtSession, originOf, siteOf } from './arrival.ts';
import { addRoute, type RouteContext, success } from './context.ts';
import { providersOf } from './oidc.ts';
import { waitsForFactor } from './own.ts';

const maxText = 1_000;

const textOf = (body: Readonly<Record<string, unknown>>, name: string, max = maxText): string => {
  const value = body[name] ?? '';
  if (typeof value === 'string' && value.length <= max) return value;
  throw new ApiError('Invalid', `cannot sign in: ${name} must be a text of at most ${max} characters`);
};

/** Where the form says to go on. */
const nextOf = (request: FastifyRequest): string => safePath(textOf(objectBody(request), 'next', maxPath));

const isForm = (request: FastifyRequest): boolean => mediaType(request) === formType;

const refused = (): ApiError =>
  new ApiError('Unauthorized', 'cannot sign in: user, password or code is wrong, or the user is disabled', {
    causes: [{ reason: 'Refused', message: 'user, password or code is wrong' }],
  });

const codeNeeded = (): ApiError =>
  new ApiError('Unauthorized', 'cannot sign in: the code of your app is needed too', {
    causes: [{ reason: 'SecondFactorRequired', message: 'a code is needed', field: 'code' }],
  });

const passkeyNeeded = (): ApiError =>
  new ApiError('Unauthorized', 'cannot sign in: use your passkey, a password alone does not do here', {
    causes: [{ reason: 'PasskeyRequired', message: 'a passkey is needed', field: 'password' }],
  });

/** In the language of the page, where it is one of the usual ones. */
const wordsOf = ({ words }: PageView, { message, details }: ApiError): string => {
  if (details?.retryAfterSeconds !== undefined) return words.slowed(details.retryAfterSeconds);
  switch (details?.causes?.[0]?.reason) {
    case 'SecondFactorRequired':
      return words.codeNeeded;
    case 'PasskeyRequired':
      return words.passkeyNeeded;
    case 'Refused':
      return words.refused;
    default:
      return message;
  }
};

/** Shown again, so that it need not be typed again: only what can be nothing but a name. */
const plainName = (text: string): string => (/^[\w.@-]{1,100}$/.test(text) ? text : '');

/** What went wrong, as a page or as a Status. */
const answerProblem = (
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  error: ApiError,
  why = error.message,
): string => {
  // The answer tells whoever does not get in less (auth/people/sign-in.ts I1), and a page has it in a language of theirs.
  const user = textOf(objectBody(request), 'user');
  tellRefused(request, `${error.reason}: ${why}`);
  if (!isForm(request)) throw error;
  const { details } = error;
  if (details?.retryAfterSeconds !== undefined)
    reply.header('retry-after', String(details.retryAfterSeconds));
  const next = nextOf(request);
  const view = viewOf(request);
  return showPage(
    reply,
    error.code,
    signInPage(view, {
      next,
      problem: wordsOf(view, error),
      user: plainName(user),
      providers: providersOf(context, next),
    }),
  );
};

const answerSignedIn = async (
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: Extract<SignInOutcome, { kind: 'entered' }>,
): Promise<string> => {
  await endBroughtSession(context, request);
  reply.header('set-cookie', outcome.cookie).header('cache-control', 'no-store');
  if (!isForm(request)) return JSON.stringify({ enrolOnly: outcome.enrolOnly });
  return seeOther(reply, `${prefixOf(request)}${nextOf(request)}`);
};

const signIn = async (context: RouteContext, request: FastifyRequest, reply: FastifyReply) => {
  // I1
  if (!isSameOrigin(request.headers))
    throw new ApiError('Forbidden', 'cannot sign in: a page of another site has asked for it');
  const body = objectBody(request);
  const [user, password, code] = ['user', 'password', 'code'].map((name) => textOf(body, name));
  const wanted = { user: user ?? '', password: password ?? '', code: code ?? '', ...originOf(request) };
  tellAbout(request, context.people.signIn.knownName(wanted.user) ?? '');
  try {
    const outcome = await context.people.signIn.byPassword(wanted);
    switch (outcome.kind) {
      case 'entered':
        return await answerSignedIn(context, request, reply, outcome);
      case 'code-needed':
        return answerProblem(context, request, reply, codeNeeded());
      case 'passkey-needed':
        return answerProblem(context, request, reply, passkeyNeeded());
      case 'refused':
        return answerProblem(context, request, reply, refused(), `cannot sign in: ${outcome.why}`);
    }
  } catch (error) {
    // What went wrong at a directory and what is slowed is told on the page, as the rest.
    if (error instanceof ApiError && error.reason !== 'Invalid')
      return answerProblem(context, request, reply, error);
    throw error;
  }
};

const takeLink = async (context: RouteContext, request: FastifyRequest, reply: FastifyReply) => {
  const query = queryOf(request);
  const link = first(query, 'link');
  const session = link === undefined ? undefined : await context.auth.takeLink(link, originOf(request));
  if (session === undefined) return showPage(reply, 401, signInFailedPage(viewOf(request)));
  await context.people.signIn.noteLink(session.user);
  await endBroughtSession(context, request);
  reply.header('set-cookie', session.cookie);
  // I2
  return seeOther(reply, `${prefixOf(request)}${safePath(first(query, 'next'))}`);
};

const start = async (context: RouteContext, request: FastifyRequest, reply: FastifyReply) => {
  const { cookie } = request.headers;
  const view = viewOf(request);
  const next = safePath(first(queryOf(request), 'next'));
  const identity = await context.auth.authenticate({ cookie }).catch(() => undefined);
  if (identity !== undefined) {
    // In the console one goes on where one wanted to go, and enrols a second factor where that is asked first.
    if (context.console !== undefined)
      return seeOther(reply, `${view.prefix}${next === '/' ? '/console/' : next}`);
    return showPage(reply, 200, startPage(view, identityName(identity), waitsForFactor(identity)));
  }
  return showPage(
    reply,
    200,
    signInPage(view, { next, problem: '', user: '', providers: providersOf(context, next) }),
  );
};

/** A passkey, by the script of our pages (browser/sign-in.mjs). */
const addPasskey = (app: FastifyInstance, context: RouteContext): void => {
  const { passkeys, signIn } = context.people;
  addRoute(app, 'POST', '/auth/passkey/options', { kind: 'public' }, async (request, reply) => {
    reply.header('cache-control', 'no-store');
    return JSON.stringify(await passkeys.begin(siteOf(request)));
  });
  addRoute(app, 'POST', '/auth/passkey', { kind: 'public' }, async (request, reply) => {
    // I1
    if (!isSameOrigin(request.headers))
      throw new ApiError('Forbidden', 'cannot sign in: a page of another site has asked for it');
    const uid = await passkeys.finish(siteOf(request), objectBody(request));
    const outcome = uid === undefined ? undefined : await signIn.byPasskey(uid, originOf(request));
    if (outcome?.kind === 'refused') {
      tellRefused(request, `Unauthorized: cannot sign in: ${outcome.why}`);
      tellAbout(request, outcome.user ?? '');
    }
    if (outcome?.kind !== 'entered')
      throw new ApiError(
        'Unauthorized',
        'cannot sign in: the passkey is not known here, or the user is disabled',
      );
    return answerSignedIn(context, request, reply, outcome);
  });
};

export const addSignInRoutes = async (app: FastifyInstance, context: RouteContext): Promise<void> => {
  addRoute(app, 'GET', '/', { kind: 'public' }, (request, reply) => start(context, request, reply));
  addRoute(app, 'GET', '/sign-in', { kind: 'public' }, (request, reply) => takeLink(context, request, reply));
  addPasskey(app, context);
  await app.register(async (scope) => {
    installForms(scope, context.limits);
    addRoute(scope, 'POST', '/auth/sign-in', { kind: 'public' }, (request, reply) =>
      signIn(context, request, reply),
    );
    addRoute(
      scope,
      'POST',
      '/auth/sign-out',
      { kind: 'signed-in', takesForm: true },
      async (request, reply) => {
        const { authorization, cookie } = request.headers;
        const forgotten = await context.auth.signOut({ authorization, cookie });
        reply.header('set-cookie', forgotten.cookie);
        if (!isForm(request)) return success;
        return seeOther(reply, `${prefixOf(request)}/`);
      },
    );
  });
};
