import { expect, test } from 'vitest';
import { toFilter } from './filter.ts';

test('the address of the page is the filter, and what is no filter is left out', () => {
  const query = new URLSearchParams(
    'user=alice&resource=nodes/shell&denied=1&row=7&follow=1&verb=&node=+n1+',
  );
  expect(toFilter(query)).toEqual({ user: 'alice', resource: 'nodes/shell', denied: true, node: 'n1' });
});

test('times of any zone are asked for in UTC, and what is no time is not asked for', () => {
  const query = new URLSearchParams({ since: '2026-01-02T03:04:05+02:00', until: 'yesterday' });
  expect(toFilter(query)).toEqual({ since: '2026-01-02T01:04:05.000Z' });
});
