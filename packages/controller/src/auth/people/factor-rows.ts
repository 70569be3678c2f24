// Owns what rows of a person's factors hold, and what their User's status tells of them.
// I1: the status never holds a secret or a hash of one.
import { type KubeObject, type User, userKind } from '@drover/api';
import { type Clock, toTimestamp } from '../../platform/clock.ts';
import { newId } from '../../platform/ids.ts';
import type { Resources } from '../../resources/resources.ts';
import { outsideScope } from '../../store/audit-scope.ts';
import type { FactorRow, FactorStore } from '../../store/store.ts';
import { asUser } from './person.ts';

/** Values of rows, by kind; they are written here only. */
export type FactorValue =
  | { readonly kind: 'password'; readonly hash: string }
  | { readonly kind: 'totp'; readonly secret: string; readonly confirmed: boolean }
  | { readonly kind: 'recovery'; readonly sha256: string };

/** A row's value; undefined when it is of another kind. */
export const factorValue = <K extends FactorValue['kind']>(
  row: FactorRow,
  kind: K,
): Extract<FactorValue, { kind: K }> | undefined =>
  row.kind === kind ? (row.value as Extract<FactorValue, { kind: K }>) : undefined;

export const toRow = (userUid: string, value: FactorValue, clock: Clock): FactorRow => ({
  id: newId(),
  userUid,
  kind: value.kind,
  key: '',
  value,
  createdAtMs: clock.nowMs(),
  mark: 0,
  lastUsedMs: 0,
});

/** The row of an app with codes that has been confirmed. */
export const confirmedTotp = (rows: readonly FactorRow[]): FactorRow | undefined =>
  rows.find((row) => factorValue(row, 'totp')?.confirmed === true);

const signInOf = (rows: readonly FactorRow[]): NonNullable<User['status']>['signIn'] => ({
  password: rows.some((row) => row.kind === 'password'),
  totp: confirmedTotp(rows) !== undefined,
  recoveryCodes: rows.filter((row) => row.kind === 'recovery').length,
  passkeys: rows.filter((row) => row.kind === 'passkey').length,
});

export interface StatusDeps {
  readonly factors: Pick<FactorStore, 'of'>;
  readonly resources: Pick<Resources, 'modify'>;
  readonly clock: Clock;
}

/** Brings the User's status up to what there is (I1). */
export const tellStatus = async (
  { factors, resources, clock }: StatusDeps,
  person: { readonly name: string; readonly uid: string },
  { signedIn = false, ...more }: { readonly signedIn?: boolean } & Partial<NonNullable<User['status']>> = {},
): Promise<void> => {
  const signIn = signInOf(await factors.of(person.uid));
  const lastSignIn = signedIn ? { lastSignIn: toTimestamp(clock.nowMs()) } : {};
  const change = (object: KubeObject): KubeObject | undefined =>
    object.metadata.uid === person.uid
      ? { ...object, status: { ...asUser(object).status, ...more, ...lastSignIn, signIn } }
      : undefined;
  // Whoever signs in, or proves something new, has a row in the audit trail for that; the status only shows it.
  await outsideScope(() => resources.modify(userKind, '', person.name, change, { subresource: 'status' }));
};
