// Owns what is asked about one's own sign-in, and that it is asked anew after a change.
import type { CredentialKind } from '@drover/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../../api/client.ts';

export const useAccount = () =>
  useQuery({ queryKey: ['own', 'account'], queryFn: ({ signal }) => client.account({ signal }) });

export const useOwn = (kind: CredentialKind) =>
  useQuery({ queryKey: ['own', kind], queryFn: ({ signal }) => client.ownCredentials(kind, { signal }) });

export const usePasskeys = (isAble: boolean) =>
  useQuery({
    queryKey: ['own', 'passkeys'],
    enabled: isAble,
    queryFn: ({ signal }) => client.passkeys({ signal }),
  });

export const useAskAnew = (): (() => Promise<void>) => {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ['own'] });
};
