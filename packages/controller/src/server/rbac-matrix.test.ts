// What roles allow, asked of the real server: every verb of every route that asks for a right, for every ready role. The
// routes are those that the server has registered, so that one which is added has to be promised to somebody, or to nobody.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Access } from './access.ts';
import type { Ground } from './test-ground.ts';
import { bind, call, tokenOf } from './test-people.ts';
import { openGroundWithRoutes, type Route } from './test-routes.ts';
import { codesOf, exchange, head } from './test-wire.ts';

/**
 * The promise. `nobody`: signed in, without a role. read: get list watch; write: create update patch delete deletecollection;
 * all: both; modify: get update patch; -: nothing. The last lines are paths (access.ts PlainResource) and the kinds that users
 * defined. Of all this `cluster-admin` may everything.
 */
const promises = `
  resource                                                            nobody view   edit   admin  operator
  configmaps                                                          -      read   all    all    read
  events                                                              -      read   all    all    read
  namespaces                                                          -      read   read   read   read
  namespaces/status                                                   -      get    get    get    get
  namespaces/finalize                                                 -      -      -      -      -
  nodes                                                               -      read   read   read   all
  nodes/status                                                        -      get    get    get    get
  nodes/facts                                                         -      get    get    get    get
  nodes/tasks                                                         -      get    get    get    get
  nodes/shell                                                         -      -      -      -      create
  nodes.metrics.k8s.io                                                -      read   read   read   read
  pods                                                                -      list   list   list   list
  resourcequotas                                                      -      read   read   read   read
  resourcequotas/status                                               -      get    get    get    get
  secrets                                                             -      -      all    all    -
  serviceaccounts                                                     -      read   all    all    read
  serviceaccounts/token                                               -      -      create create -
  serviceaccounts/credentials                                         -      -      get+delete get+delete -
  leases.coordination.k8s.io                                          -      read   all    all    read

  commandruns.drover.dev                                              -      read   read   read   all
  commandruns.drover.dev/status                                       -      get    get    get    get
  commandruns.drover.dev/results                                      -      get    get    get    get
  commandruns.drover.dev/log                                          -      get    get    get    get
  commandruns.drover.dev/fold                                         -      get    get    get    get
  commandruns.drover.dev/approval                                     -      -      -      -      modify
  filetransfers.drover.dev                                            -      read   read   read   all
  filetransfers.drover.dev/status                                     -      get    get    get    get
  filetransfers.drover.dev/results                                    -      get    get    get    get
  filetransfers.drover.dev/log                                        -      get    get    get    get
  filetransfers.drover.dev/fold                                       -      get    get    get    get
  filetransfers.drover.dev/approval                                   -      -      -      -      modify
  savedcommands.drover.dev                                            -      read   read   read   all
  schedules.drover.dev                                                -      read   read   read   all
  schedules.drover.dev/status                                         -      get    get    get    get
  enrollmenttokens.drover.dev                                         -      -      -      -      all
  enrollmenttokens.drover.dev/status                                  -      -      -      -      get
  sshenrollments.drover.dev                                           -      -      -      -      all
  sshenrollments.drover.dev/status                                    -      -      -      -      get
  certificatesigningrequests.certificates.k8s.io                      -      -      -      -      read
  certificatesigningrequests.certificates.k8s.io/status               -      -      -      -      -
  certificatesigningrequests.certificates.k8s.io/approval             -      -      -      -      modify

  runpolicies.drover.dev                                              -      read   read   read   read
  retentionpolicies.drover.dev                                        -      read   read   read   read
  retentionpolicies.drover.dev/status                                 -      get    get    get    get
  validatingadmissionpolicies.admissionregistration.k8s.io            -      read   read   read   read
  validatingadmissionpolicies.admissionregistration.k8s.io/status     -      get    get    get    get
  validatingadmissionpolicybindings.admissionregistration.k8s.io      -      read   read   read   read
  customresourcedefinitions.apiextensions.k8s.io                      -      -      -      -      -
  customresourcedefinitions.apiextensions.k8s.io/status               -      -      -      -      -

  groups.drover.dev                                                   -      -      -      -      -
  signinmethods.drover.dev                                            -      -      -      -      -
  users.drover.dev                                                    -      -      -      -      -
  users.drover.dev/status                                             -      -      -      -      -
  users.drover.dev/password                                           -      -      -      -      -
  users.drover.dev/link                                               -      -      -      -      -
  users.drover.dev/sessions                                           -      -      -      -      -
  users.drover.dev/secondfactor                                       -      -      -      -      -
  clusterroles.rbac.authorization.k8s.io                              -      -      -      -      -
  clusterrolebindings.rbac.authorization.k8s.io                       -      -      -      -      -
  roles.rbac.authorization.k8s.io                                     -      -      -      all    -
  rolebindings.rbac.authorization.k8s.io                              -      -      -      all    -
  selfsubjectreviews.authentication.k8s.io                            create create create create create
  selfsubjectaccessreviews.authorization.k8s.io                       create create create create create
  selfsubjectrulesreviews.authorization.k8s.io                        create create create create create
  localsubjectaccessreviews.authorization.k8s.io                      -      -      -      create -
  subjectaccessreviews.authorization.k8s.io                           -      -      -      -      -

  path:agents                                                         -      -      -      -      update+delete
  path:audit                                                          -      -      -      -      -
  path:backups                                                        -      -      -      -      -
  path:certificates                                                   create create create create create
  path:content                                                        -      -      -      -      get+create+update
  path:drain                                                          -      -      -      -      -
  path:encryption                                                     -      -      -      -      -
  path:join                                                           -      -      -      -      -
  path:metrics                                                        -      -      -      -      get
  path:recordings                                                     -      -      -      -      get+list
  path:server-status                                                  -      -      -      -      get
  path:support-bundle                                                 -      -      -      -      -
  path:tokens                                                         create create create create create
  custom                                                              -      -      -      -      -
  custom/status                                                       -      -      -      -      -
  custom/scale                                                        -      -      -      -      -
`;

const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const [reads, writes] = [verbs.slice(0, 3), verbs.slice(3)];
const shorts: Readonly<Record<string, readonly string[]>> = {
  read: reads,
  write: writes,
  all: verbs,
  modify: ['get', 'update', 'patch'],
  '-': [],
};

/** In the order of `verbs`. */
const toText = (some: ReadonlySet<string>): string => verbs.filter((verb) => some.has(verb)).join(' ');

const [[, ...roles] = [], ...lines] = promises
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => line.trim().split(/\s+/));

/** Resource → verbs, of one column. */
const promisedTo = (role: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    lines.map(([resource = '', ...columns]) => {
      const cell = columns[roles.indexOf(role)] ?? '';
      return [resource, toText(new Set(shorts[cell] ?? cell.split('+')))];
    }),
  );

let ground: Ground;
let routes: readonly Route[];
beforeAll(async () => {
  const opened = await openGroundWithRoutes();
  ground = opened;
  routes = opened.routes;
});
afterAll(() => ground.close());

interface Question {
  readonly resource: string;
  readonly verb: string;
  readonly method: string;
  readonly path: string;
}

type Asking = Extract<Access, { kind: 'resource' | 'custom' }>;

const resourceOf = (access: Asking): string => {
  if (access.kind === 'resource' && access.isPath === true) return `path:${access.resource}`;
  const name = access.kind === 'custom' ? 'custom' : access.resource;
  return (access.subresource ?? '') === '' ? name : `${name}/${access.subresource}`;
};

/** What routes ask for whose path and method do not say it as those of Kubernetes do. */
const exceptions: Readonly<Record<string, string>> = {
  'GET /api/v1/pods': 'list pods',
  'GET /api/v1/nodes/:name/shell': 'create nodes/shell',
  'POST /agents/:name/update': 'update path:agents',
  'POST /agents/:name/uninstall': 'delete path:agents',
  'GET /audit': 'list path:audit',
  'GET /audit/verify': 'get path:audit',
  'POST /auth/certificates': 'create path:certificates',
  'POST /auth/tokens': 'create path:tokens',
  'GET /backups': 'list path:backups',
  'POST /backups': 'create path:backups',
  'GET /backups/:id': 'get path:backups',
  'GET /content/*': 'get path:content',
  'HEAD /content/*': 'get path:content',
  'POST /content/*': 'create path:content',
  'PUT /content/*': 'update path:content',
  'GET /drain': 'get path:drain',
  'POST /drain': 'create path:drain',
  'GET /encryption': 'get path:encryption',
  'POST /encryption/rotate': 'update path:encryption',
  'GET /join/config': 'get path:join',
  'GET /metrics': 'get path:metrics',
  'GET /recordings': 'list path:recordings',
  'GET /recordings/:name': 'get path:recordings',
  'GET /server-status': 'get path:server-status',
  'POST /support-bundle': 'create path:support-bundle',
};

const ofOne = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
const ofMany = { ...ofOne, GET: 'read', DELETE: 'deletecollection' };

const kubernetesPath =
  /^\/(?:api|apis\/(?<group>[^/]+))\/[^/]+(?:\/namespaces\/:namespace(?=\/))?\/(?<plural>[^/]+)(?<name>\/:name(?:\/(?<part>\w+))?)?/;

/** What the route has to ask for, as its path and method say it. */
const askedByName = ({ method, url }: Route): string => {
  const { group, plural, name, part } = kubernetesPath.exec(url)?.groups ?? {};
  const verb = (name === undefined ? ofMany : ofOne)[method as keyof typeof ofOne];
  const resource = group === undefined ? plural : `${plural}.${group}`;
  const known = resource === ':plural.:group' ? 'custom' : resource;
  return exceptions[`${method} ${url}`] ?? `${verb} ${known}${part === undefined ? '' : `/${part}`}`;
};

it('each route asks for the right to what its path names', () => {
  const told = (route: Route, asks: string): string => `${route.method} ${route.url}: ${asks}`;
  const asking = routes.flatMap((route) => {
    const { access } = route;
    return access.kind === 'resource' || access.kind === 'custom' ? [{ route, access }] : [];
  });
  expect(asking.map(({ route, access }) => told(route, `${access.verb} ${resourceOf(access)}`))).toEqual(
    asking.map(({ route }) => told(route, askedByName(route))),
  );
  expect(asking.length).toBeGreaterThan(300);
});

const places: Readonly<Record<string, string>> = {
  ':namespace': 'default',
  ':group': 'example.com',
  ':version': 'v1',
  ':plural': 'widgets',
};

/** Requests that have next to no effect even where they are allowed: what they name is not there. */
const questionsOf = ({ method, url, access }: Route): readonly Question[] => {
  if (access.kind === 'public' || access.kind === 'signed-in') return [];
  const path = url.replace(/:\w+|\*/g, (place) => places[place] ?? 'absent');
  const question = { resource: resourceOf(access), method };
  switch (access.verb) {
    case 'read':
      return [
        { ...question, verb: 'list', path },
        { ...question, verb: 'watch', path: `${path}?watch=true` },
      ];
    case 'deletecollection':
      return [{ ...question, verb: access.verb, path: `${path}?labelSelector=no=such` }];
    default:
      return [{ ...question, verb: access.verb, path }];
  }
};

const takesBody = (method: string): boolean => ['POST', 'PUT', 'PATCH'].includes(method);

const codeOf = async (token: string | null, { method, path, verb }: Question): Promise<number> => {
  const body = takesBody(method) ? { body: {} } : {};
  return (await call(ground, { method, path, token, headOnly: verb === 'watch', ...body })).code;
};

/** Allowed or not has been said: neither "who are you", nor "later", nor "something went wrong". */
const isAnswer = (code: number): boolean => code !== 401 && code !== 429 && code < 500;

const atOnce = 16;

/** Resource → verbs for which the server does more than refuse; each path of a verb must say the same. */
const allowedTo = async (token: string): Promise<Readonly<Record<string, string>>> => {
  const questions = routes.flatMap(questionsOf);
  const [said, contrary, odd] = [new Map<string, Map<string, boolean>>(), new Set(), new Set()];
  for (let at = 0; at < questions.length; at += atOnce) {
    const some = questions.slice(at, at + atOnce);
    const codes = await Promise.all(some.map((one) => codeOf(token, one)));
    for (const [index, { resource, verb, method, path }] of some.entries()) {
      const code = codes[index] ?? 0;
      const isAllowed = code !== 403;
      if (!isAnswer(code)) odd.add(`${method} ${path}: ${code}`);
      const ofResource = said.get(resource) ?? new Map<string, boolean>();
      said.set(resource, ofResource);
      if ((ofResource.get(verb) ?? isAllowed) !== isAllowed) contrary.add(`${verb} ${resource}`);
      ofResource.set(verb, isAllowed);
    }
  }
  expect([...odd]).toEqual([]);
  expect([...contrary]).toEqual([]);
  const allowed = (ofResource: ReadonlyMap<string, boolean>) =>
    toText(new Set([...ofResource].flatMap(([verb, isAllowed]) => (isAllowed ? [verb] : []))));
  return Object.fromEntries([...said].map(([resource, ofResource]) => [resource, allowed(ofResource)]));
};

const patientMs = 120_000;

it.each(roles)(
  '%s may what is promised, and nothing else',
  async (role) => {
    const user = `matrix-${role}`;
    if (role !== 'nobody') await bind(ground, user, role);
    expect(await allowedTo(await tokenOf(ground, user))).toEqual(promisedTo(role));
  },
  patientMs,
);

it.each([...roles, 'cluster-admin'])('%s gets a shell in a WebSocket when it is promised', async (role) => {
  const user = `shell-${role}`;
  if (role !== 'nobody') await bind(ground, user, role);
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const token = await tokenOf(ground, user);
  const path = '/api/v1/nodes/absent/shell';
  const request = head({ token }, 'GET', path, ...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
  const isPromised = role === 'cluster-admin' || promisedTo(role)['nodes/shell'] === 'create';
  expect(codesOf(await exchange(ground, request, 10_000))).toEqual([isPromised ? '404' : '403']);
});

it(
  'cluster-admin may everything',
  async () => {
    await bind(ground, 'matrix-all', 'cluster-admin');
    const everything = new Map<string, Set<string>>();
    for (const { resource, verb } of routes.flatMap(questionsOf))
      everything.set(resource, (everything.get(resource) ?? new Set()).add(verb));
    const expected = Object.fromEntries([...everything].map(([resource, some]) => [resource, toText(some)]));
    expect(await allowedTo(await tokenOf(ground, 'matrix-all'))).toEqual(expected);
  },
  patientMs,
);

it(
  'who shows nothing is asked who they are, whatever they want to do',
  async () => {
    const questions = routes.flatMap(questionsOf);
    expect(questions.length).toBeGreaterThan(300);
    const codes: number[] = [];
    for (const question of questions) codes.push(await codeOf(null, question));
    expect(questions.filter((_, index) => codes[index] !== 401)).toEqual([]);
  },
  patientMs,
);
