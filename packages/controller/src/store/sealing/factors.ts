// Owns how what people prove who they are with is sealed: the whole value of a factor, bound to its person, kind and id.
// Passwords in it are hashes already; the secret of one-time codes has to be readable for the controller.
import type { FactorRow } from '../store.ts';
import type { Threads } from '../threads.ts';
import { dataKeyOf, type Place } from './envelope.ts';
import type { Sealer } from './keyring.ts';
import type { SealedValues } from './objects.ts';

type Owner = Pick<FactorRow, 'kind' | 'userUid' | 'id'>;

const placeOf = ({ kind, userUid, id }: Owner): Place => ['factor', kind, userUid, id];

/** How a sealed value looks in the database. */
interface SealedValue {
  readonly sealed: string;
}

const isSealed = (value: object): value is SealedValue =>
  'sealed' in value && typeof value.sealed === 'string';

const sealValue = (value: FactorRow['value'], place: Place, sealer: Sealer): FactorRow['value'] => ({
  sealed: sealer.seal(JSON.stringify(value), place),
});

const openValue = (value: FactorRow['value'], place: Place, sealer: Sealer): FactorRow['value'] =>
  // What is sealed was a FactorRow's value.
  isSealed(value) ? (JSON.parse(sealer.open(value.sealed, place)) as FactorRow['value']) : value;

/** What of a row is sealed; '' when nothing is. */
export const sealedTextOf = ({ value }: FactorRow): string => (isSealed(value) ? value.sealed : '');

/** Without a sealer the row as it is. */
export const sealFactor = (row: FactorRow, sealer: Sealer | undefined): FactorRow =>
  sealer === undefined ? row : { ...row, value: sealValue(row.value, placeOf(row), sealer) };

export const openFactor = (row: FactorRow, sealer: Sealer | undefined): FactorRow =>
  sealer === undefined ? row : { ...row, value: openValue(row.value, placeOf(row), sealer) };

/** Factors are few and small: looked through whole, sealed anew some at a time. */
const someFactors = 64;

export const createSealedFactors = (deps: {
  readonly threads: () => Threads;
  readonly sealer: Sealer;
}): SealedValues => {
  const { threads, sealer } = deps;
  return {
    name: 'sign-in factors',
    counts: async () => {
      const counts = new Map<number, number>();
      for (const start of await threads().write('sealed.factorStarts', undefined)) {
        const number = dataKeyOf(start);
        counts.set(number, (counts.get(number) ?? 0) + 1);
      }
      return counts;
    },
    resealSome: async () => {
      const rows = await threads().read('sealed.oldFactors', { current: sealer.current, limit: someFactors });
      // Written by JSON.stringify from a FactorRow's value.
      const values = rows.map((row) => JSON.parse(row.text) as FactorRow['value']);
      await sealer.learn(values.map((value) => (isSealed(value) ? value.sealed : '')));
      const replacements = rows.map((row, index) => {
        const place = placeOf(row);
        const stored = values[index] ?? {};
        const value = sealValue(openValue(stored, place, sealer), place, sealer);
        return { id: row.id, was: row.text, text: JSON.stringify(value) };
      });
      if (rows.length > 0) await threads().write('sealed.replaceFactors', replacements);
      return rows.length;
    },
  };
};
