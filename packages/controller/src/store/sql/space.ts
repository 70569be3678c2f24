// Owns the giving back of room in the database's files that holds nothing any more.
import type { Context } from './context.ts';

/** Gives back some of what is spare; returns how many bytes, 0: nothing is. */
const giveBackSome = async ({ database }: Context): Promise<number> => database.giveBackSome();

export const spaceWrites = { 'space.giveBackSome': giveBackSome };
