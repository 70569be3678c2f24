// Owns which controller a command talks to.
// I1: the first of these wins: --context-file, --context, DROVER_CONTEXT (a file), the current context,
//     var/admin.json of this installation (so that a fresh `npm start` can be tried at once).
import { accessSync, constants } from 'node:fs';
import { usageFailure } from '../failure.ts';
import { inInstallation } from '../platform/installation.ts';
import { type Context, contextsPath, type Environment, loadContextFile, loadContexts } from './contexts.ts';

export interface Choice {
  readonly context?: string | undefined;
  readonly contextFile?: string | undefined;
}

export interface Resolved {
  readonly endpoint: Context;
  /** Where it came from, for people. */
  readonly source: string;
}

const ownAdminFile = inInstallation('var', 'admin.json');

/** Who may not read the file is nobody there, as on a machine without a controller. */
const mayRead = (path: string): boolean => {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
};

const fromFile = (path: string, asked: string): Resolved => {
  const endpoint = loadContextFile(path);
  if (endpoint === undefined) throw usageFailure(`cannot use ${asked} ${path}: there is no such file`);
  return { endpoint, source: `file ${path}` };
};

const fromName = (name: string, path: string): Resolved => {
  const known = loadContexts(path).contexts;
  const endpoint = known[name];
  if (endpoint !== undefined) return { endpoint, source: `context ${name} of ${path}` };
  const names = Object.keys(known).sort().join(', ') || 'none';
  throw usageFailure(`cannot use context ${name}: unknown in ${path}`, `known contexts: ${names}`);
};

export const resolveContext = (choice: Choice, environment: Environment): Resolved => {
  const path = contextsPath(environment);
  if (choice.contextFile !== undefined) return fromFile(choice.contextFile, '--context-file');
  if (choice.context !== undefined) return fromName(choice.context, path);
  const file = environment['DROVER_CONTEXT'];
  if (file !== undefined && file !== '') return fromFile(file, 'DROVER_CONTEXT');
  const { current } = loadContexts(path);
  if (current !== '') return fromName(current, path);
  const own = mayRead(ownAdminFile) ? loadContextFile(ownAdminFile) : undefined;
  if (own !== undefined) return { endpoint: own, source: `file ${ownAdminFile}` };
  throw usageFailure(
    'cannot choose a controller: nobody is signed in',
    'sign in with: drover login ADDRESS --token TOKEN --ca-pin SHA256 (on the machine of the controller root need not)',
  );
};
