// Owns what the tests need beyond npm: Debian packages, installed as root, or named when they cannot be.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';

/** command that proves it is there → Debian package that brings it. */
const wanted = {
  mmdebstrap: 'mmdebstrap',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  pdsh: 'pdsh',
  clush: 'clustershell',
  ansible: 'ansible-core',
  rsync: 'rsync',
  thrift: 'thrift-compiler',
  nft: 'nftables',
  ip: 'iproute2',
  openssl: 'openssl',
  go: 'golang-go',
  slapd: 'slapd',
  chromium: 'chromium',
  rpmbuild: 'rpm',
  faketime: 'faketime',
};
const path = `${process.env.PATH}:/usr/sbin:/sbin`;
const has = (command) =>
  spawnSync('sh', ['-c', `command -v ${command}`], {
    stdio: 'ignore',
    env: { ...process.env, PATH: path },
  }).status === 0;
/** Debian keeps them out of the search path. */
const hasPostgres = () => existsSync('/usr/lib/postgresql');
const hasPythonThrift = () =>
  spawnSync('/usr/bin/python3', ['-c', 'import thrift'], { stdio: 'ignore' }).status === 0;

const mergeCode = '/usr/share/gocode/src/sigs.k8s.io/structured-merge-diff';

const missing = () => [
  ...Object.entries(wanted)
    .filter(([command]) => !has(command))
    .map(([, name]) => name),
  ...(hasPythonThrift() ? [] : ['python3-thrift']),
  ...(hasPostgres() ? [] : ['postgresql']),
  ...(existsSync(mergeCode) ? [] : ['golang-k8s-sigs-structured-merge-diff-dev']),
];

const apt = (args) =>
  spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0;

/**
 * Installs what is missing. Returns the packages still missing afterwards; tests that need them say so and are
 * skipped, or fail when CI=true.
 */
export const ensureRequirements = ({ install }) => {
  const needed = missing();
  if (needed.length === 0) return [];
  const root = process.getuid?.() === 0;
  if (!install || !root || !has('apt-get')) {
    const why = install ? (root ? 'no apt-get here' : 'not root') : '--no-install was given';
    process.stdout.write(`Not installed (${why}): ${needed.join(', ')}\n`);
    return needed;
  }
  process.stdout.write(`Installing for the tests: ${needed.join(', ')} ...\n`);
  apt(['update', '-qq']);
  // Without a directory of its own the package starts no server: tests start theirs.
  if (needed.includes('slapd'))
    spawnSync('debconf-set-selections', { input: 'slapd slapd/no_configuration boolean true\n' });
  // No server is made of its own accord: tests start theirs.
  if (needed.includes('postgresql')) {
    mkdirSync('/etc/postgresql-common', { recursive: true });
    if (!existsSync('/etc/postgresql-common/createcluster.conf'))
      writeFileSync('/etc/postgresql-common/createcluster.conf', 'create_main_cluster = false\n');
  }
  apt(['install', '-y', '-qq', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', ...needed]);
  const left = missing();
  if (left.length > 0) process.stdout.write(`Still missing: ${left.join(', ')}\n`);
  return left;
};
