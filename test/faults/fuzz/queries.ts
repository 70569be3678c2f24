// Owns the door of paths and queries: names, selectors, node-sets, options, on everything that can be read.
import { commandRuns } from '@drover/client';
import fc from 'fast-check';
import { type Ask, type Door, expectClean, type Ground, hold } from './ground.ts';
import { samples } from './samples.ts';
import { hostileText } from './values.ts';

const parameters = [
  'limit',
  'continue',
  'labelSelector',
  'fieldSelector',
  'resourceVersion',
  'resourceVersionMatch',
  'dryRun',
  'fieldValidation',
  'fieldManager',
  'includeObject',
  'cursor',
  'offset',
  'node',
  'stream',
  'state',
  'x',
];

/** Near the grammar of label and field selectors. */
const selector = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom('a', 'metadata.name', 'status.phase', 'example.org/a', '!a'), hostileText),
      fc.constantFrom('=', '==', '!=', ' in ', ' notin ', '', '>', '=='),
      fc.oneof(fc.constantFrom('b', '(b,c)', '(', ')', '()', '(,)', '\\'), hostileText),
    ),
    { maxLength: 4 },
  )
  .map((terms) => terms.map((term) => term.join('')).join(','));

/** Near the grammar of node-sets; some would be astronomically many nodes. */
export const nodeSet = fc
  .array(
    fc.constantFrom(
      ...[
        'web',
        '[1-20]',
        '[001-100/7]',
        '[1-999999999]',
        '[5-1]',
        '[',
        ']',
        '-',
        ',',
        '!',
        '&',
        '^',
        '*',
        '?',
        '@db',
      ],
      ...['@', '@*', '[1-1000]', '[0-9,a]', '{1,2}', '..', '/', '%', ' ', 'é'],
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(''));

const value = fc.oneof(hostileText, selector, fc.bigInt().map(String));
const query = fc
  .array(fc.tuple(fc.constantFrom(...parameters), value), { maxLength: 4 })
  .map((pairs) => pairs.map(([key, text]) => `${key}=${encodeURIComponent(text.toWellFormed())}`).join('&'));
/** Not even encoded; only what node's own client refuses to send is left out. */
const rawQuery = fc.string({ maxLength: 60 }).map((text) => text.replace(/[^\x21-\x7e]|#/g, '%'));

const name = fc
  .oneof(fc.constant('fuzz'), hostileText)
  .map((text) => encodeURIComponent(text.toWellFormed()));
const subresource = fc.constantFrom(
  '',
  '',
  '/status',
  '/results',
  '/log',
  '/fold',
  '/facts',
  '/approval',
  '/x',
);
const collection = fc.constantFrom(...samples.map((sample) => sample.collection));
const objectPath = fc
  .tuple(collection, name, subresource)
  .map((parts) => `${parts[0]}/${parts[1]}${parts[2]}`);
const otherPath = fc.oneof(
  fc.constantFrom(
    '/api',
    '/apis',
    '/openapi/v3',
    '/version',
    '/metrics',
    '/recordings',
    '/audit',
    '/audit/verify',
    '/healthz',
    '/content/x',
  ),
  name.map((text) => `/recordings/${text}`),
  name.map((text) => `/openapi/v3/apis/${text}`),
  name.map((text) => `/apis/${text}/v1/x`),
  name.map((text) => `/agents/${text}/update`),
  rawQuery.map((text) => `/${text}`),
);

const accepts = [
  'application/json',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'x',
  '*/*;q=nan',
  ',,,;=',
];

const reading: fc.Arbitrary<Ask> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'OPTIONS', 'TRACE', 'PUT'),
  path: fc
    .tuple(fc.oneof(collection, objectPath, otherPath), fc.oneof(query, rawQuery))
    // A watch would be served for an hour: others test it.
    .map(([path, rest]) => `${path}?${rest.replaceAll('watch', 'w').replaceAll('follow', 'f')}`),
  headers: fc.constantFrom(...accepts).map((accept) => ({ accept })),
});

const runOn = nodeSet.map((set) => ({
  method: 'POST',
  path: '/apis/drover.dev/v1alpha1/namespaces/default/commandruns',
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(
    JSON.stringify({
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'CommandRun',
      metadata: { generateName: 'set-' },
      spec: { argv: ['true'], targets: { nodeSet: set } },
    }),
  ),
}));

/**
 * Legal work on very many nodes needs its memory, which is not given back: it is taken before growth is measured.
 * None of the nodes exists, so nothing runs.
 */
const runOnMany = async ({ client }: Ground): Promise<void> => {
  const name = 'many';
  await client.create(commandRuns, {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'CommandRun',
    metadata: { name },
    spec: { argv: ['true'], targets: { nodeSet: 'web[1-20000]' } },
  });
  const signal = AbortSignal.timeout(120_000);
  await client.waitFor(commandRuns, name, (run) => run?.status?.completionTime !== undefined, { signal });
};

export const queriesDoor: Door = {
  name: 'paths, selectors, node-sets and queries',
  share: 0.25,
  open: async (ground) => {
    await runOnMany(ground);
    return {
      fuzz: (runs) => {
        const asks = fc.oneof({ arbitrary: reading, weight: 8 }, { arbitrary: runOn, weight: 1 });
        return hold(runs, asks, async (one) => {
          expectClean(await ground.ask(one), { ...one, body: one.body?.toString() });
        });
      },
    };
  },
};
