// Owns the pages of the file that hold nothing any more: they are used again first, and given back to the disk beyond that.
// I1: a step gives back little, so that nobody who writes waits for long.
// I2: a file from before this could be asked for gives nothing back until it is rebuilt (scrub, restore): its free pages
//     are used again all the same.
import type { Context } from './context.ts';

const stepPages = 128;
/** What rows of a day come and go in is kept: a quarter of the file, and 32 MiB at least. */
const keptPages = 4_096;
const keptShare = 4;
const incremental = 2;

const numberOf = (context: Context, pragma: string): number =>
  Number(context.prepare(`PRAGMA ${pragma}`).get()?.[pragma] ?? 0);

/** How many pages are free beyond what is kept. */
const spare = (context: Context): number => {
  if (numberOf(context, 'auto_vacuum') !== incremental) return 0;
  const kept = Math.max(keptPages, Math.floor(numberOf(context, 'page_count') / keptShare));
  return Math.max(0, numberOf(context, 'freelist_count') - kept);
};

/** Gives back some of what is spare; returns how many bytes, 0: nothing is. */
const giveBackSome = (context: Context): number => {
  const before = numberOf(context, 'page_count');
  const pages = Math.min(stepPages, spare(context));
  if (pages > 0) context.database.exec(`PRAGMA incremental_vacuum(${pages})`);
  return (before - numberOf(context, 'page_count')) * numberOf(context, 'page_size');
};

export const spaceWrites = { 'space.giveBackSome': giveBackSome };
