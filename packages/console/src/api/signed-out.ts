// Owns hearing that the session has ended while the page is open, since any request may be told; and that there is one
// again, since the tabs of a browser share it.
import { ApiError } from '@drover/api/errors';
import { queries } from './queries.ts';

export const sessionKey = ['session'] as const;

export const isSignedOut = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'Unauthorized';

const isKnown = (): boolean => isSignedOut(queries.getQueryState(sessionKey)?.error);

const ask = (): Promise<void> => queries.refetchQueries({ queryKey: sessionKey });

/** Windows side by side never get the focus of a tab that comes forward: each is told. */
const tabs = new BroadcastChannel('drover.session');
tabs.addEventListener('message', () => {
  if (isKnown()) void ask();
});

export const tellSignedIn = (): void => tabs.postMessage('signed in');

/** A wrong password is refused like a session that has ended: the controller is asked which it was. */
export const noteRefusal = (error: ApiError): void => {
  if (isSignedOut(error) && !isKnown() && queries.isFetching({ queryKey: sessionKey }) === 0) void ask();
};

/** Resolves when somebody is signed in (again), perhaps in another tab, or the signal ends the wait. */
export const untilSignedIn = async (signal: AbortSignal): Promise<void> => {
  await ask();
  if (!isKnown() || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (isKnown() && !signal.aborted) return;
      stop();
      resolve();
    };
    const stop = queries.getQueryCache().subscribe(look);
    signal.addEventListener('abort', look, { once: true });
  });
};
