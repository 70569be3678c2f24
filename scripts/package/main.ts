// npm run package: builds the deb and the rpm of the controller from this tree, without the network. docs/user/install.md
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildDeb } from './deb.ts';
import type { Order } from './order.ts';
import { buildRpm } from './rpm.ts';
import { putTree, root } from './tree.ts';

const usage = `usage: npm run package -- [options]
  --out DIR      where the packages are put (default .cache/packages)
  --only SORT    deb or rpm; default both
  --version V    of the packages (default: that of package.json)
  --quick        do not compress: large, and done in seconds
The time in the packages is SOURCE_DATE_EPOCH, else that of the last commit: the same sources make the same bytes.
`;

const sorts = ['deb', 'rpm'] as const;
type Sort = (typeof sorts)[number];

const ownVersion = (): string => {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version; // our own file
};

const sourceTime = (): number => {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined && !/^\d{1,10}$/.test(given))
    throw new Error(`cannot package: SOURCE_DATE_EPOCH must be seconds since 1970, not "${given}"`);
  if (given !== undefined) return Number(given);
  try {
    const words = ['-C', root, 'log', '-1', '--format=%ct'];
    return Number(execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    throw new Error(
      'cannot tell the time of the sources: git does not know this folder; set SOURCE_DATE_EPOCH to seconds since 1970',
    );
  }
};

const parseOrder = (argv: readonly string[]): (Order & { readonly sorts: readonly Sort[] }) | 'help' => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      out: { type: 'string', default: join(root, '.cache/packages') },
      only: { type: 'string' },
      version: { type: 'string', default: ownVersion() },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const wanted = sorts.filter((sort) => values.only === undefined || values.only === sort);
  if (wanted.length === 0) throw new Error(`cannot package "${values.only}": --only is deb or rpm`);
  const { version, quick } = values;
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version))
    throw new Error(`cannot package: --version must be such as 1.2.3 or 1.3.0-rc.1, not "${version}"`);
  return { sorts: wanted, out: resolve(values.out), version, quick, timeSeconds: sourceTime() };
};

const build = async (sort: Sort, order: Order, work: string): Promise<void> => {
  const began = performance.now();
  const tree = join(work, sort);
  await putTree(tree, sort, order);
  const name = await (sort === 'deb' ? buildDeb(order, tree) : buildRpm(order, tree, join(work, 'rpmbuild')));
  const path = join(order.out, name);
  const mebibytes = (statSync(path).size / 1024 / 1024).toFixed(1);
  process.stdout.write(`${path}  ${mebibytes} MiB in ${Math.round((performance.now() - began) / 1000)} s\n`);
};

const main = async (): Promise<void> => {
  const order = parseOrder(process.argv.slice(2));
  if (order === 'help') {
    process.stdout.write(usage);
    return;
  }
  mkdirSync(order.out, { recursive: true });
  const work = mkdtempSync(join(order.out, '.work-'));
  try {
    await Promise.all(order.sorts.map((sort) => build(sort, order, work)));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
