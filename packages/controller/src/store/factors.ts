// Owns the main-thread side of what people prove who they are with.
import type { FactorStore } from './store.ts';
import type { Threads } from './threads.ts';

export const createFactors = ({ threads }: { readonly threads: () => Threads }): FactorStore => ({
  of: (userUid) => threads().read('factors.of', userUid),
  byKey: (kind, key) => threads().read('factors.byKey', { kind, key }),
  owners: () => threads().read('factors.owners', undefined),
  add: (row) => threads().write('factors.add', row),
  replace: (userUid, kinds, rows) => threads().write('factors.replace', { userUid, kinds, rows }),
  take: (id) => threads().write('factors.take', id),
  advance: (id, mark) => threads().write('factors.advance', { id, mark }),
  removeAll: (userUid) => threads().write('factors.removeAll', userUid),
  tries: () => threads().read('factors.tries', undefined),
  saveTry: (row) => threads().write('factors.saveTry', row),
  removeTries: (keys) => threads().write('factors.removeTries', keys),
});
