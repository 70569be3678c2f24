// A real OpenID provider (oidc-provider from npm) over TLS on the loopback, and a browser that signs in at it.
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

interface Tls {
  readonly keyPem: string;
  readonly certPem: string;
  readonly caPem: string;
}

export interface TestProvider {
  readonly issuer: string;
  /** Of each account, by name. */
  readonly claims: Map<string, Readonly<Record<string, unknown>>>;
  /** Signs in at the provider as a person would: from its address to the address that it sends the browser back to. */
  signIn(address: string, account: string): Promise<string>;
  close(): Promise<void>;
}

interface Page {
  readonly code: number;
  readonly location: string | undefined;
  readonly text: string;
}

const openJar = (ca: string) => {
  const cookies = new Map<string, string>();
  return (address: string, form?: Readonly<Record<string, string>>): Promise<Page> =>
    new Promise((resolve, reject) => {
      const body = form === undefined ? '' : new URLSearchParams(form).toString();
      const headers = {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        'content-length': String(Buffer.byteLength(body)),
      };
      const options = { method: form === undefined ? 'GET' : 'POST', ca, headers, agent: false as const };
      request(address, options, (answer) => {
        for (const cookie of answer.headers['set-cookie'] ?? []) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
          cookies.set(name, value);
        }
        let text = '';
        answer.on('data', (part: Buffer) => {
          text += part.toString();
        });
        answer.on('end', () => {
          const { location } = answer.headers;
          const next = location === undefined ? undefined : new URL(location, address).href;
          resolve({ code: answer.statusCode ?? 0, location: next, text });
        });
      })
        .on('error', reject)
        .end(body);
    });
};

/** `redirects`: where the client may be sent back to. */
export const openProvider = async (
  tls: Tls,
  client: { readonly id: string; readonly secret: string; readonly redirects: readonly string[] },
): Promise<TestProvider> => {
  const claims = new Map<string, Readonly<Record<string, unknown>>>();
  const server = createServer({ key: tls.keyPem, cert: tls.certPem });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [...client.redirects] }],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'], teams: ['groups'] },
    scopes: ['openid', 'profile', 'email', 'teams'],
    cookies: { keys: ['test'] },
    findAccount: async (_context, sub) => ({
      accountId: sub,
      claims: async () => ({ sub, ...claims.get(sub) }),
    }),
  });
  server.on('request', provider.callback());
  return {
    issuer,
    claims,
    signIn: async (address, account) => {
      const browse = openJar(tls.caPem);
      let page = await browse(address);
      for (let step = 0; step < 20; step++) {
        if (page.location !== undefined && !page.location.startsWith(issuer)) return page.location;
        if (page.location !== undefined) page = await browse(page.location);
        else {
          const action = /action="([^"]+)"/.exec(page.text)?.[1];
          if (action === undefined)
            throw new Error(`the provider shows ${page.code} ${page.text.slice(0, 500)}`);
          const isLogin = page.text.includes('name="login"');
          const form = isLogin ? { prompt: 'login', login: account, password: 'any' } : { prompt: 'consent' };
          page = await browse(new URL(action, issuer).href, form);
        }
      }
      throw new Error('the provider sends the browser in circles');
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};
