// What a service manager hears on its socket: the socket is a real one, kept by Python, for Node.js has none of its kind.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitFor } from '../../../../test/harness/wait.ts';
import { openServiceManager } from './service-manager.ts';

const receiver = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind(sys.argv[1].replace("@", "\\0"))
print("bound", flush=True)
while True:
    data, extra, _, _ = s.recvmsg(4096, 1024)
    print(int.from_bytes(extra[0][2][:4], sys.byteorder), repr(data.decode()), flush=True)
`;
const service = `
import { openServiceManager } from '${join(import.meta.dirname, 'service-manager.ts')}';
const manager = openServiceManager(process.env);
process.stdin.resume().on('end', () => { manager.stopping(); manager.close(); });
manager.ready('serving here');
console.log(JSON.stringify(Object.keys(process.env).filter((name) => /NOTIFY|WATCHDOG/.test(name))));
`;

let dir: string;
let children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'drover-notify-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  rmSync(dir, { recursive: true, force: true });
});

const start = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const [command = '', ...args] = argv;
  const child = spawn(command, args, { env: { PATH: process.env['PATH'], ...env }, stdio: 'pipe' });
  children.push(child);
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
  });
  child.stderr.pipe(process.stderr);
  return { child, output: () => output };
};

test.each(['a socket of the file system', 'an abstract socket'])(
  'on %s the service itself says that it is ready, alive and stopping',
  async (sort) => {
    const socket = sort.includes('abstract') ? `@drover-test-${process.pid}` : join(dir, 'notify');
    const manager = start(['python3', '-c', receiver, socket]);
    await waitFor('the socket', () => manager.output() === 'bound\n');
    const launcher = join(import.meta.dirname, '../../bin/with-notify.py');
    const words = ['python3', launcher, process.execPath, '--input-type=module', '-e', service];
    const { child, output } = start(words, { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '60000' });
    const said = (message: string) => `${child.pid} '${message}'\n`;
    await waitFor('two signs of life', () => manager.output().split('WATCHDOG=1').length > 2);
    child.stdin.end();
    await waitFor('the end', () => manager.output().includes(said('STOPPING=1\\nSTATUS=stopping')));
    expect(manager.output().startsWith(`bound\n${said('READY=1\\nSTATUS=serving here')}`)).toBe(true);
    expect(output()).toBe('[]\n');
    await waitFor('no timer to keep it', () => child.exitCode === 0);
  },
);

test('without a manager nobody is told, and a manager that has gone stops nobody', () => {
  const none = openServiceManager({});
  none.ready('x');
  none.stopping();
  expect(none.isThere).toBe(false);
  const gone = openServiceManager({ DROVER_NOTIFY_FD: '999999', WATCHDOG_USEC: '1000000' });
  gone.ready('x');
  gone.stopping();
  gone.close();
});
