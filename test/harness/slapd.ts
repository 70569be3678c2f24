// Owns a real LDAP directory (Debian's slapd) on ports of its own on the loopback, with TLS, filled before it starts.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { waitFor } from './wait.ts';

const program = '/usr/sbin/slapd';
const loader = '/usr/sbin/slapadd';

/** What is missing to run one; undefined: nothing. */
export const missingForSlapd = (): string | undefined =>
  existsSync(program) && existsSync('/etc/ldap/schema/inetorgperson.schema') ? undefined : 'slapd';

export const suffix = 'dc=example,dc=org';
export const searcher = { dn: `cn=searcher,${suffix}`, password: 'planted-searcher-4711' };

interface Person {
  readonly uid: string;
  readonly password: string;
  readonly groups: readonly string[];
}

const entry = (dn: string, classes: readonly string[], fields: readonly string[]): string =>
  [`dn: ${dn}`, ...classes.map((one) => `objectClass: ${one}`), ...fields, '', ''].join('\n');

const personDn = (uid: string): string => `uid=${uid},ou=people,${suffix}`;

const toLdif = (people: readonly Person[]): string => {
  const groups = [...new Set(people.flatMap((one) => one.groups))];
  return [
    entry(suffix, ['dcObject', 'organization'], ['o: Example', 'dc: example']),
    entry(
      searcher.dn,
      ['organizationalRole', 'simpleSecurityObject'],
      [`userPassword: ${searcher.password}`],
    ),
    ...['people', 'groups'].map((ou) => entry(`ou=${ou},${suffix}`, ['organizationalUnit'], [])),
    ...people.map(({ uid, password }) =>
      entry(
        personDn(uid),
        ['inetOrgPerson'],
        [
          `cn: ${uid} of the directory`,
          `sn: ${uid}`,
          `mail: ${uid}@example.org`,
          `userPassword: ${password}`,
        ],
      ),
    ),
    ...groups.map((name) =>
      entry(
        `cn=${name},ou=groups,${suffix}`,
        ['groupOfNames'],
        people.filter((one) => one.groups.includes(name)).map(({ uid }) => `member: ${personDn(uid)}`),
      ),
    ),
  ].join('');
};

const toConfig = (dir: string): string => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${dir}/slapd.pid
TLSCertificateFile ${dir}/cert.pem
TLSCertificateKeyFile ${dir}/key.pem
database mdb
suffix "${suffix}"
directory ${dir}/data
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
`;

export class Slapd {
  readonly ldapsUrl: string;
  readonly ldapUrl: string;
  readonly caPem: string;
  readonly #dir: string;
  #child: ChildProcess | undefined;

  private constructor(dir: string, caPem: string, ports: readonly [number, number]) {
    this.#dir = dir;
    this.caPem = caPem;
    this.ldapsUrl = `ldaps://127.0.0.1:${ports[0]}`;
    this.ldapUrl = `ldap://127.0.0.1:${ports[1]}`;
  }

  static async start(people: readonly Person[]): Promise<Slapd> {
    const dir = await mkdtemp(join(tmpdir(), 'drover-slapd-'));
    await mkdir(join(dir, 'data'));
    const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
    execFileSync('openssl', ['req', '-x509', ...key, ...names, '-days', '2', '-out', 'cert.pem'], {
      cwd: dir,
      stdio: 'ignore',
    });
    await writeFile(join(dir, 'slapd.conf'), toConfig(dir));
    await writeFile(join(dir, 'data.ldif'), toLdif(people));
    execFileSync(loader, ['-f', join(dir, 'slapd.conf'), '-l', join(dir, 'data.ldif')], { stdio: 'pipe' });
    const caPem = await readFile(join(dir, 'cert.pem'), 'utf8');
    const slapd = new Slapd(dir, caPem, [await freePort(), await freePort()]);
    await slapd.run();
    return slapd;
  }

  /** Resolves when it answers. */
  async run(): Promise<void> {
    const listen = `${this.ldapsUrl} ${this.ldapUrl}`;
    this.#child = spawn(program, ['-d', '0', '-h', listen, '-f', join(this.#dir, 'slapd.conf')], {
      stdio: 'ignore',
    });
    const port = Number(new URL(this.ldapsUrl).port);
    await waitFor(
      'slapd to answer',
      () =>
        new Promise<boolean>((resolve) => {
          const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
          socket.once('connect', () => socket.destroy());
        }),
    );
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
