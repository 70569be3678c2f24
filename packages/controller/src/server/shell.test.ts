import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@drover/api';
import { nodes } from '@drover/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { waitFor } from '../../../../test/harness/wait.ts';
import { adminUser } from '../auth/auth.ts';
import type { OpenShell, ShellRequest } from '../platform/shell.ts';
import { type Ground, openGround } from './test-ground.ts';
import { bind, call, tokenOf } from './test-people.ts';

/** A node that echoes what is typed, says its size when told, and ends at "exit". */
interface Played {
  readonly requests: ShellRequest[];
  readonly sizes: (readonly [number, number])[];
  closed: number;
  /** Chunks that the viewer has taken. */
  taken: number;
  flood: boolean;
}

const played: Played = { requests: [], sizes: [], closed: 0, taken: 0, flood: false };

const echoShell: OpenShell = async (request, { onOutput, onClose }) => {
  played.requests.push(request);
  if (request.argv[0] === 'absent') {
    throw new ApiError('ServiceUnavailable', 'cannot open a shell: node web1 is not connected');
  }
  let isOpen = true;
  const flood = async (): Promise<void> => {
    while (isOpen) {
      await onOutput(Buffer.alloc(64 * 1024, 0x61));
      played.taken += 1;
    }
  };
  if (request.argv[0] === 'flood') void flood();
  return {
    write: async (data) => {
      const text = Buffer.from(data).toString();
      if (text === 'exit') onClose(7, '');
      else await onOutput(data);
    },
    resize: async (columns, rows) => void played.sizes.push([columns, rows]),
    close: async () => {
      isOpen = false;
      played.closed += 1;
    },
  };
};

let ground: Ground;

beforeAll(async () => {
  ground = await openGround({ openShell: echoShell });
  await ground.client.create(nodes, { metadata: { name: 'web1' } });
});
afterAll(() => ground.close());
beforeEach(() => {
  Object.assign(played, { closed: 0, taken: 0 });
  played.requests.length = 0;
  played.sizes.length = 0;
});

const size = { columns: 80, rows: 24 };

/** Reads until `wanted` has been seen. */
const readUntil = async (output: AsyncIterable<Uint8Array>, wanted: string): Promise<string> => {
  let text = '';
  for await (const part of output) {
    text += Buffer.from(part).toString();
    if (text.includes(wanted)) return text;
  }
  throw new Error(`the terminal closed after ${JSON.stringify(text)}`);
};

describe('a shell', () => {
  it('that is asked for without an upgrade is answered whether it would be opened, and opens nothing', async () => {
    const code = async (path: string, token?: string) =>
      (await call(ground, { path, ...(token === undefined ? {} : { token }) })).code;
    expect(await code('/api/v1/nodes/web1/shell?user=root')).toBe(200);
    expect(await code('/api/v1/nodes/web1/shell?columns=0')).toBe(400);
    expect(await code('/api/v1/nodes/nobody/shell')).toBe(404);
    expect(await code('/api/v1/nodes/web1/shell', await tokenOf(ground, 'outsider'))).toBe(403);
    expect(played.requests).toEqual([]);
  });

  it('carries bytes both ways, sizes up and the exit code down', async () => {
    const terminal = await ground.client.shell('web1', { ...size, user: 'root', argv: ['sh', '-l'] });
    await terminal.write('hé \u0003');
    expect(await readUntil(terminal.output, '\u0003')).toBe('hé \u0003');
    terminal.resize(120, 40);
    await waitFor('the new size', () => played.sizes.length === 1);
    await terminal.write('exit');
    expect(await terminal.ended).toEqual({ exit: 7, reason: '' });
    expect(played.requests).toEqual([
      { node: 'web1', user: 'root', columns: 80, rows: 24, argv: ['sh', '-l'] },
    ]);
    expect(played.sizes).toEqual([[120, 40]]);
    await waitFor('the node to be told', () => played.closed === 1);
  });

  it('says why when the node is not connected', async () => {
    const terminal = await ground.client.shell('web1', { ...size, argv: ['absent'] });
    expect(await terminal.ended).toEqual({
      exit: 255,
      reason: 'cannot open a shell: node web1 is not connected',
    });
  });

  it('is cut off when what signed the viewer in is taken away, and nothing more is typed', async () => {
    const { token, id } = await ground.auth.createToken(adminUser, { description: 'test' });
    const headers = { authorization: `Bearer ${token}` };
    const url = `${ground.address.replace('https', 'wss')}/api/v1/nodes/web1/shell`;
    const socket = new WebSocket(url, ['drover.shell.v1'], { ca: ground.caPem, headers });
    await new Promise((resolve) => socket.once('open', resolve));
    await waitFor('the node to be asked', () => played.requests.length === 1);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await ground.store.credentials.remove(id);
    expect(await closed).toBe(1008);
    await waitFor('the node to be told', () => played.closed === 1);
  });

  it('is closed on the node when the viewer goes without a word', async () => {
    const stop = new AbortController();
    await ground.client.shell('web1', { ...size, signal: stop.signal });
    stop.abort();
    await waitFor('the node to be told', () => played.closed === 1);
  });

  it('makes the node wait for a viewer who does not read', async () => {
    const terminal = await ground.client.shell('web1', { ...size, argv: ['flood'] });
    await waitFor('the first chunks', () => played.taken > 0);
    let before = -1;
    await waitFor('the flow to stop', async () => {
      const isStill = played.taken === before;
      before = played.taken;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return isStill;
    });
    // Kernel buffers of loopback, not more.
    expect(played.taken * 64 * 1024).toBeLessThan(32 * 1024 * 1024);
    terminal.close();
    await waitFor('the node to be told', () => played.closed === 1);
  });
});

describe('recordings', () => {
  it('hold output and sizes as asciicast v2, but nothing that was typed', async () => {
    const terminal = await ground.client.shell('web1', size);
    await terminal.write('visible');
    await readUntil(terminal.output, 'visible');
    terminal.resize(100, 30);
    await terminal.write('exit');
    await terminal.ended;
    const [newest] = await ground.client.recordings();
    expect(newest).toMatchObject({ node: 'web1', user: adminUser });
    let text = '';
    for await (const part of ground.client.recording(newest?.id ?? '')) text += Buffer.from(part).toString();
    const [header, ...events] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(header).toMatchObject({ version: 2, width: 80, height: 24 });
    expect(events).toEqual([
      [expect.any(Number), 'o', 'visible'],
      [expect.any(Number), 'r', '100x30'],
    ]);
    expect(text).not.toContain('exit');
    expect(newest?.sizeBytes).toBe(Buffer.byteLength(text));
  });

  it('keep a character whole that came in two pieces', async () => {
    const terminal = await ground.client.shell('web1', size);
    const bytes = Buffer.from('é');
    await terminal.write(bytes.subarray(0, 1));
    await terminal.write(bytes.subarray(1));
    await readUntil(terminal.output, '');
    await terminal.write('exit');
    await terminal.ended;
    const directory = join(ground.dataDir, 'recordings');
    const newest = (await readdir(directory)).sort().at(-1) ?? '';
    expect(await readFile(join(directory, newest), 'utf8')).toContain('"o","é"]');
  });

  it('are for whom a role opens them: an operator, not a viewer', async () => {
    await bind(ground, 'vera', 'view');
    await bind(ground, 'oscar', 'operator');
    const [newest] = await ground.client.recordings();
    const codes = async (user: string) => {
      const token = await tokenOf(ground, user);
      const paths = ['/recordings', `/recordings/${newest?.id}`];
      return Promise.all(paths.map(async (path) => (await call(ground, { path, token })).code));
    };
    expect(await codes('vera')).toEqual([403, 403]);
    expect(await codes('oscar')).toEqual([200, 200]);
  });

  it('cannot be read by a name that is a path', async () => {
    const read = async (id: string): Promise<void> => {
      for await (const _part of ground.client.recording(id)) break;
    };
    await expect(read('../../admin')).rejects.toMatchObject({ code: 404 });
    await expect(read('01234567890123456789012345')).rejects.toMatchObject({ code: 404 });
  });
});

describe('the door of a shell', () => {
  const knock = (path: string, options: { headers?: Record<string, string>; protocol?: string } = {}) =>
    new Promise<{ code: number; body: string }>((resolve, reject) => {
      const { protocol = 'drover.shell.v1' } = options;
      const socket = new WebSocket(`${ground.address.replace('https', 'wss')}${path}`, protocol, {
        ca: ground.caPem,
        headers: options.headers ?? { authorization: `Bearer ${ground.token}` },
      });
      socket.on('error', () => undefined);
      socket.once('open', () => reject(new Error('it opened')));
      socket.once('unexpected-response', async (_request, answer) => {
        let body = '';
        for await (const part of answer) body += String(part);
        resolve({ code: answer.statusCode ?? 0, body });
      });
    });

  it('is closed to strangers', async () => {
    const { code, body } = await knock('/api/v1/nodes/web1/shell', { headers: {} });
    expect(code).toBe(401);
    expect(JSON.parse(body)).toMatchObject({ kind: 'Status', reason: 'Unauthorized' });
    expect(played.requests).toEqual([]);
  });

  it('is closed to whom no role opens it, also when an administrator acts as them', async () => {
    const path = '/api/v1/nodes/web1/shell';
    const viewer = { authorization: `Bearer ${ground.token}`, 'impersonate-user': 'alice' };
    const { code, body } = await knock(path, { headers: viewer });
    expect(code).toBe(403);
    expect(body).toContain('User \\"alice\\" cannot create resource \\"nodes/shell\\"');
    await bind(ground, 'olga', 'operator');
    const operator = { authorization: `Bearer ${await tokenOf(ground, 'olga')}` };
    await expect(knock(path, { headers: operator })).rejects.toThrow('it opened');
  });

  it('is closed to pages of other sites, whatever cookie they carry', async () => {
    const link = await ground.auth.createLink(adminUser);
    const cookie = (await ground.auth.takeLink(link))?.cookie.split(';', 1)[0] ?? '';
    const foreign = { cookie, origin: 'https://evil.example' };
    expect((await knock('/api/v1/nodes/web1/shell', { headers: foreign })).code).toBe(403);
  });

  it('names a node that is not there, a path that is not there, a size that cannot be', async () => {
    expect((await knock('/api/v1/nodes/none/shell')).code).toBe(404);
    expect((await knock('/api/v1/nodes')).code).toBe(404);
    expect((await knock('/api/v1/nodes/web1/shell?columns=0')).code).toBe(400);
    expect((await knock('/api/v1/nodes/%E0%A4%A/shell')).code).toBe(400);
  });
});
