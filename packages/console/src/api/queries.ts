// Owns the cache of what the page has asked: one for the whole page.
import { ApiError } from '@drover/api/errors';
import { QueryClient } from '@tanstack/react-query';

/** True for what asking again does not change. */
const isRefusal = (error: unknown): boolean =>
  error instanceof ApiError && error.code < 500 && error.reason !== 'TooManyRequests';

export const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: (count, error) => !isRefusal(error) && count < 2, refetchOnWindowFocus: false },
  },
});

/** Whatever could not be had is asked for again. */
export const askAgain = (): Promise<void> =>
  queries.refetchQueries({ type: 'active', predicate: ({ state }) => state.status === 'error' });
