// Owns who is signed in: asked once, again when the controller says that it is nobody, and then whenever somebody
// comes back to the page: they may have signed in elsewhere.
import { ApiError } from '@drover/api/errors';
import { useQuery } from '@tanstack/react-query';
import { consolePath, controllerAddress } from './address.ts';
import { client } from './client.ts';
import { isSignedOut, sessionKey, tellSignedIn } from './signed-out.ts';

export interface Session {
  readonly username: string;
  readonly groups: readonly string[];
}

export const useSession = () =>
  useQuery<Session>({
    queryKey: sessionKey,
    queryFn: async ({ signal }) => {
      const session = await client.whoAmI({ signal });
      tellSignedIn();
      return session;
    },
    refetchOnWindowFocus: ({ state }) => isSignedOut(state.error) && 'always',
  });

export const isForbidden = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'Forbidden';

/** The sign-in page of the controller, which leads back to where we are. */
export const signInUrl = (): string => {
  const here = `/console${location.pathname.slice(consolePath.length)}${location.search}`;
  return `${controllerAddress}/?next=${encodeURIComponent(here)}`;
};

/** What was typed and not saved is for nobody else. */
export const signOut = async (): Promise<void> => {
  sessionStorage.clear();
  await client.transport.json({ method: 'POST', path: '/auth/sign-out', body: {} });
  // Drafts are of who typed them.
  sessionStorage.clear();
  location.assign(`${controllerAddress}/`);
};
