// A copy of the audit trail with rows that the store has not: found at the start, kept as evidence, and nobody is held up.
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AuditRecord } from '@drover/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createLog, silentLog } from '../../platform/log.ts';
import { aheadFiles } from '../../store/audit-ahead.ts';
import { openStore } from '../../store/index.ts';
import type { Store } from '../../store/store.ts';
import { testThreads } from '../../store/test-threads.ts';
import { type AuditOptions, type AuditTrail, openAuditTrail, ownEntry, trimTrail } from './trail.ts';

const errors: string[] = [];
const log = createLog({ level: 'error', destination: { write: (line: string) => errors.push(line) } });
let dataDir = '';
let store: Store;
let trail: AuditTrail | undefined;

const path = () => join(dataDir, 'audit.log');
const open = () => openStore({ dataDir, clock: systemClock, log: silentLog, threads: testThreads });
/** As a start of the controller does; what it says is in `errors`. */
const start = async (changes: Partial<AuditOptions> = {}): Promise<AuditTrail> => {
  await trail?.close();
  errors.length = 0;
  const options = { isRequired: false, fileBytes: 64 * 1024 * 1024, files: 20, syslog: undefined };
  trail = await openAuditTrail(
    { audit: store.audit, clock: systemClock, log, dataDir },
    { ...options, ...changes },
  );
  return trail;
};
const append = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await store.audit.append(ownEntry(systemClock.nowMs(), 'test'));
  await trail?.flush();
};
/** Somebody who has the database removes the newest rows while nobody looks. */
const cut = async (from: number): Promise<void> => {
  await trail?.close();
  trail = undefined;
  await store.close();
  const database = new DatabaseSync(join(dataDir, 'drover.db'));
  database.exec(`DELETE FROM audit WHERE seq >= ${from}`);
  database.close();
  store = await open();
};
const ahead = async () => (await aheadFiles(dataDir)).map(({ file }) => file);
const seqsOf = async (file = path()): Promise<readonly number[]> =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as AuditRecord).seq);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-ahead-'));
  store = await open();
});
afterEach(async () => {
  await trail?.close();
  trail = undefined;
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
});

test('is set aside and told of at each start until it is moved away, and the copy goes on whole', async () => {
  await start();
  await append(10);
  await cut(8);
  const opened = await start({ isRequired: true });
  expect(await ahead()).toEqual(['audit.log.ahead-8-10']);
  expect(errors.join('')).toContain(
    'rows 8 to 10 of the trail are in audit.log.ahead-8-10 but not in the store',
  );
  expect(errors.join('')).toContain('drover audit verify --file');
  await append(5);
  expect(await seqsOf()).toEqual(upTo(12));
  expect(await seqsOf(join(dataDir, 'audit.log.ahead-8-10'))).toEqual(upTo(10));
  expect(opened.refusal()).toBeUndefined();

  await start();
  expect(errors).toHaveLength(1);
  await rm(join(dataDir, 'audit.log.ahead-8-10'));
  await start();
  expect(errors).toEqual([]);
});

test('is found when the store has gone on meanwhile, with other rows of the same numbers', async () => {
  await start();
  await append(10);
  await cut(6);
  await append(20);
  await start();
  expect(await ahead()).toEqual(['audit.log.ahead-6-10']);
  expect(await seqsOf()).toEqual(upTo(25));
});

test('is found where more is cut than the newest file has', async () => {
  const small = { fileBytes: 2_000 };
  await start(small);
  await append(30);
  const [first = 0] = await seqsOf();
  await cut(first - 2);
  await start(small);
  const found = await ahead();
  expect(found).toHaveLength(2);
  expect(found).toContain(`audit.log.ahead-${first - 2}-${first - 1}`);
});

test('is none where the store is whole, also after retention, a line that a crash has cut, and without a copy', async () => {
  await start();
  await append(10);
  await trimTrail({ audit: store.audit, clock: systemClock }, { keepDays: 0, keepRows: 3 });
  await trail?.close();
  await appendFile(path(), '{"seq":99,"ha');
  await start();
  expect([errors, await ahead()]).toEqual([[], []]);
  await trail?.close();
  await rm(path());
  await start();
  expect([errors, await ahead()]).toEqual([[], []]);
});
