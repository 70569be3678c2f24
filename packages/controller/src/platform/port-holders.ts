// Owns finding out which process listens on a TCP port of this machine: as /proc tells it, to whoever may read it.
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface PortHolder {
  /** Undefined: it is another user's, and only root is told. */
  readonly pid: number | undefined;
  /** Its program, e.g. 'nginx'; '' when that is not known. */
  readonly program: string;
}

/** TCP_LISTEN in include/net/tcp_states.h. */
const listening = '0A';

/** The inodes of the sockets that listen on the port. */
const socketsOn = (table: string, port: number): readonly string[] =>
  table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => {
      const end = local.split(':').at(-1) ?? '';
      return state === listening && Number.parseInt(end, 16) === port;
    })
    .map((fields) => fields[9] ?? '');

const hasSocket = async (pid: string, inodes: ReadonlySet<string>): Promise<boolean> => {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const file of files) {
    const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
};

export const programOf = async (pid: number | string): Promise<string> =>
  (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();

/** Undefined: nobody does. */
export const holderOfPort = async (port: number): Promise<PortHolder | undefined> => {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => ''));
  const inodes = new Set((await Promise.all(tables)).flatMap((table) => socketsOn(table, port)));
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
    if (await hasSocket(pid, inodes)) return { pid: Number(pid), program: await programOf(pid) };
  return { pid: undefined, program: '' };
};
