// Owns the .deb: its control files, and the call of dpkg-deb.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Order } from './order.ts';
import { runTool } from './run-tool.ts';
import { entriesOf, putFile, putText, settle, type TreeEntry } from './staging.ts';

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** A version as dpkg and rpm order them: what comes before a release sorts before it. */
export const toPackageVersion = (version: string): string => version.replace(/-/, '~').replaceAll('-', '.');

const toControl = (version: string, architecture: string, entries: readonly TreeEntry[]): string => {
  const kibibytes = entries.reduce((sum, { sizeBytes }) => sum + Math.ceil(sizeBytes / 1024), 0);
  return `Package: drover-controller
Version: ${version}
Architecture: ${architecture}
Maintainer: Drover <drover@drover.dev>
Installed-Size: ${kibibytes}
Depends: python3 (>= 3.6), systemd, libc6 (>= 2.28), libstdc++6
Section: admin
Priority: optional
Homepage: https://drover.dev
Description: cloud cluster management: controller, console and command line
 Drover manages whole servers: it enrols them, runs commands and moves files on
 all of them, and keeps an audit trail, behind one Kubernetes-style API. This
 package is the controller with its console, the drover command, and the
 Node.js that runs them. Servers need nothing of it.
`;
};

const toSums = (tree: string, files: readonly TreeEntry[]): string =>
  files
    .map(({ path }) => {
      const sum = createHash('md5')
        .update(readFileSync(join(tree, path)))
        .digest('hex');
      return `${sum}  ${path.slice(1)}\n`;
    })
    .join('');

/** Resolves with the file's name in `order.out`. */
export const buildDeb = async (order: Order, tree: string): Promise<string> => {
  const architecture = architectures[process.arch] ?? process.arch;
  const version = toPackageVersion(order.version);
  const entries = entriesOf(tree);
  const files = entries.filter(({ kind }) => kind === 'file');
  const kept = files.filter(({ path }) => path.startsWith('/etc/')).map(({ path }) => `${path}\n`);
  const control = join(tree, 'DEBIAN');
  putText(join(control, 'control'), toControl(version, architecture, entries));
  putText(join(control, 'conffiles'), kept.join(''));
  putText(join(control, 'md5sums'), toSums(tree, files));
  for (const script of ['postinst', 'prerm', 'postrm'])
    putFile(join(import.meta.dirname, 'deb', script), join(control, script));
  settle(tree, order.timeSeconds);
  const name = `drover-controller_${version}_${architecture}.deb`;
  await runTool({
    command: 'dpkg-deb',
    args: [
      ...(order.quick ? ['-Znone'] : ['-Zxz', '-z6']), // of those that every Debian since 11 can read, the smallest
      ...['--root-owner-group', '--build', tree, join(order.out, name)],
    ],
    env: { SOURCE_DATE_EPOCH: String(order.timeSeconds) },
    remedy: 'build on Debian or a system made of it, or say --only rpm',
  });
  return name;
};
