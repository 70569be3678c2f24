// Owns how the peers copy to many addresses of a farm at once: one process for each, all in parallel.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { timed } from '../bench.ts';
import type { SshFarm } from './sshd.ts';
import { runTool } from './tool.ts';

export interface CopyPeer {
  readonly name: 'scp' | 'rsync';
  /** Copies a file or tree to each of the first `count` hosts; wall time in ms. Leaves nothing behind. */
  readonly run: (farm: SshFarm, source: string, count: number, signal: AbortSignal) => Promise<number>;
}

const toMany =
  (
    copy: (farm: SshFarm, source: string, target: string, signal: AbortSignal) => Promise<unknown>,
  ): CopyPeer['run'] =>
  async (farm, source, count, signal) => {
    const hosts = farm.hosts.slice(0, count);
    const placeOf = (host: string) => join(farm.directory, `copy-${host}`);
    try {
      return await timed(() =>
        Promise.all(hosts.map((host) => copy(farm, source, `${host}:${placeOf(host)}`, signal))),
      );
    } finally {
      await Promise.all(hosts.map((host) => rm(placeOf(host), { recursive: true, force: true })));
    }
  };

export const copyPeers: readonly CopyPeer[] = [
  {
    name: 'scp',
    run: toMany((farm, source, target, signal) =>
      runTool('scp', ['-q', '-p', '-r', '-F', farm.configFile, source, target], { signal }),
    ),
  },
  {
    name: 'rsync',
    run: toMany((farm, source, target, signal) =>
      runTool('rsync', ['-a', '-e', `ssh -F ${farm.configFile}`, source, target], { signal }),
    ),
  },
];
