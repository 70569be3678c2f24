// Owns which Python interpreters this machine has: on the path, and those that pyenv keeps.
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runTool } from './peers/tool.ts';

/** Every interpreter that the agent promises to run under, as its command is commonly called. */
const commands = [
  'python2.6',
  'python2.7',
  ...Array.from({ length: 15 }, (_, minor) => `python3.${minor}`),
  'python3',
];

const pyenvPythons = async (): Promise<readonly string[]> => {
  const versions = process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv');
  const names = await readdir(join(versions, 'versions')).catch(() => []);
  return names.map((name) => join(versions, 'versions', name, 'bin/python'));
};

/** Version → command, for every interpreter that starts; `2.7.18` or the like, ascending. */
export const findPythons = async (): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  for (const command of [...commands, ...(await pyenvPythons())]) {
    const script = 'import sys; sys.stdout.write(".".join(str(n) for n in sys.version_info[:3]))';
    const version = await runTool(command, ['-c', script]).catch(() => '');
    if (version !== '' && !found.has(version)) found.set(version, command);
  }
  const order = (version: string) => version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0);
  return new Map([...found].sort(([a], [b]) => order(a) - order(b)));
};
