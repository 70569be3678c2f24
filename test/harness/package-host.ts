// Owns a lab host on which a package of the controller is installed, and the building of packages for tests.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Finished, Lab, Release } from '../../lab/index.ts';
import { nodeBinary, root } from './controller.ts';
import { waitFor } from './wait.ts';

export type Sort = 'deb' | 'rpm';

/** What `npm run package` prints. `umask`: of the one who builds. */
export const buildPackages = (args: readonly string[], umask: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const words = [nodeBinary, join(root, 'scripts/package.mjs'), '--quick', ...args];
    const child = spawn('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', ...words], { stdio: 'pipe' });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        said += data.toString();
      });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(said);
      else reject(new Error(`cannot build packages: ended with ${code}: ${said}`));
    });
  });

/** Path of the one package of this sort in the folder. */
export const packageIn = (folder: string, sort: Sort): string => {
  const found = readdirSync(folder).filter((name) => name.endsWith(`.${sort}`));
  if (found.length !== 1) throw new Error(`${folder} has ${found.length} files .${sort}`);
  return join(folder, found[0] ?? '');
};

/**
 * The RPM-family host is made of Debian packages, so its rpm knows of none that ours asks for: no dependencies there. The dpkg of
 * the Debian host leaves documents out.
 */
const commands = {
  deb: { install: 'dpkg -i', upgrade: 'dpkg -i', remove: 'dpkg -r', verify: 'dpkg --verify' },
  rpm: {
    install: 'rpm -i --nodeps',
    upgrade: 'rpm -U --nodeps',
    remove: 'rpm -e',
    verify: 'rpm -V --nodeps',
  },
} as const;

const releases: Readonly<Record<Sort, Release>> = { deb: 'debian-12', rpm: 'el-9' };

export class PackageHost {
  readonly #lab: Lab;
  readonly #name: string;
  readonly #sort: Sort;

  private constructor(lab: Lab, sort: Sort) {
    this.#lab = lab;
    this.#name = `host-${sort}`;
    this.#sort = sort;
  }

  static async boot(lab: Lab, sort: Sort): Promise<PackageHost> {
    const host = new PackageHost(lab, sort);
    await lab.up(host.#name, releases[sort]);
    return host;
  }

  sh(script: string): Promise<Finished> {
    return this.#lab.exec(this.#name, ['sh', '-c', script]);
  }

  /** Output of a script that must end well. */
  async out(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.sh(script);
    if (code !== 0) throw new Error(`${script}: ended with ${code}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  async #copy(from: string): Promise<string> {
    const to = `/root/package.${this.#sort}`;
    const [command = '', ...args] = await this.#lab.argv(this.#name, ['sh', '-c', `cat > ${to}`]);
    const file = openSync(from, 'r');
    const child = spawn(command, args, { stdio: [file, 'ignore', 'inherit'] });
    closeSync(file);
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (code !== 0) throw new Error(`cannot copy ${from} to ${this.#name}: ended with ${code}`);
    return to;
  }

  async install(file: string, how: 'install' | 'upgrade'): Promise<string> {
    return this.out(`${commands[this.#sort][how]} ${await this.#copy(file)} 2>&1`);
  }

  run(how: 'remove' | 'verify'): Promise<string> {
    return this.out(`${commands[this.#sort][how]} drover-controller 2>&1`);
  }

  pid(): Promise<string> {
    return this.out('systemctl show -P MainPID drover-controller');
  }

  /** Resolves when another process than `before` says that it is ready. */
  async isBack(before: string): Promise<void> {
    await waitFor('the service to be back', async () => {
      const state = await this.out('systemctl show -P ActiveState -P MainPID drover-controller');
      const [active, pid] = state.split('\n').sort((a, b) => b.length - a.length);
      return active === 'active' && pid !== before && pid !== '0';
    });
  }
}
