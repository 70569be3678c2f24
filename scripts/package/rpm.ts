// Owns the .rpm: the list of its files, and the call of rpmbuild with rpm/drover-controller.spec.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toPackageVersion } from './deb.ts';
import type { Order } from './order.ts';
import { runTool } from './run-tool.ts';
import { entriesOf, type TreeEntry } from './staging.ts';

const architectures: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** Folders of ours only: the others belong to the system. */
const isOwn = (path: string): boolean =>
  path.startsWith('/usr/lib/drover') || path.startsWith('/usr/share/doc/drover-controller');

const toListed = ({ path, kind }: TreeEntry): readonly string[] => {
  if (/["*?[\]{}%\\\n]/.test(path))
    throw new Error(`cannot package ${path}: rpm reads its name as a pattern`);
  if (kind === 'folder') return isOwn(path) ? [`%dir "${path}"`] : [];
  return [path.startsWith('/etc/') ? `%config(noreplace) "${path}"` : `"${path}"`];
};

/** Resolves with the file's name in `order.out`. `work`: a folder for what rpmbuild leaves behind. */
export const buildRpm = async (order: Order, tree: string, work: string): Promise<string> => {
  const architecture = architectures[process.arch] ?? process.arch;
  const version = toPackageVersion(order.version);
  const list = join(work, 'files');
  mkdirSync(work, { recursive: true });
  const listed = entriesOf(tree).flatMap(toListed);
  writeFileSync(list, `${['%defattr(-,root,root,-)', ...listed].join('\n')}\n`);
  const macros = {
    _topdir: work,
    _dbpath: join(work, 'db'),
    upstream_version: version,
    tree,
    file_list: list,
    // Of those that every rpm since RHEL 8 can read, the smallest.
    payload: order.quick ? 'w.ufdio' : 'w6T2.xzdio',
  };
  const defined = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  const spec = join(import.meta.dirname, 'rpm', 'drover-controller.spec');
  await runTool({
    command: 'rpmbuild',
    args: ['-bb', '--nodeps', '--target', architecture, ...defined, spec],
    env: { SOURCE_DATE_EPOCH: String(order.timeSeconds), HOME: work }, // a user's own macros stay out
    remedy: 'install it (Debian: apt-get install rpm), or say --only deb',
  });
  const name = `drover-controller-${version}-1.${architecture}.rpm`;
  renameSync(join(work, 'RPMS', architecture, name), join(order.out, name));
  return name;
};
