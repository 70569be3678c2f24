// Owns the filters of the node list: words, a label selector and states, all in the address; and those that were saved
// under a name, in this browser.
import type { Node } from '@drover/api';
import { parseLabelSelector } from '@drover/api/label-selector';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { matches } from '../../ui/filter.tsx';
import { addressOf, type NodeState, nodeState } from './node-state.tsx';

export interface NodeFilter {
  readonly words: string;
  readonly labels: string;
  readonly state: string;
}

export interface SavedFilter extends NodeFilter {
  readonly name: string;
}

const remembered = 'drover.nodes.filters';
const parameters = { words: 'q', labels: 'labels', state: 'state' } as const;
const none: NodeFilter = { words: '', labels: '', state: '' };

export const nodeStates: readonly NodeState[] = ['ready', 'notReady', 'unknownState', 'paused'];

const textsOf = (node: Node): readonly string[] => [
  node.metadata.name ?? '',
  addressOf(node),
  node.status?.nodeInfo?.osImage ?? '',
  ...Object.entries(node.metadata.labels ?? {}).map(([key, value]) => `${key}=${value}`),
];

/** What the filter leaves; `problem` says why the selector cannot be read: then it is left out. */
export const filterNodes = (
  nodes: readonly Node[],
  { words, labels, state }: NodeFilter,
): { readonly found: readonly Node[]; readonly problem: string } => {
  const { test, problem } = toLabelTest(labels);
  const found = nodes.filter(
    (node) =>
      (state === '' || nodeState(node) === state) &&
      test(node.metadata.labels) &&
      (words === '' || matches(words, textsOf(node))),
  );
  return { found, problem };
};

const toLabelTest = (text: string) => {
  try {
    return { test: parseLabelSelector(text), problem: '' };
  } catch (error) {
    return { test: () => true, problem: error instanceof Error ? error.message : String(error) };
  }
};

/** The filter of the address. */
export const useNodeFilter = () => {
  const [query, setQuery] = useSearchParams();
  const filter: NodeFilter = {
    words: query.get(parameters.words) ?? '',
    labels: query.get(parameters.labels) ?? '',
    state: query.get(parameters.state) ?? '',
  };
  const set = (change: Partial<NodeFilter>): void =>
    setQuery(
      (before) => {
        const after = new URLSearchParams(before);
        for (const [field, value] of Object.entries(change)) {
          const name = parameters[field as keyof NodeFilter]; // its fields are these
          if (value === '') after.delete(name);
          else after.set(name, value);
        }
        return after;
      },
      { replace: true },
    );
  return { filter, set, clear: () => set(none), isSet: Object.values(filter).some((value) => value !== '') };
};

const isSaved = (value: unknown): value is SavedFilter =>
  typeof value === 'object' &&
  value !== null &&
  ['name', 'words', 'labels', 'state'].every(
    (field) => typeof (value as Readonly<Record<string, unknown>>)[field] === 'string', // it is an object
  );

const load = (): readonly SavedFilter[] => {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(remembered) ?? '[]');
    return Array.isArray(value) ? value.filter(isSaved) : [];
  } catch {
    // Another program has written there: what cannot be read is not ours.
    return [];
  }
};

/** Saving under a name that is there replaces it. */
export const useSavedFilters = () => {
  const [saved, setSaved] = useState(load);
  const store = (next: readonly SavedFilter[]): void => {
    localStorage.setItem(remembered, JSON.stringify(next));
    setSaved(next);
  };
  return {
    saved,
    save: (filter: SavedFilter) =>
      store(
        [...saved.filter(({ name }) => name !== filter.name), filter].sort((a, b) =>
          a.name.localeCompare(b.name),
        ),
      ),
    forget: (name: string) => store(saved.filter((one) => one.name !== name)),
  };
};
