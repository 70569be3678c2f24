// The line itself, pasted into a real shell, with real Pythons, against a real TLS server.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { readdir, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Authority, openAuthority } from './authority.ts';
import { toJoinCommand } from './join-command.ts';
import { type Ground, openGround } from './test-ground.ts';

let ground: Ground;
let authority: Authority;
let stranger: Authority;
/** Agents here print how they were called. */
const agent = `import os, sys
sys.stdout.write("joined %s %s %s" % (" ".join(sys.argv[1:]), os.environ["DROVER_TOKEN"], sys.version_info[0]))
`;
const servers: Server[] = [];

const serve = async (tls: Authority, names: readonly string[], caPem: string): Promise<string> => {
  const { keyPem, certPem } = await tls.serverTls(names);
  const server = createServer({ key: keyPem, cert: certPem }, (request, response) => {
    if (request.url === '/join/ca.pem') response.end(caPem);
    else if (request.url === '/join/agent.py') response.end(agent);
    else response.writeHead(404).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

beforeAll(async () => {
  ground = await openGround();
  authority = await openAuthority({ ...(await ground.installation()), clock: ground.clock });
  stranger = await openAuthority({ ...(await ground.installation()), clock: ground.clock });
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await ground.close();
});

/** Pythons of pyenv, where it is there, and those on the path. */
const pythons = async (): Promise<readonly string[]> => {
  const versions = join(homedir(), '.pyenv/versions');
  const own = existsSync(versions)
    ? (await readdir(versions)).map((v) => join(versions, v, 'bin/python'))
    : [];
  return [...own, '/usr/bin/python3', '/usr/bin/python2.7'].filter((path) => existsSync(path));
};

/** Runs the line in sh, with `python` as the only python3. */
const paste = async (python: string, line: string): Promise<{ code: number; out: string }> => {
  const bin = join(ground.dir, `bin${python.replaceAll('/', '-')}`);
  if (!existsSync(bin)) {
    mkdirSync(bin);
    await symlink(python, join(bin, 'python3'));
  }
  const env = { PATH: bin, TMPDIR: ground.dir, https_proxy: 'http://127.0.0.1:9', LC_ALL: 'C' };
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', line], { env, timeout: 15_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), out: stdout + stderr }),
    );
  });
};

const lineFor = (address: string) => toJoinCommand({ address, token: 'rack.sEcReT', caPin: authority.caPin });

test('the pasted line fetches the agent and starts it, under every Python', async () => {
  const address = await serve(authority, ['127.0.0.1'], authority.caPem);
  const found = await pythons();
  expect(found.length).toBeGreaterThan(0);
  for (const python of found) {
    const { out } = await paste(python, lineFor(address));
    expect(out, python).toMatch(new RegExp(`^joined join ${address} ${authority.caPin} rack.sEcReT [23]$`));
  }
});

test('a controller with another CA is not believed', async () => {
  const address = await serve(stranger, ['127.0.0.1'], stranger.caPem);
  for (const python of await pythons()) {
    const { code, out } = await paste(python, lineFor(address));
    expect(out, python).toContain('has another CA than this line was made for');
    expect(code).toBe(1);
  }
});

test('nor one that shows our CA without holding its key', async () => {
  const address = await serve(stranger, ['127.0.0.1'], authority.caPem);
  for (const python of await pythons()) {
    const { code, out } = await paste(python, lineFor(address));
    expect(out, python).toMatch(/certificate verify failed/i);
    expect(code).toBe(1);
  }
});

test('nor one that slips a second CA in behind ours', async () => {
  const address = await serve(stranger, ['127.0.0.1'], `${authority.caPem}${stranger.caPem}`);
  for (const python of await pythons()) {
    const { code, out } = await paste(python, lineFor(address));
    expect(out, python).not.toContain('joined join');
    expect(code).toBe(1);
  }
});

test('nor one whose certificate is for another name', async () => {
  const address = await serve(authority, ['10.9.9.9', 'elsewhere.example'], authority.caPem);
  for (const python of await pythons()) {
    const { code, out } = await paste(python, lineFor(address));
    expect(out, python).not.toContain('joined join');
    expect(code).toBe(1);
  }
});

test('the line is one line without a sign that a shell would take for its own', () => {
  const line = lineFor('https://drover.example:7443');
  expect(line).not.toContain('\n');
  expect(line.split("'")).toHaveLength(3);
  expect(line.split("'")[1]).not.toMatch(/['`$!]/);
  expect(line.length).toBeLessThan(1100);
});
