// Owns what an allow list lets through. Pure.
// I1: who is limited in commands has no scripts, no variables and no working directory of their own, unless they are
//     allowed: each of them can make another program of an allowed one.
// I2: who is limited in commands or users has no transfers and no terminals, unless they are allowed: a file written as
//     root, or a terminal, is every command.
// I3: what is pushed by who is limited in users belongs to one of those users, or it could be made to run as root.
import type { RunPolicy } from '../kinds/run-policy.ts';
import { matchesGlob } from '../node-set/glob.ts';
import { matchesArgv } from './argv-pattern.ts';
import { isBelow } from './paths.ts';
import type { RunWish } from './wish.ts';

export type Allow = NonNullable<RunPolicy['spec']['allow']>;

/** Runs that name no user run as the agent does. */
const agentUser = 'root';

const userProblem = ({ users }: Allow, user: string): string | undefined =>
  users === undefined || users.includes(user === '' ? agentUser : user)
    ? undefined
    : `running as ${user === '' ? `the agent's user (${agentUser})` : user}`;

type Command = Extract<RunWish, { kind: 'command' }>;

/** I1. */
const surroundingsProblem = ({ env = [], directories = [] }: Allow, wish: Command): string | undefined => {
  const foreign = wish.env.find((name) => !env.some((pattern) => matchesGlob(pattern, name)));
  if (foreign !== undefined) return `setting the variable ${foreign.slice(0, 100)}`;
  const isFree = wish.cwd === '' || isBelow(directories, wish.cwd);
  return isFree ? undefined : 'choosing this working directory';
};

const commandProblem = (allow: Allow, wish: Command): string | undefined => {
  const { commands, scripts = commands === undefined } = allow;
  const problem = userProblem(allow, wish.user);
  if (problem !== undefined) return problem;
  if (wish.script !== undefined) return scripts ? undefined : 'scripts';
  if (commands === undefined) return undefined;
  const isListed = commands.some((pattern) => matchesArgv(pattern, wish.argv));
  return isListed ? surroundingsProblem(allow, wish) : 'this command';
};

const pathProblem = ({ paths, commands, users }: Allow, path: string): string | undefined => {
  if (paths === undefined && commands === undefined && users === undefined) return undefined;
  return isBelow(paths ?? [], path) ? undefined : 'transfers to or from this path';
};

/** I3. */
const ownerProblem = ({ users }: Allow, owner: string): string | undefined => {
  const names = owner.split(':');
  if (users === undefined || names.every((name) => users.includes(name))) return undefined;
  return owner === '' ? 'pushing files without an owner' : `pushing files for ${owner.slice(0, 100)}`;
};

const shellProblem = (allow: Allow, user: string): string | undefined => {
  const { shell = allow.commands === undefined && allow.users === undefined } = allow;
  return shell ? userProblem(allow, user) : 'terminals';
};

/** What the list does not let through, in words; undefined: it allows it, within its windows. */
export const allowProblem = (allow: Allow, wish: RunWish): string | undefined => {
  switch (wish.kind) {
    case 'command':
      return commandProblem(allow, wish);
    case 'push':
      return pathProblem(allow, wish.path) ?? ownerProblem(allow, wish.owner);
    case 'pull':
      return pathProblem(allow, wish.path);
    case 'shell':
      return shellProblem(allow, wish.user);
  }
};
