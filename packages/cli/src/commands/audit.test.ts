import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AuditEntry, type AuditRecord, chainStart, toCanonicalJson } from '@drover/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { drover, startDrover, until } from '../testing/drover.ts';
import { type FakeController, startFakeController } from '../testing/fake-controller.ts';

let fake: FakeController;
const home = () => ({ contextFile: fake.contextFile, home: fake.directory });

beforeEach(async () => {
  fake = await startFakeController();
});
afterEach(() => fake.close());

const entry: AuditEntry = {
  time: '2026-01-02T03:04:05.678Z',
  user: 'ada',
  verb: 'create',
  group: 'drover.dev',
  resource: 'commandruns',
  namespace: 'default',
  name: 'run-1',
  nodes: { asked: 'web[1-3]' },
  address: '10.0.0.1',
  decision: 'allow',
  code: 201,
};

const chain = (entries: readonly AuditEntry[]): readonly AuditRecord[] => {
  let prev = chainStart.hash;
  return entries.map((one, index) => {
    const row = { ...one, seq: index + 1 };
    const hash = createHash('sha256')
      .update(prev + toCanonicalJson(row))
      .digest('hex');
    const record = { ...row, prev, hash };
    prev = hash;
    return record;
  });
};

const five = chain(['ada', 'eve', 'ada', 'eve', 'ada'].map((user) => ({ ...entry, user })));

/** Serves `records` as the controller does. */
const serve = (records: readonly AuditRecord[]): void => {
  fake.on('GET', '/audit', ({ query }) => {
    const after = Number(query['continue'] ?? query['after'] ?? 0);
    const rest =
      query['order'] === 'oldest' ? records.filter(({ seq }) => seq > after) : [...records].reverse();
    return { items: rest.slice(0, Number(query['limit'] ?? 100)) };
  });
  const head = { seq: records.at(-1)?.seq ?? 0, hash: records.at(-1)?.hash ?? '' };
  fake.on('GET', '/audit/verify', () => ({ rows: records.length, first: records[0]?.seq ?? 1, head }));
};

const writeLines = (records: readonly object[], name = 'audit.log'): string => {
  const path = join(fake.directory, name);
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return path;
};

describe('drover audit list', () => {
  test('shows who really asked beside whom they acted as', async () => {
    serve(chain([{ ...entry, impersonator: 'eve' }]));
    expect((await drover(['audit', 'list'], home())).stdout).toContain('ada (by eve)');
  });

  test('shows who did what, newest first, and passes the filters on', async () => {
    serve(five.slice(0, 2));
    const filters = ['--user', 'ada', '--node', 'web1', '--denied', '--since', '2026-01-01T00:00:00Z'];
    const done = await drover(['audit', 'list', ...filters], home());

    expect(done.stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['ROW', 'TIME', 'USER', 'VERB', 'RESOURCE', 'NAME', 'NODES', 'OUTCOME', 'FROM'],
      [
        '2',
        '2026-01-02T03:04:05Z',
        'eve',
        'create',
        'commandruns',
        'default/run-1',
        'web[1-3]',
        '201',
        '10.0.0.1',
      ],
      [
        '1',
        '2026-01-02T03:04:05Z',
        'ada',
        'create',
        'commandruns',
        'default/run-1',
        'web[1-3]',
        '201',
        '10.0.0.1',
      ],
      [''],
    ]);
    const since = '2026-01-01T00:00:00.000Z';
    expect(fake.seen[0]?.query).toMatchObject({
      user: 'ada',
      node: 'web1',
      denied: 'true',
      since,
      limit: '50',
    });
  });

  test('reads on over pages that hold little, and says where to go on', async () => {
    fake.on('GET', '/audit', ({ query }) =>
      query['continue'] === undefined
        ? { items: [], continue: '900' }
        : { items: [five[4], five[3]], continue: '4' },
    );
    const done = await drover(['audit', 'list', '--limit', '2', '-o', 'name'], home());
    expect([done.stdout, done.stderr]).toEqual(['5\n4\n', 'there may be more: go on with --continue 4\n']);
  });

  test('is for programs with -o json, and says when there is nothing', async () => {
    serve(five);
    expect(JSON.parse((await drover(['audit', 'list', '-o', 'json'], home())).stdout)).toEqual(
      [...five].reverse(),
    );
    serve([]);
    expect((await drover(['audit', 'list'], home())).stderr).toBe('no rows found\n');
  });

  test('refuses a time that is none', async () => {
    const done = await drover(['audit', 'list', '--since', 'yesterday'], home());
    expect([done.code, done.stderr]).toEqual([2, expect.stringContaining('--since yesterday')]);
  });

  test('-f shows what comes', async () => {
    fake.on('GET', '/audit', (_request, response) => {
      response.writeHead(200).write(`${JSON.stringify(five[0])}\n`);
      return undefined;
    });
    const running = startDrover(['audit', 'list', '--follow', '-o', 'json'], home());
    await until(() => running.stdout().includes('\n'), 'the first row');
    expect(JSON.parse(running.stdout())).toEqual(five[0]);
    running.child.kill('SIGKILL');
    await running.finished;
  });
});

test('drover audit export prints every row, oldest first, as JSON lines', async () => {
  serve(five);
  const done = await drover(['audit', 'export', '--after', '2'], home());
  expect(
    done.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(five.slice(2));
});

describe('drover audit verify', () => {
  test('says that the chain holds, in the store and in files one after the other', async () => {
    serve(five);
    const files = [writeLines(five.slice(0, 3), 'audit.log.1'), writeLines(five.slice(3))];
    const done = await drover(['audit', 'verify', ...files.flatMap((file) => ['--file', file])], home());
    expect(done).toMatchObject({
      code: 0,
      stdout: `store: 5 rows, 1 to 5, whole\n${files.join(', ')}: 5 rows, 1 to 5, whole\n`,
    });
  });

  test('names the row at which the store is broken, with exit code 1', async () => {
    const problem = { seq: 3, why: 'row 3 was changed' };
    fake.on('GET', '/audit/verify', () => ({ rows: 2, first: 1, head: { seq: 2, hash: '' }, problem }));
    const done = await drover(['audit', 'verify'], home());
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining('row 3 was changed')]);
  });

  const eve = { ...five[2], user: 'nobody' };
  test.each<[string, readonly object[], string]>([
    ['a changed row', [five[0], five[1], eve, five[3]] as object[], 'row 3 was changed'],
    ['a removed row', [five[0], five[2]] as object[], 'row 2 was removed or moved'],
    ['rows in another order', [five[0], five[2], five[1]] as object[], 'row 2 was removed or moved'],
    ['a row that is none', [five[0], { x: 1 }] as object[], 'audit.log:2 is not a row'],
  ])('names what is wrong with a file: %s', async (_what, records, why) => {
    const done = await drover(['audit', 'verify', '--offline', '--file', writeLines(records)], home());
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining(why)]);
  });

  test('names what the file has and the store has not any more', async () => {
    const file = writeLines(five);
    serve(five.slice(0, 3));
    const cut = await drover(['audit', 'verify', '--file', file], home());
    expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining('row 4 (')]);

    serve(chain(['ada', 'eve', 'mallory'].map((user) => ({ ...entry, user }))));
    const other = await drover(['audit', 'verify', '--file', file], home());
    expect(other.stderr).toMatch(/row 3 .* is not the one that the store has/);
  });

  test('passes over rows that retention has removed from the store', async () => {
    const file = writeLines(five);
    serve(five.slice(2));
    expect(await drover(['audit', 'verify', '--file', file], home())).toMatchObject({ code: 0 });
  });
});
