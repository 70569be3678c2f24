// Who is nobody yet is led to the sign-in page; everybody else gets the frame and the page of the address.

import { lazy, Suspense } from 'react';
import { isForbidden, signInUrl, useSession } from '../api/session.ts';
import { isSignedOut } from '../api/signed-out.ts';
import { Loading, Problem } from '../ui/states.tsx';
import { Frame } from './frame.tsx';
import { Pages } from './pages.tsx';

/** Who may not even ask who they are waits for a second factor. */
const EnrolFirst = lazy(async () => ({
  default: (await import('../pages/account/enrol-first.tsx')).EnrolFirst,
}));

export const App = () => {
  const { data, error, refetch } = useSession();
  // Who was signed in keeps what is on the page, typed or shown, and signs in again when they want to.
  if (data !== undefined)
    return (
      <Frame session={data} isEnded={isSignedOut(error)}>
        <Pages />
      </Frame>
    );
  if (isSignedOut(error)) {
    location.replace(signInUrl());
    return <Loading />;
  }
  if (isForbidden(error))
    return (
      <Suspense fallback={<Loading />}>
        <EnrolFirst error={error} />
      </Suspense>
    );
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  return <Loading />;
};
