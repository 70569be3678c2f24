// Who is nobody yet is led to the sign-in page; everybody else gets the frame and the page of the address.

import { lazy, Suspense } from 'react';
import { isForbidden, isSignedOut, signInUrl, useSession } from '../api/session.ts';
import { Loading, Problem } from '../ui/states.tsx';
import { Frame } from './frame.tsx';
import { Pages } from './pages.tsx';

/** Who may not even ask who they are waits for a second factor. */
const EnrolFirst = lazy(async () => ({
  default: (await import('../pages/account/enrol-first.tsx')).EnrolFirst,
}));

export const App = () => {
  const { data, error, refetch } = useSession();
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
  if (data === undefined) return <Loading />;
  return (
    <Frame session={data}>
      <Pages />
    </Frame>
  );
};
