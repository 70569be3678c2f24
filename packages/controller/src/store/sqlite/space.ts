// Owns the pages of the file that hold nothing any more: they are used again first, and given back to the disk beyond that.
// I1: a step gives back little, so that nobody who writes waits for long.
// I2: a file from before this could be asked for gives nothing back until it is rebuilt (scrub, restore): its free pages
//     are used again all the same.
import type { SqliteDatabase } from './database.ts';

const stepPages = 128;
/** What rows of a day come and go in is kept: a quarter of the file, and 32 MiB at least. */
const keptPages = 4_096;
const keptShare = 4;
const incremental = 2;

/** How many pages are free beyond what is kept. */
const spare = (database: SqliteDatabase): number => {
  if (database.pragma('auto_vacuum') !== incremental) return 0;
  const kept = Math.max(keptPages, Math.floor(database.pragma('page_count') / keptShare));
  return Math.max(0, database.pragma('freelist_count') - kept);
};

/** Gives back some of what is spare; returns how many bytes, 0: nothing is. */
export const giveBackSome = (database: SqliteDatabase): number => {
  const before = database.pragma('page_count');
  const pages = Math.min(stepPages, spare(database));
  if (pages > 0) database.exec(`PRAGMA incremental_vacuum(${pages})`);
  return (before - database.pragma('page_count')) * database.pragma('page_size');
};
