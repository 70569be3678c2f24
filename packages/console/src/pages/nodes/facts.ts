// Owns reading a node's facts (docs/protocol.md section 6) for people. They come from the node: whatever is missing or
// of another type reads as not known, never as an error.
import { useQuery } from '@tanstack/react-query';
import { client } from '../../api/client.ts';

export type Facts = Readonly<Record<string, unknown>>;

const asRecord = (value: unknown): Facts =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Facts) : {}; // it is one

/** 'cpu.model' of the facts. */
const at = (facts: Facts, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => asRecord(value)[name], facts);

export const textAt = (facts: Facts, path: string): string => {
  const value = at(facts, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};

export const numberAt = (facts: Facts, path: string): number | undefined => {
  const value = at(facts, path);
  return typeof value === 'number' ? value : undefined;
};

/** null: the node could not tell. */
export const flagAt = (facts: Facts, path: string): boolean | null => {
  const value = at(facts, path);
  return typeof value === 'boolean' ? value : null;
};

export const listAt = (facts: Facts, path: string): readonly Facts[] => {
  const value = at(facts, path);
  return Array.isArray(value) ? value.map(asRecord) : [];
};

export const textsAt = (facts: Facts, path: string): readonly string[] => {
  const value = at(facts, path);
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
};

/** Asked anew when the node's object has changed: it does when its agent connects, or tells other facts. */
export const useFacts = (node: string, version: string | undefined) =>
  useQuery({
    queryKey: ['facts', node, version],
    queryFn: ({ signal }) => client.facts(node, { signal }),
    placeholderData: (before) => before,
  });
