// Owns what is installed where: the tree of a package, as it lies below the root of a machine.
// I1: what runs, and nothing else: no tests, no tools, no types. It is the repository's own layout, in /usr/lib/drover.
// I2: nothing outside /etc, /var/lib/drover-controller and /var/cache/drover-controller is ever written by what runs.
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isTest } from '../../test/rules/sources.ts';
import { readManifest, toCopyright } from './copyright.ts';
import { completionsOf, manualsOf } from './manual.ts';
import { type LockedPackages, toProduction } from './production.ts';
import { putFile, putFolder, putLink, putText, settle } from './staging.ts';

export interface Edition {
  /** As npm writes versions. */
  readonly version: string;
  /** The time of the sources: seconds since 1970. */
  readonly timeSeconds: number;
}

export const root = join(import.meta.dirname, '../..');

/** Of the same names on every machine. */
const home = 'usr/lib/drover';
const docs = 'usr/share/doc/drover-controller';

/** Workspaces whose sources run. The client is part of what is built of the command line and the console. */
const workspaces = ['api', 'ssh', 'controller'];

const needless = /\.(d\.[cm]?ts|map|markdown|md|flow|tsbuildinfo)$|(^|\/)(\.[^/]*|node_modules)$/i;
const needlessFolders = /^(test|tests|__tests__|docs|example|examples|bench|benchmark|benchmarks)$/;
const isOfLibrary = (path: string): boolean => !needless.test(path) && !needlessFolders.test(path);

const putWorkspace = (name: string, tree: string, { version }: Edition, folders: readonly string[]): void => {
  const from = join(root, 'packages', name);
  const to = join(tree, home, 'packages', name);
  const isOurs = (path: string): boolean => !isTest(`packages/${name}/${path}`) && path !== '.built';
  for (const folder of folders) putFolder(join(from, folder), join(to, folder), isOurs);
  const manifest = { ...readManifest(from), version };
  putText(join(to, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
};

const putPrograms = (tree: string, edition: Edition): void => {
  putWorkspace('api', tree, edition, ['src']);
  putWorkspace('ssh', tree, edition, ['src']);
  putWorkspace('controller', tree, edition, ['src', 'bin']);
  putWorkspace('cli', tree, edition, ['bin', 'dist']);
  putWorkspace('console', tree, edition, ['dist']);
  putFile(join(root, 'agent/drover_agent.py'), join(tree, home, 'agent/drover_agent.py'));
  putLink(join(tree, 'usr/bin/drover'), '../lib/drover/packages/cli/bin/drover');
  putLink(
    join(tree, 'usr/sbin/drover-controller'),
    '../lib/drover/packages/controller/bin/drover-controller',
  );
};

/** @throws Error when something else is installed than the lock file says. */
const checkInstalled = (locked: LockedPackages, paths: readonly string[]): void => {
  for (const path of [...paths, 'node_modules/node']) {
    const { version } = readManifest(join(root, path));
    const wanted = locked[path]?.version;
    if (version !== wanted)
      throw new Error(`cannot package ${path}: ${version} is installed, ${wanted} is locked; run npm ci`);
  }
};

const putLibraries = (tree: string, paths: readonly string[]): void => {
  const modules = join(tree, home, 'node_modules');
  for (const path of paths) putFolder(join(root, path), join(tree, home, path), isOfLibrary);
  for (const name of workspaces) putLink(join(modules, '@drover', name), `../../packages/${name}`);
  putFile(join(root, 'node_modules/node/bin/node'), join(modules, 'node/bin/node'));
  putLink(join(modules, '.bin/node'), '../node/bin/node');
};

/** I2: what programs look for beside themselves is where it may be written. */
const putPlaces = (tree: string): void => {
  putLink(join(tree, home, 'var'), '/var/lib/drover-controller/data');
  putLink(join(tree, home, 'node_modules/.cache/drover'), '/var/cache/drover-controller');
};

const putDocuments = async (tree: string, edition: Edition, contained: readonly string[]) => {
  putText(join(tree, docs, 'copyright'), toCopyright(root, contained));
  putText(join(tree, docs, 'changelog.gz'), gzipSync(readFileSync(join(root, 'CHANGELOG.md')), { level: 9 }));
  putFolder(join(root, 'docs/user'), join(tree, docs, 'user'));
  for (const [path, text] of await manualsOf(edition))
    putText(join(tree, 'usr/share/man', `${path}.gz`), gzipSync(text, { level: 9 }));
};

/** Makes the tree of one sort of package in the folder `tree`, which must be new. */
export const putTree = async (tree: string, sort: 'deb' | 'rpm', edition: Edition): Promise<void> => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: LockedPackages;
  }; // npm's own file
  const at = (name: string): string => `packages/${name}`;
  const paths = toProduction(packages, workspaces.map(at));
  const built = toProduction(packages, [...workspaces, 'client', 'cli', 'console'].map(at), ['vite']);
  checkInstalled(packages, built);
  putPrograms(tree, edition);
  putLibraries(tree, paths);
  putPlaces(tree);
  await putDocuments(tree, edition, built);
  for (const [path, text] of await completionsOf(sort)) putText(join(tree, path), text);
  for (const files of ['common', sort]) putFolder(join(import.meta.dirname, 'files', files), tree);
  chmodSync(join(tree, 'etc/drover/controller.conf'), 0o600); // a passphrase may stand in it; systemd reads it as root
  settle(tree, edition.timeSeconds);
};
