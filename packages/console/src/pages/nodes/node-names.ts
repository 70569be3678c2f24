// Owns names of nodes in the address of a page: as the shortest node-set, web[1-20].
import { foldNodeSet, parseNodeSet, resolveNodeSet } from '@drover/api/node-set';
import { useParameter } from '../../ui/filter.tsx';

/** Those of `all` that the text names; a text that cannot be read names none. */
export const toNames = (text: string, all: readonly string[]): ReadonlySet<string> => {
  if (text === '') return new Set();
  try {
    return new Set(resolveNodeSet(parseNodeSet(text), { all, group: () => [] }).known);
  } catch {
    // Somebody has changed the address by hand.
    return new Set();
  }
};

/** Chosen rows, kept in the address. */
export const useChosenNodes = (
  all: readonly string[],
): readonly [ReadonlySet<string>, (chosen: ReadonlySet<string>) => void] => {
  const [text, setText] = useParameter('chosen');
  return [toNames(text, all), (chosen) => setText(foldNodeSet([...chosen]))];
};
