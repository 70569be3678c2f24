import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allKinds, defaultRetention, resourceKey } from '@drover/api';
import { expect, test } from 'vitest';
import { fileBounds, kindBound, sharedTableBounds, tableBounds } from './bounds.ts';
import { ownTables } from './store/postgres/schema.ts';
import { notInBackups, snapshotTables } from './store/sql/snapshot.ts';
import { openWriter } from './store/sqlite/files.ts';

test('every table names what bounds it, and none is named that is not there', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'drover-bounds-'));
  const { database, close } = openWriter(dir);
  const tables = database.rows("SELECT name FROM sqlite_master WHERE type = 'table'");
  close();
  await rm(dir, { recursive: true, force: true });

  expect(Object.keys(tableBounds).sort()).toEqual(tables.map((row) => String(row['name'])).sort());
});

test('so does every table of a database of several controllers', () => {
  expect([...Object.keys(tableBounds), ...Object.keys(sharedTableBounds)].sort()).toEqual(
    [...ownTables].sort(),
  );
});

test('every table is in a backup, or is named with why not', () => {
  expect([...snapshotTables, ...Object.keys(notInBackups)].sort()).toEqual([...ownTables].sort());
});

test('every kind names what bounds its objects', () => {
  const unbounded = allKinds.filter((kind) => kindBound(kind) === undefined).map(resourceKey);
  expect(unbounded).toEqual([]);
});

test('every part of the RetentionPolicy bounds something', () => {
  const tables = [...Object.values(tableBounds), ...Object.values(sharedTableBounds)];
  const all = [...tables, ...Object.values(fileBounds), ...allKinds.map(kindBound)];
  const parts = all.flatMap((bound) => (bound?.by === 'policy' ? [bound.part] : []));
  expect(new Set(parts)).toEqual(new Set(Object.keys(defaultRetention)));
});
