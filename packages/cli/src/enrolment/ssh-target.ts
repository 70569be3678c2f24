// Owns reading user@host[:port].
import { userInfo } from 'node:os';
import type { SshTarget } from '@drover/ssh';
import { usageFailure } from '../failure.ts';

/** user@host, user@host:2222, host, user@[2001:db8::1]:2222 */
export const parseTarget = (text: string): SshTarget => {
  const found = /^(?:([^@\s]+)@)?(?:\[([0-9A-Fa-f:.%]+)\]|([^@:\s[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = found?.[2] ?? found?.[3];
  const port = Number(found?.[4] ?? 22);
  if (found === null || host === undefined || port < 1 || port > 65535)
    throw usageFailure(`cannot use ${text}: not user@host or user@host:port`);
  return { user: found[1] ?? userInfo().username, host, port, label: text };
};
