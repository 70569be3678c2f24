// Owns a program of the next version, for tests of what two versions do to each other. It is today's, with what a release brings: a
// migration that expands, a field and a kind that today's does not know, and a notice of a new sort.
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './controller.ts';

const own = ['api', 'controller', 'ssh'] as const;

interface Edit {
  readonly file: string;
  readonly find: string | RegExp;
  readonly put: (found: string) => string;
}

const migration = `export const next = \`
ALTER TABLE task ADD COLUMN next_note TEXT NOT NULL DEFAULT '';
CREATE TABLE next_thing (id TEXT PRIMARY KEY, n INTEGER);
CREATE INDEX task_next ON task (next_note);
\`;
`;

const edits = (version: string): readonly Edit[] => [
  {
    file: 'controller/package.json',
    find: /"version": "[^"]*"/,
    put: () => `"version": "${version}"`,
  },
  {
    file: 'controller/src/store/migrations/index.ts',
    find: /export const migrations|\n\];\s*$/g,
    put: (found) =>
      found.startsWith('export') ? `import { next } from './next.ts';\n\n${found}` : `\n  next,${found}`,
  },
  {
    file: 'controller/src/store/sql/notices.ts',
    find: '  const seq = ++context.counters.notice;',
    put: (found) =>
      `  context.send('INSERT INTO notice (seq, kind, name) VALUES (?, ?, ?)', ++context.counters.notice, 'next', name);\n${found}`,
  },
  {
    file: 'api/src/kinds/command-run.ts',
    find: '    cancel: Type.Boolean(',
    put: (found) => `    hint: Type.Optional(Type.String()),\n${found}`,
  },
  {
    file: 'api/src/kinds/index.ts',
    find: /import \{ leaseKind \} from '.\/lease.ts';|\n {2}leaseKind,/g,
    put: (found) =>
      found.startsWith('import')
        ? `${found}\nimport { leaseKind as beaconKind } from './beacon.ts';`
        : `${found}\n  beaconKind,`,
  },
];

/** A kind as simple as a Lease, in a group of ours. */
const toBeacon = (lease: string): string =>
  lease
    .replaceAll('coordination.k8s.io/v1', 'drover.dev/v1alpha1')
    .replace("group: 'coordination.k8s.io'", "group: 'drover.dev'")
    .replace("version: 'v1'", "version: 'v1alpha1'")
    .replaceAll("'Lease'", "'Beacon'")
    .replace("'leases'", "'beacons'")
    .replace("'lease'", "'beacon'");

const edit = async (packages: string, { file, find, put }: Edit): Promise<void> => {
  const path = join(packages, file);
  const text = await readFile(path, 'utf8');
  const changed = text.replace(find, put);
  if (changed === text) throw new Error(`cannot make the next version: ${file} reads otherwise`);
  await writeFile(path, changed);
};

/** What npm installed, by links; our own packages are those beside it. */
const linkModules = async (dir: string): Promise<void> => {
  const modules = join(dir, 'node_modules');
  await mkdir(join(modules, '@drover'), { recursive: true });
  for (const name of await readdir(join(root, 'node_modules')))
    if (name !== '@drover' && name !== '.cache')
      await symlink(join(root, 'node_modules', name), join(modules, name));
  for (const name of own) await symlink(join(dir, 'packages', name), join(modules, '@drover', name));
};

export interface NextVersion {
  readonly version: string;
  /** What starts its controller. */
  readonly program: string;
}

/** In a directory that is not there yet, and goes with whoever asked. */
export const makeNextVersion = async (dir: string): Promise<NextVersion> => {
  const packages = join(dir, 'packages');
  for (const name of own) await cp(join(root, 'packages', name), join(packages, name), { recursive: true });
  for (const name of ['agent', 'package.json']) await symlink(join(root, name), join(dir, name));
  await symlink(join(root, 'packages/console'), join(packages, 'console'));
  await linkModules(dir);
  const { version: today } = JSON.parse(
    await readFile(join(packages, 'controller/package.json'), 'utf8'),
  ) as { readonly version: string };
  const [major = 0, minor = 0] = today.split('.').map(Number);
  const version = `${major}.${minor + 1}.0`;
  for (const one of edits(version)) await edit(packages, one);
  await writeFile(join(packages, 'controller/src/store/migrations/next.ts'), migration);
  const lease = await readFile(join(packages, 'api/src/kinds/lease.ts'), 'utf8');
  await writeFile(join(packages, 'api/src/kinds/beacon.ts'), toBeacon(lease));
  return { version, program: join(packages, 'controller/bin/drover-controller') };
};
