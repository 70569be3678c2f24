import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { drover, startDrover, until } from '../testing/drover.ts';
import { type FakeController, sendStatus, startFakeController } from '../testing/fake-controller.ts';
import { scriptWork } from '../testing/fake-work.ts';

let fake: FakeController;
const home = () => ({ contextFile: fake.contextFile, home: fake.directory });

beforeEach(async () => {
  fake = await startFakeController();
});
afterEach(() => fake.close());

describe('drover run', () => {
  test('output comes with its node, in whole lines, stdout and stderr apart', async () => {
    scriptWork(fake, 'commandruns', (work) => {
      work.task('web1', 'running');
      work.task('web2', 'running');
      work.output('web1', 'stdout', 'one ');
      work.output('web2', 'stdout', 'two\nthree\n');
      work.output('web1', 'stdout', 'piece\n');
      work.output('web2', 'stderr', 'careful');
      work.task('web1', 'exited', { exitCode: 0 });
      work.task('web2', 'exited', { exitCode: 0 });
      work.end('Succeeded');
    });
    const done = await drover(['run', '-n', 'web[1-2]', '--', 'uptime', '-p'], home());
    expect(done.stdout).toBe('web2: two\nweb2: three\nweb1: one piece\n');
    expect(done.stderr).toContain('web2: careful\n');
    expect(done.stderr).toContain('2 nodes: 2 ok');
    expect(done.code).toBe(0);
  });

  test('a run is one request, and one for each stream: nothing is asked before or after', async () => {
    scriptWork(fake, 'commandruns', (work) => {
      work.task('web1', 'exited', { exitCode: 0 });
      work.end('Succeeded');
    });
    const done = await drover(['run', '-n', 'web1', '--', 'true'], home());
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining('1 node: 1 ok')]);
    const asked = fake.seen.map(({ method, path, query }) => {
      const part = path.split('/').at(-1);
      return `${method} ${part}${query['watch'] === '1' || query['follow'] === '1' ? ' live' : ''}`;
    });
    expect(asked.sort()).toEqual(['GET log', 'GET log live', 'GET results live', 'POST commandruns']);
  });

  test('every option reaches the object, and what is not given is left to the server', async () => {
    const work = scriptWork(fake, 'commandruns', (made) => made.end('Succeeded'));
    const argv = [
      'run',
      '-n',
      'web[1-20],@db!web3',
      '-l',
      'rack in (a,b),!old',
      '--user',
      'app',
      '--cwd',
      '/srv',
    ];
    argv.push(
      '--env',
      'A=1=2',
      '--env',
      'B=',
      '--timeout',
      '1m30s',
      '--width',
      '64',
      '--batches',
      '1,5%,100%',
    );
    argv.push('--pause', '10s', '--gate', 'after-first', '--max-failures', '5%', '--offline', 'skip');
    argv.push('--expire', '1h', '--stdin', '-', 'ls', '-l', '--color');
    const done = await drover(argv, { ...home(), input: 'given\n' });
    expect(done.code).toBe(0);
    expect(work.posted()?.['spec']).toEqual({
      argv: ['ls', '-l', '--color'],
      user: 'app',
      cwd: '/srv',
      env: { A: '1=2', B: '' },
      stdin: 'given\n',
      timeoutSeconds: 90,
      targets: {
        nodeSet: 'web[1-20],@db!web3',
        labelSelector: {
          matchExpressions: [
            { key: 'rack', operator: 'In', values: ['a', 'b'] },
            { key: 'old', operator: 'DoesNotExist' },
          ],
        },
      },
      strategy: {
        width: 64,
        batches: [1, '5%', '100%'],
        pauseSeconds: 10,
        gate: 'AfterFirst',
        maxFailures: '5%',
      },
      offline: { policy: 'Skip', expireSeconds: 3600 },
    });
  });

  test('nodes that did not end well are named with their word, and the exit code is 1', async () => {
    scriptWork(fake, 'commandruns', (work) => {
      work.task('web1', 'exited', { exitCode: 0 });
      work.task('web2', 'exited', { exitCode: 3 });
      work.task('web3', 'exited', { exitCode: 3 });
      work.task('db1', 'unreachable', { reason: 'not connected since 12:04' });
      work.task('db2', 'signalled', { signal: 9 });
      work.end('Failed');
    });
    const done = await drover(['run', '-n', '*', '--', 'false'], home());
    expect(done.stderr).toContain('web[2-3] (2): exited 3');
    expect(done.stderr).toContain('db1 (1): unreachable: not connected since 12:04');
    expect(done.stderr).toContain('db2 (1): signalled 9');
    expect(done.code).toBe(1);
  });

  test('output that was cut at its cap is told as such, live and in the log', async () => {
    scriptWork(fake, 'commandruns', (work) => {
      work.output('web1', 'stdout', '1\n');
      work.task('web1', 'exited', { exitCode: 0, stdoutBytes: 4098, stdoutDropped: 4096 });
      work.task('web2', 'exited', { exitCode: 0, stderrBytes: 1024, stderrDropped: 1024 });
      work.task('web3', 'exited', { exitCode: 0, stdoutBytes: 2 });
      work.end('Succeeded');
    });
    const note = 'web[1-2] (2): output cut at its cap: 5.0 KiB not kept';
    const live = await drover(['run', '-n', 'web[1-3]', '--max-output', '2', '--', 'seq', '9'], home());
    expect(live.stderr).toContain(note);
    expect(live.code).toBe(0);
    expect((await drover(['runs', 'log', 'run-test1'], home())).stderr).toContain(note);
  });

  test('a run that could not begin says why', async () => {
    const why = 'cannot resolve @nobody: no node carries the label group.drover.dev/nobody';
    scriptWork(fake, 'commandruns', (work) => work.end('Failed', why));
    const done = await drover(['run', '-n', '@nobody', '--', 'true'], home());
    expect(done.stderr).toContain(why);
    expect(done.code).toBe(1);
  });

  test('what cannot be meant is refused before anything is sent', async () => {
    for (const bad of [
      ['-n', 'web[1-'],
      ['-n', 'web1', '--batches', '1,0'],
    ]) {
      const done = await drover(['run', ...bad, '--', 'true'], home());
      expect(done, done.stderr).toMatchObject({ code: 2 });
    }
  });

  test('standard input is taken whole from a pipe that is slow to fill', async () => {
    const work = scriptWork(fake, 'commandruns', (made) => made.end('Succeeded'));
    const argv = ['run', '-n', 'web1', '--stdin', '-', '--', 'cat'];
    const done = await drover(argv, { ...home(), producer: '(seq 50000; sleep 0.1; echo end)' });
    expect(done).toMatchObject({ code: 0 });
    expect(work.posted()?.['spec']).toMatchObject({ stdin: expect.stringMatching(/50000\nend\n$/) });
  });

  test('standard input and scripts that are not text are refused rather than changed', async () => {
    for (const option of ['--stdin', '--script']) {
      const words = option === '--stdin' ? ['--', 'cat'] : [];
      const input = Buffer.from([0x61, 0xff, 0xfe, 0x0a]);
      const done = await drover(['run', '-n', 'web1', option, '-', ...words], { ...home(), input });
      expect(done.stderr).toContain('not UTF-8 text');
      expect(done.code).toBe(2);
    }
  });

  test('--fold shows identical outputs once, with the silent nodes', async () => {
    const work = scriptWork(fake, 'commandruns', (made) => {
      made.task('web1', 'exited', { exitCode: 0 });
      made.end('Succeeded');
    });
    const group = {
      state: 'exited',
      exitCode: 0,
      signal: 0,
      reason: '',
      stderr: '',
      stdoutBytes: 3,
      stderrBytes: 0,
    };
    fake.on('GET', `${work.path}/fold`, () => ({
      groups: [
        { ...group, nodeSet: 'web[1-19]', count: 19, stdout: Buffer.from('6.1\n').toString('base64') },
      ],
      silent: 'db7',
    }));
    const done = await drover(['run', '-n', '*', '--fold', '--', 'uname', '-r'], home());
    expect(done.stdout).toContain('web[1-19] (19)\n----------------\n6.1\n');
    expect(done.stdout).toContain('db7 silent');
  });

  test('a cut connection is taken up again and nothing is shown twice', async () => {
    const work = scriptWork(fake, 'commandruns', (made) => {
      made.task('web1', 'running');
      made.output('web1', 'stdout', 'before\n');
    });
    const running = startDrover(['run', '-n', 'web1', '--', 'sleepy'], home());
    await until(() => running.stdout().includes('before'), 'the first line');
    fake.cut();
    work.output('web1', 'stdout', 'after\n');
    work.task('web1', 'exited', { exitCode: 0 });
    work.end('Succeeded');
    const done = await running.finished;
    expect(done.stdout).toBe('web1: before\nweb1: after\n');
    expect(done.code).toBe(0);
  });

  test('the first Ctrl-C cancels and waits for the proof', async () => {
    const work = scriptWork(fake, 'commandruns', (made) => {
      made.task('web1', 'running');
      made.output('web1', 'stdout', 'on\n');
    });
    work.onPatch((body) => {
      expect(body).toEqual({ spec: { cancel: true } });
      work.task('web1', 'cancelled', { reason: 'killed on request', survivors: 0 });
      work.end('Cancelled');
    });
    const running = startDrover(['run', '-n', 'web1', '--', 'sleepy'], home());
    await until(() => running.stdout().includes('on'), 'the first line');
    running.child.kill('SIGINT');
    const done = await running.finished;
    expect(done.stderr).toContain('web1 (1): cancelled: killed on request');
    expect(done.code).toBe(1);
  });

  test('the second Ctrl-C leaves the run alone and says how to look after it', async () => {
    scriptWork(fake, 'commandruns', (made) => {
      made.task('web1', 'running');
      made.output('web1', 'stdout', 'on\n');
    });
    const running = startDrover(['run', '-n', 'web1', '--', 'sleepy'], home());
    await until(() => running.stdout().includes('on'), 'the first line');
    running.child.kill('SIGINT');
    await until(() => running.stderr().includes('cancelling'), 'the word of cancelling');
    running.child.kill('SIGINT');
    const done = await running.finished;
    expect(done.stderr).toContain('drover runs show run-test1');
    expect(done.code).toBe(1);
  });

  test('-o json gives one document', async () => {
    scriptWork(fake, 'commandruns', (work) => {
      work.output('web1', 'stdout', 'hello\n');
      work.task('web1', 'exited', { exitCode: 0 });
      work.end('Succeeded');
    });
    const document = await drover(['run', '-n', 'web1', '-o', 'json', '--', 'true'], home());
    const parsed = JSON.parse(document.stdout) as { results: { node: string; stdout: string }[] };
    expect(parsed.results[0]).toMatchObject({
      node: 'web1',
      state: 'exited',
      exitCode: 0,
      stdout: 'hello\n',
    });
  });

  test('--detach prints the name and ends', async () => {
    scriptWork(fake, 'commandruns', (work) => work.task('web1', 'running'));
    const detached = await drover(['run', '-n', 'web1', '--detach', '--', 'true'], home());
    expect([detached.code, detached.stdout]).toEqual([0, 'run-test1\n']);
  });

  test('wrong usage ends with 2, a refusal with 1, an absent controller with 3', async () => {
    fake.on('POST', '/apis/drover.dev/v1alpha1/namespaces/default/commandruns', (_, response) =>
      sendStatus(response, 422, 'Invalid', 'cannot create run: spec.cwd: must be absolute'),
    );
    const usage = await drover(['run', '--', 'true'], home());
    expect([usage.code, usage.stderr]).toEqual([2, expect.stringContaining('cannot choose nodes')]);
    const refused = await drover(['run', '-n', 'web1', '--', 'true'], home());
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('spec.cwd')]);
    fake.cut();
    fake.server.close();
    const away = await drover(['run', '-n', '*', '--', 'true'], home());
    expect([away.code, away.stderr]).toEqual([3, expect.stringContaining('connection refused')]);
    expect(usage.stderr + refused.stderr + away.stderr).not.toMatch(/\n\s+at /);
  });

  test('a server with another CA is not talked to', async () => {
    const other = await startFakeController();
    try {
      const { writeFileSync } = await import('node:fs');
      const context = { address: fake.address, caPem: other.certificates.caPem, token: 'secret' };
      writeFileSync(other.contextFile, JSON.stringify(context));
      const done = await drover(['nodes'], { contextFile: other.contextFile, home: fake.directory });
      expect([done.code, done.stderr]).toEqual([3, expect.stringContaining('certificate')]);
      expect(fake.seen).toEqual([]);
    } finally {
      await other.close();
    }
  });
});
