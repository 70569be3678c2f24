// Who is nobody yet is led to the sign-in page; everybody else gets the frame and the page of the address.

import { isSignedOut, signInUrl, useSession } from '../api/session.ts';
import { Loading, Problem } from '../ui/states.tsx';
import { Frame } from './frame.tsx';
import { Pages } from './pages.tsx';

export const App = () => {
  const { data, error, refetch } = useSession();
  if (isSignedOut(error)) {
    location.replace(signInUrl());
    return <Loading />;
  }
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  return (
    <Frame session={data}>
      <Pages />
    </Frame>
  );
};
