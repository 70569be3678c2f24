// Owns signing in through an OpenID provider: authorization code with PKCE (OpenID Connect Core 1.0 section 3.1;
// RFC 7636; RFC 9700 for state, nonce, issuer and redirect address).
// I1: what comes back is taken once, within `waitMs`, from the browser that began: state, nonce, code verifier and a
//     cookie of its own have to agree.
// I2: tokens of the provider are used for their claims and dropped: neither stored nor logged.
// I3: what waits for an answer is in memory, bounded: a restart costs a click.
import { ApiError, type OidcSpec } from '@drover/api';
import type * as Library from 'openid-client';
import type { Clock } from '../../platform/clock.ts';
import { newSecret, sha256Hex } from '../../platform/ids.ts';
import type { Log } from '../../platform/log.ts';
import type { Resources } from '../../resources/resources.ts';
import type { PendingStore } from '../../store/store.ts';
import { type ExternalAccount, type Method, methodsWith, readSecretKey } from './external-account.ts';
import { createPrivateFetch } from './private-fetch.ts';
import { createWaitingRoom } from './waiting-room.ts';

/** Loaded when somebody signs in through a provider. */
const library = (): Promise<typeof Library> => import('openid-client');

const waitMs = 10 * 60_000;
const maxWaiting = 1_000;
const timeoutSeconds = 10;
const knownMs = 10 * 60_000;

interface Waiting {
  readonly method: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly browserSha256: string;
  readonly redirect: string;
  readonly next: string;
}

export interface Oidc {
  /** Where the browser goes, and the secret that it keeps until it comes back. @throws ApiError NotFound, ServiceUnavailable. */
  begin(
    method: string,
    wish: { readonly origin: string; readonly next: string },
  ): Promise<{ readonly url: string; readonly secret: string }>;
  /** Who comes back. @throws ApiError Unauthorized. */
  finish(
    method: string,
    back: { readonly query: string; readonly secret: string },
  ): Promise<{ readonly method: Method; readonly account: ExternalAccount; readonly next: string }>;
}

interface Deps {
  readonly resources: Pick<Resources, 'find' | 'list'>;
  readonly pending: PendingStore;
  readonly clock: Clock;
  readonly log: Log;
}

const methodOf = (
  { resources }: Deps,
  name: string,
): { readonly method: Method; readonly oidc: OidcSpec } => {
  const method = methodsWith(resources, 'oidc').find((one) => one.name === name);
  if (method?.spec.oidc !== undefined) return { method, oidc: method.spec.oidc };
  throw new ApiError('NotFound', `cannot sign in: there is no OpenID provider "${name.slice(0, 100)}"`);
};

/** Asked again after a while, and when what it was asked with has changed. */
const createConfigurations = ({ resources, clock }: Deps) => {
  const known = new Map<string, { readonly config: Library.Configuration; readonly untilMs: number }>();
  return async (oidc: OidcSpec): Promise<Library.Configuration> => {
    const secret = oidc.clientSecret === undefined ? undefined : readSecretKey(resources, oidc.clientSecret);
    const key = sha256Hex(JSON.stringify([oidc, secret]));
    const found = known.get(key);
    if (found !== undefined && found.untilMs > clock.nowMs()) return found.config;
    const client = await library();
    const proof = secret === undefined ? client.None() : client.ClientSecretBasic(secret);
    const config = await client.discovery(new URL(oidc.issuer), oidc.clientId, {}, proof, {
      // The kind has made sure that plain http is on this machine only.
      execute: oidc.issuer.startsWith('http:') ? [client.allowInsecureRequests] : [],
      timeout: timeoutSeconds,
      [client.customFetch]: createPrivateFetch(oidc.caPem),
    });
    known.clear();
    known.set(key, { config, untilMs: clock.nowMs() + knownMs });
    return config;
  };
};

const textOf = (claims: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** What the claims of the id token, and of the user info where the provider has it, say. */
const toAccount = (oidc: OidcSpec, claims: Readonly<Record<string, unknown>>): ExternalAccount => {
  const groups = claims[oidc.groupsClaim];
  const displayName = textOf(claims, 'name');
  const email = textOf(claims, 'email');
  return {
    subject: textOf(claims, 'sub') ?? '',
    name: textOf(claims, oidc.userClaim) ?? '',
    ...(displayName === undefined ? {} : { displayName }),
    ...(email === undefined ? {} : { email }),
    groups: Array.isArray(groups) ? groups.filter((one): one is string => typeof one === 'string') : [],
  };
};

const askClaims = async (
  config: Library.Configuration,
  { verifier, nonce, redirect }: Waiting,
  query: string,
  state: string,
): Promise<Readonly<Record<string, unknown>>> => {
  const client = await library();
  const tokens = await client.authorizationCodeGrant(config, new URL(`${redirect}?${query}`), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (claims === undefined) throw new Error('the provider has sent no id token');
  if (config.serverMetadata().userinfo_endpoint === undefined) return claims;
  const more = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  return { ...more, ...claims };
};

export const createOidc = (deps: Deps): Oidc => {
  const configurationOf = createConfigurations(deps);
  // I1, I3
  const room = createWaitingRoom<Waiting>({ ...deps, name: 'oidc', lifeMs: waitMs, most: maxWaiting });
  const why = (error: unknown): string =>
    (error instanceof Error ? error.message : String(error)).slice(0, 300);
  return {
    begin: async (name, { origin, next }) => {
      const { oidc } = methodOf(deps, name);
      const config = await configurationOf(oidc).catch((error: unknown) => {
        if (error instanceof ApiError) throw error;
        deps.log.warn({ method: name, why: why(error) }, 'cannot reach an OpenID provider');
        throw new ApiError(
          'ServiceUnavailable',
          `cannot sign in: the provider ${name} does not answer as it should`,
        );
      });
      const client = await library();
      const [state, nonce, secret] = [newSecret(), newSecret(), newSecret()];
      const verifier = client.randomPKCECodeVerifier();
      const redirect = `${origin}/auth/oidc/${name}/callback`;
      const browserSha256 = sha256Hex(secret);
      await room.add(state, { method: name, verifier, nonce, browserSha256, redirect, next });
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirect,
        scope: [...new Set(['openid', ...oidc.scopes])].join(' '),
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, secret };
    },
    finish: async (name, { query, secret }) => {
      const { method, oidc } = methodOf(deps, name);
      const state = new URLSearchParams(query).get('state') ?? '';
      const browserSha256 = sha256Hex(secret);
      const isMeant = (one: Waiting) => one.method === name && one.browserSha256 === browserSha256;
      const waiting = await room.take(state, isMeant);
      if (waiting === undefined)
        throw new ApiError(
          'Unauthorized',
          'cannot sign in: this browser has not asked for it, or too long ago',
        );
      try {
        const claims = await askClaims(await configurationOf(oidc), waiting, query, state);
        return { method, account: toAccount(oidc, claims), next: waiting.next };
      } catch (error) {
        deps.log.warn({ method: name, why: why(error) }, 'a sign-in through an OpenID provider failed');
        throw new ApiError('Unauthorized', `cannot sign in: the provider ${name} has not vouched for you`);
      }
    },
  };
};
