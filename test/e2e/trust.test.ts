// Who is let in, and who is not: tokens, the approval queue, impostors, clones, renewal and revocation on real hosts.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayAddress } from '../../lab/index.ts';
import { AgentProcess } from '../harness/agents.ts';
import { drover } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { readOwnKeyFile } from '../harness/key-files.ts';
import { LabFleet } from '../harness/lab-fleet.ts';
import { freePort } from '../harness/ports.ts';
import { waitFor } from '../harness/wait.ts';

let fleet: LabFleet;
/** Another controller, with a CA of its own: the impostor, and the one whose certificates live for seconds. */
let other: ControllerProcess;

beforeAll(async () => {
  fleet = await LabFleet.open({ hosts: { one: 'debian-12', two: 'debian-13' } });
  other = await ControllerProcess.start({
    address: gatewayAddress,
    args: ['--node-certificate-hours', '0.005'],
  });
});
afterAll(async () => {
  await other?.close();
  await fleet?.close();
});

/** Nothing of the agent on the host, not even a downloaded file. */
const untouched = async (host: string): Promise<boolean> => {
  const { stdout } = await fleet.sh(
    host,
    'ls -d /etc/systemd/system/drover-agent.service /var/lib/drover/config.json /var/lib/drover/identity.pem /tmp/drover-join-*',
  );
  return stdout === '';
};

test('a server with a manual token waits until somebody has compared its key and approved it', async () => {
  const joining = fleet.sh('one', await fleet.joinLine('--manual'));
  const queue = await waitFor('the request', async () => {
    const { stdout } = await fleet.drover('node', 'approve');
    return /^one +(SHA256:\S+)/m.exec(stdout)?.[1];
  });
  expect((await fleet.drover('nodes')).stdout).not.toContain('one');
  const approved = await fleet.drover('node', 'approve', 'one');
  expect(approved.stdout).toContain(`one approved, key ${queue}`);
  const joined = await joining;
  expect(joined, joined.stderr).toMatchObject({ code: 0 });
  await fleet.ready('one');
  expect((await fleet.drover('node', 'approve')).stderr).toContain('nobody waits');
  expect(await fleet.out('one', 'ls /tmp')).not.toContain('drover-join');
});

test('the key that the server shows while it waits is the one in the queue; who is rejected is told', async () => {
  const joining = fleet.sh('two', `{ ${await fleet.joinLine('--manual')}; } > /root/said`);
  const shown = await waitFor(
    'the server to show its key',
    async () => /node two, key fingerprint (SHA256:\S+)/.exec(await fleet.out('two', 'cat /root/said'))?.[1],
  );
  expect((await fleet.drover('node', 'reject')).stdout).toMatch(
    new RegExp(`^two +${shown.replaceAll('+', '\\+')}`, 'm'),
  );
  expect((await fleet.drover('events')).stdout).toContain(shown);
  expect((await fleet.drover('node', 'reject', 'two')).stdout).toContain('two rejected');
  const ended = await joining;
  expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining('the request was denied')]);
  expect(await untouched('two')).toBe(true);
});

test('an expired, a used and a revoked token let nobody in, and say so', async () => {
  const expired = await fleet.joinLine('--expires', '1s', '--name', 'short');
  const revoked = await fleet.joinLine('--name', 'taken-back');
  const used = await fleet.joinLine('--name', 'once');
  expect((await fleet.sh('one', used)).code).toBe(0);
  await fleet.ready('one');
  expect((await fleet.drover('token', 'revoke', 'taken-back')).code).toBe(0);
  await waitFor('the token to expire', async () =>
    (await fleet.drover('token', 'list')).stdout.match(/short.*Expired/),
  );
  const cases = [
    [expired, 'enrolment token short has expired; make a new one'],
    [revoked, 'enrolment token taken-back is revoked; make a new one'],
    [used, 'enrolment token once is used up; make a new one'],
  ] as const;
  for (const [line, words] of cases) {
    const { code, stderr } = await fleet.sh('two', line);
    expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
    expect(await untouched('two')).toBe(true);
  }
});

test('a controller with another CA than the line was made for gets nothing', async () => {
  const line = await fleet.joinLine();
  const pin = line.split(' ').at(-1) ?? '';
  const wrong = await fleet.sh('two', line.replace(pin, 'ab'.repeat(32)));
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('has another CA than this line')]);
  await fleet.lab.relay(other.port);
  const between = await fleet.sh('two', line.replaceAll(`:${fleet.controller.port}`, `:${other.port}`));
  expect([between.code, between.stderr]).toEqual([1, expect.stringContaining('has another CA than this')]);
  expect(await untouched('two')).toBe(true);
});

test('one in between who shows our CA, without its key, gets neither token nor agent', async () => {
  const line = await fleet.joinLine();
  const pem = await readOwnKeyFile(other, 'server.pem');
  const seen: string[] = [];
  const server = createServer({ key: pem, cert: pem }, (request, response) => {
    seen.push(`${request.url} ${request.headers.authorization ?? ''}`);
    response.end(fleet.controller.context.caPem);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await fleet.lab.relay(port);
  const ended = await fleet.sh('two', line.replaceAll(`:${fleet.controller.port}`, `:${port}`));
  expect([ended.code, ended.stderr]).toEqual([1, expect.stringMatching(/certificate verify failed/i)]);
  await fleet.out('one', `sed -i 's/"agentPort": [0-9]*/"agentPort": ${port}/' /var/lib/drover/config.json`);
  await fleet.out('one', 'systemctl restart drover-agent');
  await waitFor('the agent to refuse', async () =>
    /verify failed/i.test(await fleet.logged('one', 'not connected')),
  );
  server.close();
  expect(seen).toEqual(['/join/ca.pem ']);
  expect(await untouched('two')).toBe(true);
  const back = `sed -i 's/"agentPort": [0-9]*/"agentPort": ${fleet.controller.agentPort}/'`;
  await fleet.out('one', `${back} /var/lib/drover/config.json && systemctl restart drover-agent`);
  await waitFor('one to be back', async () => (await fleet.agent('one')).connected);
});

/** Starts an agent on host two with what it holds of host one; resolves to how it was refused. */
const startClone = async (): Promise<string> => {
  const run = 'python3 -S -E /var/lib/drover/agent.py run --dir /var/lib/drover';
  await fleet.out('two', `systemd-run --quiet --unit drover-agent ${run}`);
  const words = await fleet.logged('two', 'refuses this node');
  await fleet.out('two', 'systemctl stop drover-agent; journalctl --rotate; journalctl --vacuum-time=1s');
  return words;
};

test('a cloned identity is refused and reported, and the original works on', async () => {
  const before = await fleet.agent('one');
  const copy = await fleet.out('one', 'tar -C / -cf - --exclude=nudge var/lib/drover | base64');
  expect((await fleet.sh('two', 'base64 -d | tar -C / -xf -', copy)).code).toBe(0);
  expect(await startClone()).toContain('another machine is enrolled under this name');
  // Not even a whole image of the disk, machine id and all, passes while the original is there.
  const machineId = await fleet.out('one', 'cat /etc/machine-id');
  await fleet.out('two', `cp /etc/machine-id /root/own-id && echo ${machineId} > /etc/machine-id`);
  expect(await startClone()).toContain('another machine with the same identity is connected');
  await fleet.out('two', 'cp /root/own-id /etc/machine-id; rm -rf /var/lib/drover');
  const events = await fleet.drover('events', '--for', 'Node/one');
  expect(events.stdout).toMatch(/CloneRefused.*another machine at \S+ showed the identity of this node/);
  expect(await fleet.agent('one')).toEqual({
    ...before,
    ...(await fleet.agent('one')),
    sinceMs: before.sinceMs,
  });
  const run = await fleet.drover('run', '-n', 'one', '--', 'hostname');
  expect([run.code, run.stdout]).toEqual([0, expect.stringContaining('one')]);
});

test('a certificate is renewed before its end while session and process go on', async () => {
  const line = await drover(other, ['token', 'create']);
  const token = /DROVER_TOKEN=(\S+)/.exec(line.stdout)?.[1] ?? '';
  const agent = new AgentProcess({ context: other.context, token, name: 'brief', dir: fleet.work });
  const certificate = async () => new X509Certificate(await readFile(join(agent.dir, 'identity.pem')));
  const connections = async () => (await agent.log()).split('"msg": "connected"').length - 1;
  await agent.join();
  try {
    await waitFor('it to connect', async () => (await connections()) === 1);
    const first = await certificate();
    await waitFor('the first certificate to end', () => first.validToDate < new Date(), 60_000);
    const second = await certificate();
    expect(second.serialNumber).not.toBe(first.serialNumber);
    expect(second.validToDate.getTime()).toBeGreaterThan(first.validToDate.getTime());
    const run = await drover(other, ['run', '-n', 'brief', '--', 'echo', 'under the new one']);
    expect([run.code, run.stdout]).toEqual([0, expect.stringContaining('under the new one')]);
    expect(await connections()).toBe(1);
    expect(await agent.log()).toContain('certificate renewed');
  } finally {
    await agent.close();
  }
});

test('deleting a node cuts its session at once, and what it held is of no use', async () => {
  const askedAtMs = performance.timeOrigin + performance.now();
  expect((await fleet.drover('delete', 'node', 'one')).code).toBe(0);
  const cut = JSON.parse(await fleet.logged('one', 'not connected')) as { time: number };
  process.stdout.write(`revocation: ${Math.round(cut.time - askedAtMs)} ms from the start of the CLI\n`);
  expect(cut.time).toBeGreaterThan(askedAtMs);
  await waitFor('one to be gone', async () => !(await fleet.drover('nodes')).stdout.includes('one'));
  await fleet.out('one', 'systemctl restart drover-agent');
  expect(await fleet.logged('one', 'refuses this node')).toContain('revoked');
  expect((await fleet.drover('nodes')).stdout).not.toContain('one');
});
