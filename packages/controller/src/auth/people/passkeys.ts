// Owns passkeys: WebAuthn level 3 (W3C) with discoverable credentials and user verification, so that one signs in alone.
// I1: a challenge serves once, within `waitMs`, for what it was made for: enrolling of one person, or signing in.
// I2: a passkey serves at the name for which it was made, and at the origin that the browser itself has signed.
// I3: a counter that does not grow is a copy of the passkey, and refused.
// I4: signing in begins without a name: it tells nobody who has a passkey.
import { ApiError } from '@drover/api';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { newId, newSecret } from '../../platform/ids.ts';
import type { Log } from '../../platform/log.ts';
import type { FactorRow, FactorStore, PendingStore } from '../../store/store.ts';
import { type StatusDeps, tellStatus } from './factor-rows.ts';
import type { Holder } from './second-factor.ts';
import { createWaitingRoom } from './waiting-room.ts';

/** Loaded when somebody has a passkey: it is nothing to make every start slower for. */
const library = () => import('@simplewebauthn/server');

/** COSE: EdDSA, ES256, RS256 - what devices make. */
const algorithms = [-8, -7, -257];

const waitMs = 5 * 60_000;
const maxWaiting = 10_000;
const maxPasskeys = 20;

/** Where the browser is: host without port, and https://host[:port]. */
export interface Site {
  readonly rpId: string;
  readonly origin: string;
}

export interface PasskeyInfo {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** 0: never. */
  readonly lastUsedMs: number;
}

export interface Passkeys {
  /** Options for navigator.credentials.create, as JSON. */
  beginEnrol(person: Holder, site: Site): Promise<object>;
  /** @throws ApiError Invalid. */
  finishEnrol(
    person: Holder,
    site: Site,
    wish: { readonly name: string; readonly response: object },
  ): Promise<void>;
  /** Options for navigator.credentials.get, as JSON. */
  begin(site: Site): Promise<object>;
  /** Uid of the User whose passkey it is; undefined: it proves nobody. */
  finish(site: Site, response: object): Promise<string | undefined>;
  list(person: Holder): Promise<readonly PasskeyInfo[]>;
  /** @throws ApiError NotFound. */
  remove(person: Holder, id: string): Promise<void>;
}

interface Deps extends StatusDeps {
  readonly factors: Pick<FactorStore, 'of' | 'byKey' | 'add' | 'take' | 'advance' | 'touch'>;
  readonly pending: PendingStore;
  readonly log: Log;
}

/** I1. */
const createChallenges = ({ pending, clock }: Pick<Deps, 'pending' | 'clock'>) => {
  const waiting = createWaitingRoom<string>({
    ...{ pending, clock, name: 'passkey', lifeMs: waitMs, most: maxWaiting },
  });
  return {
    make: async (purpose: string): Promise<string> => {
      const challenge = newSecret();
      await waiting.add(challenge, purpose);
      return challenge;
    },
    take: async (challenge: string, purpose: string): Promise<boolean> =>
      (await waiting.take(challenge, (one) => one === purpose)) !== undefined,
  };
};

interface PasskeyValue {
  readonly publicKey: string;
  readonly rpId: string;
  readonly name: string;
}

// Written by finishEnrol alone.
const valueOfRow = (row: FactorRow): PasskeyValue => row.value as unknown as PasskeyValue;
const toBytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64url'));

const passkeysOf = (rows: readonly FactorRow[]): readonly FactorRow[] =>
  rows.filter(({ kind }) => kind === 'passkey');

const enrolWith = (deps: Deps, challenges: ReturnType<typeof createChallenges>) => {
  const purposeOf = ({ uid }: Holder): string => `enrol ${uid}`;
  return {
    begin: async (person: Holder, { rpId }: Site): Promise<object> => {
      const known = passkeysOf(await deps.factors.of(person.uid));
      if (known.length >= maxPasskeys)
        throw new ApiError('Invalid', `cannot enrol a passkey: there are ${maxPasskeys} already; remove one`);
      const { generateRegistrationOptions } = await library();
      return generateRegistrationOptions({
        supportedAlgorithmIDs: algorithms,
        rpName: 'Drover',
        rpID: rpId,
        userName: person.name,
        userID: new Uint8Array(Buffer.from(person.uid)),
        challenge: toBytes(await challenges.make(purposeOf(person))),
        attestationType: 'none',
        excludeCredentials: known.map(({ key }) => ({ id: key })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      });
    },
    finish: async (
      person: Holder,
      { rpId, origin }: Site,
      wish: { readonly name: string; readonly response: object },
    ): Promise<void> => {
      const { verifyRegistrationResponse } = await library();
      const verified = await verifyRegistrationResponse({
        supportedAlgorithmIDs: algorithms,
        // The library parses it and throws what is wrong with it.
        response: wish.response as RegistrationResponseJSON,
        expectedChallenge: (challenge) => challenges.take(challenge, purposeOf(person)),
        expectedOrigin: origin,
        expectedRPID: rpId,
      }).catch((error: unknown) => {
        deps.log.warn({ user: person.name, why: String(error).slice(0, 300) }, 'a passkey was not enrolled');
        return { verified: false as const };
      });
      if (
        !verified.verified ||
        (await deps.factors.byKey('passkey', verified.registrationInfo.credential.id))
      )
        throw new ApiError('Invalid', 'cannot enrol the passkey: what came back is not right; try again');
      const { id, publicKey, counter } = verified.registrationInfo.credential;
      const value = { publicKey: Buffer.from(publicKey).toString('base64url'), rpId, name: wish.name };
      const row = { id: newId(), userUid: person.uid, kind: 'passkey', key: id, value } as const;
      await deps.factors.add({ ...row, createdAtMs: deps.clock.nowMs(), mark: counter, lastUsedMs: 0 });
      await tellStatus(deps, person);
    },
  };
};

/** I2, I3. */
const verify = async (
  { factors, clock, log }: Deps,
  isChallenge: (challenge: string) => Promise<boolean>,
  { rpId, origin }: Site,
  response: AuthenticationResponseJSON,
): Promise<string | undefined> => {
  const row = await factors.byKey('passkey', String(response.id));
  if (row === undefined || valueOfRow(row).rpId !== rpId) return undefined;
  const { verifyAuthenticationResponse } = await library();
  const verified = await verifyAuthenticationResponse({
    response,
    expectedChallenge: isChallenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    credential: { id: row.key, publicKey: toBytes(valueOfRow(row).publicKey), counter: row.mark },
  }).catch((error: unknown) => {
    log.warn({ why: String(error).slice(0, 300) }, 'a passkey was not accepted');
    return { verified: false as const, authenticationInfo: undefined };
  });
  if (!verified.verified || verified.authenticationInfo === undefined) return undefined;
  const { newCounter } = verified.authenticationInfo;
  if (newCounter > 0 && !(await factors.advance(row.id, newCounter))) return undefined;
  await factors.touch(row.id, clock.nowMs());
  return row.userUid;
};

export const createPasskeys = (deps: Deps): Passkeys => {
  const challenges = createChallenges(deps);
  const enrol = enrolWith(deps, challenges);
  return {
    beginEnrol: enrol.begin,
    finishEnrol: enrol.finish,
    // I4
    begin: async ({ rpId }) => {
      const { generateAuthenticationOptions } = await library();
      const challenge = toBytes(await challenges.make('sign in'));
      return generateAuthenticationOptions({ rpID: rpId, challenge, userVerification: 'required' });
    },
    finish: (site, response) =>
      verify(
        deps,
        (challenge) => challenges.take(challenge, 'sign in'),
        site,
        response as AuthenticationResponseJSON,
      ),
    list: async ({ uid }) =>
      passkeysOf(await deps.factors.of(uid)).map((row) => ({
        id: row.id,
        name: valueOfRow(row).name,
        createdAtMs: row.createdAtMs,
        lastUsedMs: row.lastUsedMs,
      })),
    remove: async (person, id) => {
      const found = passkeysOf(await deps.factors.of(person.uid)).find((row) => row.id === id);
      if (found === undefined)
        throw new ApiError('NotFound', `cannot find passkey ${id}: you have none with this id`);
      await deps.factors.take(found.id);
      await tellStatus(deps, person);
    },
  };
};
