// Who may call a route is declared with it (server/access.ts refuses a route that declares nothing). What is open to
// everybody, or to everybody who is signed in, is a closed list: a longer one is a decision, to be made here. So is where
// else in the controller it is asked who somebody is and what they may.
import { expect, test } from 'vitest';
import { codeOf, isTest, sourcesOf } from './sources.ts';

const sources = sourcesOf(['.ts']).filter(
  ({ path }) => path.startsWith('packages/controller/src/server/') && !isTest(path),
);
const nameOf = (path: string): string => path.replace('packages/controller/src/server/', '');

/** 'file: path' of every use of a kind of access, in order. */
const declared = (kind: 'public' | 'signed-in'): readonly string[] => {
  const word = kind === 'public' ? "\\{ kind: 'public' \\}" : "(?:\\{ kind: 'signed-in'[^}]*\\}|signedIn)";
  const route = new RegExp(`addRoute\\(\\s*(?:app|scope),\\s*'[A-Z]+',\\s*([^,]+),\\s*${word},`, 'g');
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(route)].map(([, url = '']) => `${nameOf(path)}: ${url.replaceAll("'", '')}`),
  );
};

/** How often the word stands in the code at all: a declaration that is written in another way is seen here. */
const mentions = (kind: 'public' | 'signed-in'): readonly string[] =>
  sources.flatMap(({ path, text }) => [
    ...[...text.matchAll(new RegExp(`kind: '${kind}'`, 'g'))].map(() => nameOf(path)),
  ]);

test('what answers everybody is this, and nothing else', () => {
  expect([...declared('public')].sort()).toEqual([
    'routes/account.ts: /account', // sends who is not signed in to the sign-in page
    'routes/account.ts: scriptPath', // /sign-in.js
    'routes/cli-sign-in.ts: /auth/cli', // sends who is not signed in to the sign-in page
    'routes/cli-sign-in.ts: /auth/cli/token',
    'routes/console.ts: /console', // the page and its assets: what they show is asked of the API
    'routes/console.ts: /console/*',
    'routes/console.ts: /console/assets/*',
    'routes/discovery.ts: /version',
    'routes/health.ts: path', // /healthz, /livez, /readyz
    'routes/oidc.ts: /auth/oidc/:method/callback',
    'routes/oidc.ts: /auth/oidc/:method/start',
    'routes/operations.ts: /join/agent.py',
    'routes/operations.ts: /join/ca.pem',
    'routes/sign-in.ts: /',
    'routes/sign-in.ts: /auth/passkey',
    'routes/sign-in.ts: /auth/passkey/options',
    'routes/sign-in.ts: /auth/sign-in',
    'routes/sign-in.ts: /sign-in',
  ]);
  expect([...mentions('public')].sort()).toEqual([
    'access.ts', // the type
    'routes/account.ts',
    'routes/account.ts',
    'routes/cli-sign-in.ts',
    'routes/cli-sign-in.ts',
    'routes/console.ts',
    'routes/console.ts',
    'routes/console.ts',
    'routes/discovery.ts',
    'routes/health.ts',
    'routes/oidc.ts',
    'routes/oidc.ts',
    'routes/operations.ts',
    'routes/operations.ts',
    'routes/sign-in.ts',
    'routes/sign-in.ts',
    'routes/sign-in.ts',
    'routes/sign-in.ts',
    'routes/sign-in.ts',
  ]);
});

test('what answers everybody who is signed in is this, and nothing else', () => {
  expect([...declared('signed-in')].sort()).toEqual([
    'routes/cli-sign-in.ts: /auth/cli',
    'routes/discovery.ts: /api/v1',
    'routes/discovery.ts: /apis/:group',
    'routes/discovery.ts: /apis/:group/:version',
    'routes/discovery.ts: /openapi/v3',
    'routes/discovery.ts: /openapi/v3/api/:version',
    'routes/discovery.ts: /openapi/v3/apis/:group/:version',
    'routes/discovery.ts: path', // /api, /apis
    'routes/own.ts: /auth/account',
    'routes/own.ts: /auth/passkeys',
    'routes/own.ts: /auth/passkeys',
    'routes/own.ts: /auth/passkeys/:id/remove',
    'routes/own.ts: /auth/passkeys/options',
    'routes/own.ts: /auth/password',
    'routes/own.ts: /auth/sessions',
    'routes/own.ts: /auth/totp',
    'routes/own.ts: /auth/totp/confirm',
    'routes/own.ts: /auth/totp/remove',
    'routes/own.ts: one', // /auth/sessions/:id, /auth/tokens/:id
    'routes/own.ts: path', // /auth/sessions, /auth/tokens
    'routes/sign-in.ts: /auth/sign-out',
  ]);
  expect([...mentions('signed-in')].sort()).toEqual([
    'access.ts', // the type
    'routes/cli-sign-in.ts',
    'routes/discovery.ts', // signedIn
    'routes/methods.ts', // "this path does not take that method"
    'routes/own.ts', // signedIn
    'routes/sign-in.ts',
  ]);
});

const controller = sourcesOf(['.ts']).filter(
  ({ path }) => path.startsWith('packages/controller/src/') && !isTest(path),
);

/** Where the code says this, as often as it does. */
const saying = (words: RegExp): readonly string[] =>
  controller
    .flatMap(({ path, lines }) => {
      const times = lines.flatMap((line) => [...codeOf(line).matchAll(words)]);
      return times.map(() => path.replace('packages/controller/src/', ''));
    })
    .sort();

test('who may do what is decided in one place', () => {
  // What a route declares is asked before its handler is called. By name: imports, uses, and as a part of another's type.
  expect(saying(/\bpermit\b/g)).toEqual([
    'server/access.ts', // the function
    'server/access.ts', // for every route
    'server/routes/apply.ts',
    'server/routes/apply.ts', // an apply that creates: only then it is known that it does
    'server/routes/cli-sign-in.ts',
    'server/routes/cli-sign-in.ts', // a form asks for what POST /auth/tokens would be asked
    'server/shell.ts',
    'server/shell.ts', // a WebSocket is no route
  ]);
  expect(saying(/\bidentify\b/g)).toEqual([
    'server/access.ts', // the function
    'server/access.ts', // for every route
    'server/shell.ts',
    'server/shell.ts', // a WebSocket is no route
  ]);
});

test('who asks the authorizer itself, outside of its room, is this, and nobody else', () => {
  const isOurs = (path: string): boolean => !path.startsWith('auth/');
  expect(saying(/\bauthorize\(/g).filter(isOurs)).toEqual([
    'server/access.ts',
    'server/routes/node-tasks.ts', // of all tasks of a node, those whose runs one may see
    'server/routes/reviews.ts', // the question itself
  ]);
  expect(saying(/\bauthenticate\(/g).filter(isOurs)).toEqual([
    'server/access.ts',
    'server/routes/cli-sign-in.ts', // sends who is not signed in to the sign-in page
    'server/routes/sign-in.ts', // shows the start page to who is
    'ways-in.ts', // is the token of the administrator's file still good?
  ]);
});

test('a connection leaves HTTP at one door', () => {
  expect(saying(/\bon(?:ce)?\(\s*['"`]upgrade['"`]/g)).toEqual([
    'server/forward.ts', // the answer of another controller, to which it was handed on
    'server/server.ts', // to shell.ts, and to stream-door.ts
  ]);
  // What comes in at the door of streams is a request as all others, which meets every part.
  expect(saying(/\bemit\(\s*['"`]request['"`]/g)).toEqual(['server/stream-door.ts']);
});
