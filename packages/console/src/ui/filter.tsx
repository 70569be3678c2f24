// A text that narrows a list, kept in the address of the page.
import { SearchInput } from '@patternfly/react-core';
import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/** One value of the page's query; '' is not written. */
export const useParameter = (name: string): readonly [string, (value: string) => void] => {
  const [query, setQuery] = useSearchParams();
  const set = useCallback(
    (value: string): void =>
      setQuery(
        (before) => {
          const after = new URLSearchParams(before);
          if (value === '') after.delete(name);
          else after.set(name, value);
          return after;
        },
        { replace: true },
      ),
    [name, setQuery],
  );
  return [query.get(name) ?? '', set];
};

/** True when every word of the filter is in one of the texts. */
export const matches = (filter: string, texts: readonly string[]): boolean => {
  const all = texts.join('\n').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
};

export const Filter = ({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) => (
  <SearchInput
    aria-label={label}
    placeholder={label}
    value={value}
    onChange={(_event, text) => onChange(text)}
    onClear={() => onChange('')}
  />
);
