// Owns how the peers run one command on a farm, each as its manual recommends, 64 at a time.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { timed } from '../bench.ts';
import type { SshFarm } from './sshd.ts';
import { hasTool, runTool } from './tool.ts';

export const peerFanout = 64;

export interface FanoutPeer {
  readonly name: string;
  /** Debian package. */
  readonly package: string;
  /** Left out of quick benches. */
  readonly isSlow: boolean;
  /** Runs `true` everywhere and checks that it did; wall time in ms. */
  readonly run: (farm: SshFarm, signal: AbortSignal) => Promise<number>;
}

const pdsh: FanoutPeer = {
  name: 'pdsh',
  package: 'pdsh',
  isSlow: false,
  run: (farm, signal) =>
    timed(() =>
      runTool('pdsh', ['-S', '-R', 'ssh', '-f', String(peerFanout), '-w', farm.nodeSet, 'true'], {
        env: { PDSH_SSH_ARGS_APPEND: `-F ${farm.configFile}` },
        signal,
      }),
    ),
};

const clush: FanoutPeer = {
  name: 'clush',
  package: 'clustershell',
  isSlow: false,
  run: (farm, signal) =>
    timed(() =>
      runTool(
        'clush',
        ['-S', '-f', String(peerFanout), '-o', `-F ${farm.configFile}`, '-w', farm.nodeSet, 'true'],
        { signal },
      ),
    ),
};

const ansibleConfig = (farm: SshFarm): string => `[defaults]
host_key_checking = True
forks = ${peerFanout}
interpreter_python = /usr/bin/python3
local_tmp = ${farm.directory}/ansible
remote_tmp = ${farm.directory}/remote
retry_files_enabled = False
[ssh_connection]
ssh_args = -F ${farm.configFile} -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = ${farm.directory}/cp
pipelining = True
`;

/** Its connections stay open between runs (ControlPersist), as it is meant to be used. */
const ansible: FanoutPeer = {
  name: 'ansible',
  package: 'ansible-core',
  isSlow: true,
  run: async (farm, signal) => {
    const inventory = join(farm.directory, 'inventory');
    const config = join(farm.directory, 'ansible.cfg');
    await writeFile(inventory, `${farm.hosts.join('\n')}\n`);
    await writeFile(config, ansibleConfig(farm));
    return timed(() =>
      runTool('ansible', ['all', '-i', inventory, '-m', 'command', '-a', 'true', '-o'], {
        env: { ANSIBLE_CONFIG: config, HOME: farm.directory },
        signal,
      }),
    );
  },
};

export const fanoutPeers: readonly FanoutPeer[] = [pdsh, clush, ansible];

/** Installs a peer that is missing, as root on Debian; returns whether it is there now. */
export const ensurePeer = async (peer: FanoutPeer, mayInstall: boolean): Promise<boolean> => {
  if (await hasTool(peer.name)) return true;
  if (!mayInstall || process.getuid?.() !== 0 || !(await hasTool('apt-get'))) return false;
  await runTool('apt-get', ['install', '-y', '--no-install-recommends', peer.package], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  });
  return hasTool(peer.name);
};
