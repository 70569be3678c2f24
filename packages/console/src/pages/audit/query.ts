// Owns what the audit page asks for: pages back in time, as the filter in its address says.
// I1: a page of the controller may be short though there is more: it is asked again, up to `maxAsks` times a load, so that
//     a filter that few rows pass does not search a trail of millions in one go.
import type { AuditFilter, AuditRecord } from '@drover/api';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { client } from '../../api/client.ts';
import { type FilterField, toFilter } from './filter.ts';

const pageRows = 200;
const enoughRows = 50;
const maxAsks = 20;

/** As the controller takes it: no false, which it would read as a word. */
const toQuery = ({ denied, ...filter }: AuditFilter): AuditFilter =>
  denied === true ? { ...filter, denied } : filter;

interface Page {
  readonly items: readonly AuditRecord[];
  readonly next?: string;
}

/** I1. */
const load = async (filter: AuditFilter, from: string, signal: AbortSignal): Promise<Page> => {
  const items: AuditRecord[] = [];
  let next: string | undefined = from;
  for (let asks = 0; asks < maxAsks && items.length < enoughRows && next !== undefined; asks++) {
    const query = { ...toQuery(filter), limit: pageRows, ...(next === '' ? {} : { continue: next }) };
    const page = await client.audit.page(query, { signal });
    items.push(...page.items);
    next = page.continue;
  }
  return { items, ...(next === undefined ? {} : { next }) };
};

export const useAuditFilter = () => {
  const [query, setQuery] = useSearchParams();
  const set = (field: FilterField, value: string): void =>
    setQuery(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === '') after.delete(field);
        else after.set(field, value);
        return after;
      },
      { replace: true },
    );
  const clear = (): void => setQuery({}, { replace: true });
  return { filter: toFilter(query), value: (field: FilterField) => query.get(field) ?? '', set, clear };
};

/** Newest first. */
export const useAuditPages = (filter: AuditFilter) =>
  useInfiniteQuery({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) => load(filter, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    // What comes later is followed, not fetched again: rows never change.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
