// Owns the statements of what waits for its one answer, as signing in goes over several requests.
// I1: whoever takes it first has it, and nobody after. I2: of a room at most `most` wait; the oldest give way.
import type { Context } from './context.ts';

export interface PendingWrite {
  readonly id: string;
  readonly room: string;
  /** Sealed. */
  readonly value: string;
  readonly untilMs: number;
  readonly nowMs: number;
  readonly most: number;
}

const put = (context: Context, { id, room, value, untilMs, nowMs, most }: PendingWrite): void => {
  context.send('DELETE FROM pending WHERE room = ? AND until_ms <= ?', room, nowMs);
  context.send(
    `DELETE FROM pending WHERE id IN
       (SELECT id FROM pending WHERE room = ? ORDER BY until_ms DESC LIMIT 1000000 OFFSET ?)`,
    room,
    most - 1,
  );
  const insert = 'INSERT INTO pending (id, room, value, until_ms) VALUES (?, ?, ?, ?)';
  context.send(insert, id, room, value, untilMs);
};

const take = async (context: Context, id: string): Promise<boolean> =>
  (await context.database.run('DELETE FROM pending WHERE id = ?', id)) > 0;

const find = async (
  { database }: Context,
  { id, nowMs }: { readonly id: string; readonly nowMs: number },
): Promise<string | undefined> => {
  const row = await database.tuple('SELECT value FROM pending WHERE id = ? AND until_ms > ?', id, nowMs);
  return row === undefined ? undefined : String(row[0]);
};

export const pendingWrites = { 'pending.put': put, 'pending.take': take };
export const pendingReads = { 'pending.find': find };
