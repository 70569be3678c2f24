// Owns codes of an authenticator app and recovery codes.
// I1: an app counts once a code of it was shown: a mistake at enrolment locks nobody out.
// I2: a code serves once: its time step is durable before it is accepted, and no earlier step is accepted after it.
// I3: a recovery code serves once; only hashes of them are kept. They hold 80 bits: guessing their hash is hopeless.
import { randomBytes } from 'node:crypto';
import { ApiError } from '@drover/api';
import { sha256Hex } from '../../platform/ids.ts';
import type { FactorRow, FactorStore } from '../../store/store.ts';
import { confirmedTotp, factorValue, type StatusDeps, tellStatus, toRow } from './factor-rows.ts';
import { matchingStep, toBase32, toKeyUri } from './totp.ts';

const secretBytes = 20;
const recoveryCount = 10;

export interface Holder {
  readonly name: string;
  readonly uid: string;
}

export type SecondProof = 'code' | 'recovery code';

export interface SecondFactor {
  /** A new secret, which counts once it is confirmed. */
  begin(person: Holder, issuer: string): Promise<{ readonly secret: string; readonly url: string }>;
  /** @throws ApiError Invalid when the code is wrong. Answers new recovery codes, which are shown this once. */
  confirm(person: Holder, code: string): Promise<readonly string[]>;
  /** Takes app and recovery codes away. */
  remove(person: Holder): Promise<void>;
  /** Takes passkeys away too: for somebody who has lost all. */
  reset(person: Holder): Promise<void>;
  /** What it is, a code of the app or a recovery code, where it has not served yet. It has, then. */
  accept(rows: readonly FactorRow[], code: string): Promise<SecondProof | undefined>;
}

interface Deps extends StatusDeps {
  readonly factors: Pick<FactorStore, 'of' | 'replace' | 'take' | 'advance'>;
}

/** Four groups of four, from base 32: 80 bits. */
const newRecoveryCode = (): string =>
  toBase32(randomBytes(10))
    .toLowerCase()
    .replace(/(.{4})(?=.)/g, '$1-');

const plain = (code: string): string => code.replace(/[\s-]/g, '').toLowerCase();

const wrongCode = (): ApiError =>
  new ApiError('Invalid', 'cannot enrol the app: the code is wrong; is the clock of the device right?', {
    causes: [{ reason: 'FieldValueInvalid', message: 'wrong code', field: 'code' }],
  });

export const createSecondFactor = (deps: Deps): SecondFactor => {
  const { factors, clock } = deps;

  /** I2. */
  const acceptStep = async (row: FactorRow, code: string): Promise<number | undefined> => {
    const secret = Buffer.from(factorValue(row, 'totp')?.secret ?? '', 'base64');
    const step = matchingStep(secret, code, clock.nowMs());
    return step !== undefined && (await factors.advance(row.id, step)) ? step : undefined;
  };

  /** I3. */
  const acceptRecovery = async (rows: readonly FactorRow[], code: string): Promise<boolean> => {
    const hash = sha256Hex(plain(code));
    const row = rows.find((one) => factorValue(one, 'recovery')?.sha256 === hash);
    return row !== undefined && (await factors.take(row.id)) !== undefined;
  };

  return {
    begin: async (person, issuer) => {
      const bytes = randomBytes(secretBytes);
      const rows = await factors.of(person.uid);
      const kept = rows.filter((row) => row === confirmedTotp(rows));
      const value = { kind: 'totp', secret: bytes.toString('base64'), confirmed: false } as const;
      await factors.replace(person.uid, ['totp'], [...kept, toRow(person.uid, value, clock)]);
      const secret = toBase32(bytes);
      return { secret, url: toKeyUri(secret, person.name, issuer) };
    },
    confirm: async (person, code) => {
      const waiting = (await factors.of(person.uid)).find(
        (row) => factorValue(row, 'totp')?.confirmed === false,
      );
      const step = waiting && (await acceptStep(waiting, code));
      if (waiting === undefined || step === undefined) throw wrongCode();
      const codes = Array.from({ length: recoveryCount }, newRecoveryCode);
      const app = { ...waiting, value: { ...waiting.value, confirmed: true }, mark: step };
      const recovery = codes.map((one) =>
        toRow(person.uid, { kind: 'recovery', sha256: sha256Hex(plain(one)) }, clock),
      );
      await factors.replace(person.uid, ['totp', 'recovery'], [app, ...recovery]);
      await tellStatus(deps, person);
      return codes;
    },
    remove: async (person) => {
      await factors.replace(person.uid, ['totp', 'recovery'], []);
      await tellStatus(deps, person);
    },
    reset: async (person) => {
      await factors.replace(person.uid, ['totp', 'recovery', 'passkey'], []);
      await tellStatus(deps, person);
    },
    accept: async (rows, code) => {
      const app = confirmedTotp(rows);
      if (app !== undefined && (await acceptStep(app, code)) !== undefined) return 'code';
      return (await acceptRecovery(rows, code)) ? 'recovery code' : undefined;
    },
  };
};
