// A real sshd on loopback for tests: own configuration, host keys and port in a temporary directory.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';

const program = '/usr/sbin/sshd';

/** In CI a missing sshd is a failure, elsewhere a reason to skip. */
export const lacksSshd = !existsSync(program) && !process.env['CI'];

export interface TestSshd {
  readonly port: number;
  readonly user: string;
  /** Private key that may sign in. */
  readonly keyFile: string;
  /** Lines 'type base64' of the host keys. */
  readonly hostKeys: readonly string[];
  readonly fingerprint: (type: 'ed25519' | 'rsa') => string;
  readonly close: () => Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const makeKey = (file: string, type: string): void => {
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    type,
    '-N',
    '',
    '-C',
    '',
    '-f',
    file,
    ...(type === 'rsa' ? ['-b', '2048'] : []),
  ]);
};

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** `addresses`: of the loopback, each a server of its own for those who dial it. */
export const startSshd = async (
  directory: string,
  addresses: readonly string[] = ['127.0.0.1'],
): Promise<TestSshd> => {
  const port = await freePort();
  const path = (name: string) => join(directory, name);
  for (const type of ['ed25519', 'rsa']) makeKey(path(`host_${type}`), type);
  makeKey(path('id'), 'ed25519');
  writeFileSync(path('authorized'), readFileSync(path('id.pub')));
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  writeFileSync(
    path('sshd_config'),
    [
      `Port ${port}`,
      ...addresses.map((address) => `ListenAddress ${address}`),
      'MaxStartups 100',
      `HostKey ${path('host_ed25519')}`,
      `HostKey ${path('host_rsa')}`,
      `AuthorizedKeysFile ${path('authorized')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      `PidFile ${path('sshd.pid')}`,
      '',
    ].join('\n'),
  );
  const child: ChildProcess = spawn(program, ['-D', '-e', '-f', path('sshd_config')], { stdio: 'ignore' });
  const deadlineMs = performance.now() + 10_000;
  while (!(await answers(port))) {
    if (performance.now() > deadlineMs || child.exitCode !== null) throw new Error('sshd does not answer');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    port,
    user: userInfo().username,
    keyFile: path('id'),
    hostKeys: ['ed25519', 'rsa'].map((type) => readFileSync(path(`host_${type}.pub`), 'utf8').trim()),
    fingerprint: (type) =>
      execFileSync('ssh-keygen', ['-lf', path(`host_${type}.pub`)], { encoding: 'utf8' }).split(' ')[1] ?? '',
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill();
      }),
  };
};
