// Owns bytes in bulk as rows: a body (content, an upload, a recording) is a row of pieces, each with the place at which it begins.
// I1: a piece is never changed, lies within one cell of `cellBytes`, and begins where the one before it ends: of two controllers
//     that go on with one body at the same time, one is refused.
// I2: what `put` has answered outlives the controller; what was put with `isLast` outlives the database as well, and so does all
//     that was put before it and all on which a later commit builds (the log of the database has one order).
import { ApiError } from '@drover/api/errors';
import { type Client, DatabaseError } from 'pg';
import type { Pool } from './pool.ts';

const cellBytes = 512 * 1024;
/** Where the cell ends in which a byte is. */
export const endOfCell = (at: number): number => (Math.floor(at / cellBytes) + 1) * cellBytes;

/** How much is asked for at once. */
const spanCells = 4;

/** How much one short transaction removes. */
const removeRows = 64;
const unique = '23505';

const end = 'SELECT at + octet_length(data) AS n FROM piece WHERE body = $1 ORDER BY at DESC LIMIT 1';
/** In base64: the driver takes text only, and bytes in hexadecimal cost it twice as much. */
const between =
  "SELECT encode(data, 'base64') AS data FROM piece WHERE body = $1 AND at >= $2 AND at < $3 ORDER BY at";

/** `owner`: a statement that finds a row while the body may be written ($1 is its name), and keeps it there until the end of it. */
export interface Owner {
  readonly name: string;
  readonly isThere: string;
}

export const uploadOwner: Owner = {
  name: 'upload',
  isThere: 'SELECT 1 FROM upload WHERE id = $1 FOR KEY SHARE',
};
export const recordingOwner: Owner = {
  name: 'recording',
  isThere: 'SELECT 1 FROM recording WHERE id = $1 FOR KEY SHARE',
};

interface Piece {
  readonly body: string;
  readonly at: number;
  readonly data: Uint8Array;
  readonly isLast: boolean;
}

const insert = async (client: Client, owner: Owner, { body, at, data, isLast }: Piece): Promise<number> => {
  const values = [body, at, Buffer.from(data.buffer, data.byteOffset, data.byteLength)];
  const text = `INSERT INTO piece (body, at, data) SELECT $1, $2::bigint, $3::bytea WHERE EXISTS (${owner.isThere})`;
  // The answers are awaited together: three statements, one way to the server and back.
  const [, , { rowCount }] = await Promise.all([
    client.query('BEGIN'),
    client.query(`SET LOCAL synchronous_commit = ${isLast ? 'on' : 'off'}`),
    client.query({ name: `piece-${owner.name}`, text, values }),
    client.query('COMMIT'),
  ]);
  return rowCount ?? 0;
};

export class Pieces {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** @throws ApiError Conflict: somebody else has written there; NotFound: there is no such upload or recording any more. */
  async put(owner: Owner, piece: Piece): Promise<void> {
    const count = await this.#pool
      .use((client) => insert(client, owner, piece))
      .catch((error: unknown) => {
        if (!(error instanceof DatabaseError) || error.code !== unique) throw error;
        const why = `another controller has written at ${piece.at}; ask how far it is and go on from there`;
        throw new ApiError('Conflict', `cannot write ${owner.name} "${piece.body}": ${why}`);
      });
    if (count === 0)
      throw new ApiError(
        'NotFound',
        `cannot find ${owner.name} "${piece.body}": it is finished or was removed`,
      );
  }

  /** How many bytes it has. */
  async size(body: string): Promise<number> {
    const { rows } = await this.#pool.use((client) => client.query<{ n: number }>(end, [body]));
    return rows[0]?.n ?? 0;
  }

  async #span(body: string, from: number, to: number): Promise<readonly Buffer[]> {
    const values = [body, from, to];
    const { rows } = await this.#pool.use((client) =>
      client.query<{ data: string }>({ name: 'pieces', text: between, values }),
    );
    return rows.map(({ data }) => Buffer.from(data, 'base64'));
  }

  /** Bytes from `from`, where a piece begins, and before `to`: some cells at a time, and one time ahead. Fewer where some are missing. */
  async *bytes(body: string, from: number, to: number): AsyncGenerator<Uint8Array> {
    if (from >= to) return;
    const endOfSpan = (at: number): number => Math.min(to, endOfCell(at) + (spanCells - 1) * cellBytes);
    let next = this.#span(body, from, endOfSpan(from));
    for (let at = from; at < to; ) {
      const span = await next;
      const spanEnd = endOfSpan(at);
      if (spanEnd < to) {
        next = this.#span(body, spanEnd, endOfSpan(spanEnd));
        next.catch(() => undefined); // whoever asks for it hears of it
      }
      for (const data of span) {
        yield data.subarray(0, to - at);
        at += data.length;
      }
      at = spanEnd;
    }
  }

  /** Removes all of it, a little at a time: no transaction is long. */
  async remove(body: string): Promise<void> {
    const some = `DELETE FROM piece WHERE body = $1 AND at IN
      (SELECT at FROM piece WHERE body = $1 ORDER BY at LIMIT ${removeRows})`;
    let count: number | null = removeRows;
    while (count === removeRows)
      count = (await this.#pool.use((client) => client.query(some, [body]))).rowCount;
  }
}
