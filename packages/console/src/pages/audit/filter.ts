// Owns what of the audit page's address is a filter (pure).
import type { AuditFilter } from '@drover/api';

export const textFields = ['user', 'verb', 'resource', 'namespace', 'name', 'node'] as const;
export type FilterField = (typeof textFields)[number] | 'since' | 'until' | 'denied';

const isTime = (text: string): boolean => !Number.isNaN(Date.parse(text));

/** What of the address is a filter. */
export const toFilter = (query: URLSearchParams): AuditFilter => {
  const given = (name: string): string => (query.get(name) ?? '').trim();
  const texts = textFields.map((name) => [name, given(name)] as const);
  const times = (['since', 'until'] as const).map((name) => [name, given(name)] as const);
  const fields = [
    ...texts.filter(([, value]) => value !== ''),
    ...times
      .filter(([, value]) => isTime(value))
      .map(([name, value]) => [name, new Date(value).toISOString()] as const),
  ];
  return { ...Object.fromEntries(fields), ...(query.get('denied') === '1' ? { denied: true } : {}) };
};
