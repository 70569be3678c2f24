// The real command line signs in through a browser at the real server, with a real OpenID provider behind it.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { secretKind, signInMethodKind } from '../../packages/api/src/index.ts';
import { type Browser, openBrowser } from '../../packages/controller/src/server/test-browser.ts';
import { type Ground, openGround } from '../../packages/controller/src/server/test-ground.ts';
import { openProvider, type TestProvider } from '../../packages/controller/src/server/test-provider.ts';
import { drover } from '../harness/cli.ts';
import { Pty } from '../harness/pty.ts';

let ground: Ground;
let provider: TestProvider;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-login-'));
  process.env['DROVER_CONFIG'] = join(dir, 'config.json');
  ground = await openGround();
  await writeFile(join(dir, 'ca.pem'), ground.caPem);
  const tls = { ...(await ground.authority.serverTls(['127.0.0.1'])), caPem: ground.caPem };
  const redirects = [`${ground.address}/auth/oidc/corp/callback`];
  provider = await openProvider(tls, { id: 'drover', secret: 'planted', redirects });
  provider.claims.set('s-1', { preferred_username: 'ann', groups: [] });
  await ground.resources.create(secretKind, 'default', {
    metadata: { name: 'corp' },
    stringData: { secret: 'planted' },
  });
  const clientSecret = { namespace: 'default', name: 'corp', key: 'secret' };
  const { issuer } = provider;
  const oidc = { issuer, clientId: 'drover', clientSecret, caPem: ground.caPem, scopes: ['profile'] };
  const spec = { displayName: 'Corp', oidc };
  await ground.resources.create(signInMethodKind, '', { metadata: { name: 'corp' }, spec });
});
afterAll(async () => {
  await provider?.close();
  await ground?.close();
  await rm(dir, { recursive: true, force: true });
});

/** A login that waits, and the path of the page that it has printed. */
const begin = async (): Promise<{ readonly terminal: Pty; readonly path: string }> => {
  const ca = join(dir, 'ca.pem');
  const args = ['login', ground.address, '--ca-file', ca, '--browser', '--as', 'corp', '--expires', '1h'];
  const terminal = Pty.drover({ contextFile: '' }, ...args);
  await terminal.shows(/\/auth\/cli\?\S+\s/);
  return { terminal, path: /\/auth\/cli\?\S+/.exec(terminal.shown)?.[0] ?? '' };
};

/** What stands in a page's HTML between these texts. */
const cut = (html: string, before: string): string =>
  (html.split(before)[1]?.split('"', 1)[0] ?? '').replaceAll('&#38;', '&');

/** Signs in at the provider, whose link the sign-in page has, and comes back to the question. */
const question = async (browser: Browser, path: string): Promise<string> => {
  const toSignIn = await browser.send('GET', path);
  const page = await browser.send('GET', String(toSignIn.headers['location']));
  const begun = await browser.send('GET', cut(page.text, '<a class="button" href="'));
  const back = await provider.signIn(String(begun.headers['location']), 's-1');
  const entered = await browser.send('GET', back.slice(ground.address.length));
  return (await browser.send('GET', cut(entered.text, 'content="0;url='))).text;
};

const answerWith = async (answer: string): Promise<{ readonly terminal: Pty; readonly back: string }> => {
  const { terminal, path } = await begin();
  const browser = openBrowser(ground);
  const ticket = cut(await question(browser, path), 'name="ticket" value="');
  const { headers } = await browser.submit('/auth/cli', { ticket, answer });
  return { terminal, back: String(headers['location']) };
};

test('who has an account at the provider only signs in the command line, for the time that was said', async () => {
  const { terminal, back } = await answerWith('allow');
  const forged = new URL(back);
  forged.searchParams.set('state', 'made-up');
  for (const wrong of [forged.href, new URL('/favicon.ico', back).href])
    expect((await fetch(wrong)).status).toBe(400);
  expect(await (await fetch(back)).text()).toContain('goes on by itself');
  expect([await terminal.ended, terminal.shown]).toEqual([0, expect.stringContaining('let in by ann')]);
  const { contexts } = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')) as {
    readonly contexts: Readonly<Record<string, { readonly token: string }>>;
  };
  expect(terminal.shown).not.toContain(contexts['corp']?.token ?? '');
  const listed = await drover({ contextFile: '' }, ['--context', 'corp', 'api-token', 'list']);
  expect([listed.code, listed.stdout]).toEqual([0, expect.stringContaining('drover login of')]);
});

test('a refusal in the browser ends the login, which has left nothing', async () => {
  const tokens = async () => (await ground.store.credentials.list('token')).length;
  const before = await tokens();
  const { terminal, back } = await answerWith('refuse');
  expect(await (await fetch(back)).text()).toContain('was not let in');
  expect([await terminal.ended, terminal.shown]).toEqual([
    1,
    expect.stringContaining('cannot sign in: it was refused in the browser'),
  ]);
  expect(await tokens()).toBe(before);
});

test('a code that somebody else has used up is told with what to do', async () => {
  const { terminal, back } = await answerWith('allow');
  const code = new URL(back).searchParams.get('code');
  const thief = await openBrowser(ground).send('POST', '/auth/cli/token', { code, verifier: 'none' });
  expect(thief.code).toBe(401);
  await fetch(back);
  expect(await terminal.ended).toBe(1);
  expect(terminal.shown).toContain('the code was used, has expired or is not for it');
  expect(terminal.shown).toContain("begin anew with 'drover login --browser'");
});

test('a token that never ends is not asked for', async () => {
  const args = ['login', ground.address, '--ca-file', join(dir, 'ca.pem'), '--browser', '--expires', '0'];
  const done = await drover({ contextFile: '' }, args);
  expect([done.code, done.stderr]).toEqual([2, expect.stringContaining('such a token has to end')]);
});
