// Owns the main-thread side of what people prove who they are with.
import { sealAgain } from './sealing/again.ts';
import { openFactor, sealedTextOf, sealFactor } from './sealing/factors.ts';
import type { Sealer } from './sealing/keyring.ts';
import type { FactorRow, FactorStore } from './store.ts';
import type { Threads } from './threads.ts';

/** Without a sealer values are stored as they are. */
export const createFactors = ({
  threads,
  sealer,
  isShared,
}: {
  readonly threads: () => Threads;
  readonly sealer?: Sealer | undefined;
  readonly isShared: boolean;
}): FactorStore => {
  const seal = (row: FactorRow): FactorRow => sealFactor(row, sealer);
  const open = async (rows: readonly FactorRow[]): Promise<readonly FactorRow[]> => {
    await sealer?.learn(rows.map(sealedTextOf));
    return rows.map((row) => openFactor(row, sealer));
  };
  const openOne = async (row: FactorRow | undefined): Promise<FactorRow | undefined> =>
    row && (await open([row]))[0];
  return {
    of: async (userUid) => open(await threads().read('factors.of', userUid)),
    byKey: async (kind, key) => openOne(await threads().read('factors.byKey', { kind, key })),
    owners: () => threads().read('factors.owners', undefined),
    add: (row) => sealAgain(() => threads().write('factors.add', seal(row))),
    replace: (userUid, kinds, rows) =>
      sealAgain(() => threads().write('factors.replace', { userUid, kinds, rows: rows.map(seal) })),
    take: async (id) => openOne(await threads().write('factors.take', id)),
    advance: (id, mark) => threads().write('factors.advance', { id, mark }),
    touch: (id, nowMs) => threads().write('factors.touch', { id, nowMs }),
    removeAll: (userUid) => threads().write('factors.removeAll', userUid),
    tries: () => threads().read('factors.tries', undefined),
    triesOf: async (keys) => (isShared ? threads().read('factors.triesOf', keys) : undefined),
    saveTry: (row) => threads().write('factors.saveTry', row),
    removeTries: (keys) => threads().write('factors.removeTries', keys),
  };
};
