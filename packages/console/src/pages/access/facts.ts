// Owns the live lists that tell who may what, as one model.
import * as kinds from '@drover/client/kinds';
import { useMemo } from 'react';
import { type Live, useLive } from '../../api/live.ts';
import { type AccessModel, createModel } from './model.ts';

export interface Access {
  readonly model: AccessModel;
  readonly state: Live<unknown>['state'];
  readonly error?: unknown;
  /** Asks again for what has failed. */
  readonly retry: () => void;
}

const worst = ['failed', 'loading', 'offline', 'live'] as const;

export const useAccess = (): Access => {
  const { items: users, ...aboutUsers } = useLive(kinds.users);
  const { items: groups, ...aboutGroups } = useLive(kinds.groups);
  const { items: accounts, ...aboutAccounts } = useLive(kinds.serviceAccounts);
  const { items: roles, ...aboutRoles } = useLive(kinds.roles);
  const { items: clusterRoles, ...aboutClusterRoles } = useLive(kinds.clusterRoles);
  const { items: roleBindings, ...aboutBindings } = useLive(kinds.roleBindings);
  const { items: clusterRoleBindings, ...aboutClusterBindings } = useLive(kinds.clusterRoleBindings);
  const model = useMemo(
    () => createModel({ users, groups, accounts, roles, clusterRoles, roleBindings, clusterRoleBindings }),
    [users, groups, accounts, roles, clusterRoles, roleBindings, clusterRoleBindings],
  );
  const all = [
    aboutUsers,
    aboutGroups,
    aboutAccounts,
    aboutRoles,
    aboutClusterRoles,
    aboutBindings,
    aboutClusterBindings,
  ];
  const found = worst.find((state) => all.some((one) => one.state === state)) ?? 'live';
  const retry = (): void => {
    for (const one of all) one.retry?.();
  };
  return { model, state: found, error: all.find(({ state }) => state === found)?.error, retry };
};
