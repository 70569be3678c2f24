// Owns a farm of ssh addresses for the peers: one sshd on loopback under many host names.
// I1: nothing of this machine's own ssh set-up is used or changed: own port, keys, known hosts and configuration.
// I2: host keys are verified, as Drover verifies its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../test/harness/ports.ts';
import { waitFor } from '../../test/harness/wait.ts';
import { runTool } from './tool.ts';

export interface SshFarm {
  /** h001 ... */
  readonly hosts: readonly string[];
  /** Same as a node-set: h[001-200]. */
  readonly nodeSet: string;
  /** For ssh -F. */
  readonly configFile: string;
  readonly directory: string;
  close(): Promise<void>;
}

const sshdConfig = (directory: string, port: number): string => `
Port ${port}
ListenAddress 127.0.0.1
HostKey ${directory}/host_key
AuthorizedKeysFile ${directory}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 2000
MaxSessions 2000
UseDNS no
PrintMotd no
LogLevel ERROR
Subsystem sftp internal-sftp
`;

const sshConfig = (directory: string, port: number): string => `
Host h*
  HostName 127.0.0.1
  Port ${port}
  User ${userInfo().username}
  IdentityFile ${directory}/user_key
  IdentitiesOnly yes
  UserKnownHostsFile ${directory}/known_hosts
  GlobalKnownHostsFile /dev/null
  HostKeyAlias farm
  StrictHostKeyChecking yes
  BatchMode yes
  LogLevel ERROR
`;

const makeKeys = async (directory: string): Promise<void> => {
  for (const name of ['host_key', 'user_key']) {
    await runTool('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(directory, name)]);
  }
  const publicKey = await readFile(join(directory, 'host_key.pub'), 'utf8');
  await writeFile(join(directory, 'known_hosts'), `farm ${publicKey}`);
};

const endSession = (pid: number): void => {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
};

/** Ends sshd and its sessions, and with them the connections that a peer keeps open. */
const end = async (child: ChildProcess): Promise<void> => {
  const sessions = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').catch(() => '');
  for (const pid of sessions.split(' ').filter(Boolean)) endSession(Number(pid));
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
};

/** Starts the farm; resolves when a login works. Needs OpenSSH's server, and root for its /run/sshd. */
export const startSshFarm = async (count: number): Promise<SshFarm> => {
  // Not under the home folder: sshd's sessions and ours must both reach it. Short: unix sockets of ControlMaster.
  const directory = await mkdtemp('/tmp/farm-');
  const port = await freePort();
  const hosts = Array.from({ length: count }, (_, index) => `h${String(index + 1).padStart(3, '0')}`);
  await makeKeys(directory);
  await writeFile(join(directory, 'sshd_config'), sshdConfig(directory, port));
  await writeFile(join(directory, 'ssh_config'), sshConfig(directory, port));
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(directory, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const configFile = join(directory, 'ssh_config');
  const close = async () => {
    await end(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await waitFor('sshd to answer', async () => {
      if (child.exitCode !== null) throw new Error('sshd ended');
      await runTool('ssh', ['-F', configFile, hosts[0] ?? '', 'true']);
      return true;
    });
  } catch (error) {
    await close();
    throw error;
  }
  const last = String(count).padStart(3, '0');
  return { hosts, nodeSet: `h[001-${last}]`, configFile, directory, close };
};
