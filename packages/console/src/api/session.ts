// Owns who is signed in: asked once, and again when the controller says that it is nobody.
import { ApiError } from '@drover/api/errors';
import { useQuery } from '@tanstack/react-query';
import { client, consolePath, controllerAddress } from './client.ts';

export interface Session {
  readonly username: string;
  readonly groups: readonly string[];
}

export const useSession = () =>
  useQuery<Session>({ queryKey: ['session'], queryFn: ({ signal }) => client.whoAmI({ signal }) });

export const isSignedOut = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'Unauthorized';

export const isForbidden = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'Forbidden';

/** True for what asking again does not change. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof ApiError && error.code < 500 && error.reason !== 'TooManyRequests';

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
