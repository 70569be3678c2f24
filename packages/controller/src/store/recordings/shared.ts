// Owns recordings in the database that several controllers share: whichever of them a shell was opened at, and whether it is still
// there. What was seen is a body of pieces (postgres/pieces.ts); a row says that it is one, and whether it goes on.
// I1: what `append` has answered outlives this controller; once closed, it outlives the database too.
// I2: one goes on while its controller says so every minute: one whose controller died has ended after `silentMs`, by the
//     clock of the database.
// I3: whether one has ended is asked in the statement that removes it: it may have been said to go on since it was listed.
import { Readable } from 'node:stream';
import { ApiError } from '@drover/api';
import type { Log } from '../../platform/log.ts';
import { endOfCell, type Pieces, recordingOwner } from '../postgres/pieces.ts';
import type { Pool } from '../postgres/pool.ts';
import type { KnownRecording, RecordingStore, StoredRecording, Tape } from './recordings.ts';

const aliveMs = 60_000;
const silentMs = 600_000;
const edgeBytes = 8_192;

const now = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
const goesOn = `NOT recording.ended AND recording.alive_at_ms > ${now} - ${silentMs}`;
const columns = `recording.id, recording.alive_at_ms AS "endedMs",
  (${goesOn})::int AS "goesOn"`;
const lastPiece = `LEFT JOIN LATERAL (SELECT at, data FROM piece WHERE body = recording.id ORDER BY at DESC LIMIT 1) AS last ON true`;
const size = 'coalesce(last.at + octet_length(last.data), 0) AS "sizeBytes"';
const allRecordings = `SELECT ${columns}, ${size} FROM recording ${lastPiece} ORDER BY recording.id`;
const newestRecordings = `SELECT ${columns}, ${size}, first.data AS head,
    substring(last.data FROM greatest(1, octet_length(last.data) - ${edgeBytes - 1})) AS tail
  FROM recording ${lastPiece}
  LEFT JOIN LATERAL (SELECT data FROM piece WHERE body = recording.id ORDER BY at LIMIT 1) AS first ON true
  ORDER BY recording.id DESC LIMIT $1`;

interface Row {
  readonly id: string;
  readonly sizeBytes: number;
  readonly endedMs: number;
  readonly goesOn: number;
}

const toStored = ({ id, sizeBytes, endedMs, goesOn }: Row): StoredRecording => ({
  ...{ id, sizeBytes, endedMs },
  goesOn: goesOn === 1,
});

const toText = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString('utf8');

class PieceTape {
  readonly #pieces: Pieces;
  readonly #id: string;
  #at = 0;
  #waiting: Buffer[] = [];
  #last: Promise<void> = Promise.resolve();
  /** Of what is waiting. */
  #next: Promise<void> | undefined;

  constructor(pieces: Pieces, id: string) {
    this.#pieces = pieces;
    this.#id = id;
  }

  /** What comes while something is written is written together afterwards. */
  append(text: string): Promise<void> {
    this.#waiting.push(Buffer.from(text));
    this.#next ??= this.#last.then(() => this.#write());
    this.#last = this.#next;
    return this.#next;
  }

  async #write(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#next = undefined;
    for (let done = 0; done < bytes.length; ) {
      const data = bytes.subarray(done, done + endOfCell(this.#at) - this.#at);
      await this.#put(data);
      this.#at += data.length;
      done += data.length;
    }
  }

  /** Once more after the database was lost: it may have a standby that takes over, and may have stored it before. */
  async #put(data: Uint8Array): Promise<void> {
    const piece = { body: this.#id, at: this.#at, data, isLast: false };
    try {
      await this.#pieces.put(recordingOwner, piece);
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'ServiceUnavailable') throw error;
      await this.#pieces.put(recordingOwner, piece).catch((again: unknown) => {
        if (!(again instanceof ApiError) || again.reason !== 'Conflict') throw again;
      });
    }
  }
}

class SharedRecordings implements RecordingStore {
  readonly #pool: Pool;
  readonly #pieces: Pieces;
  readonly #log: Log;
  readonly #own = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor({ pool, pieces, log }: { readonly pool: Pool; readonly pieces: Pieces; readonly log: Log }) {
    this.#pool = pool;
    this.#pieces = pieces;
    this.#log = log;
    this.#timer = setInterval(() => void this.#sayAlive(), aliveMs).unref();
  }

  /** I2. */
  async #sayAlive(): Promise<void> {
    if (this.#own.size === 0) return;
    const say = `UPDATE recording SET alive_at_ms = ${now} WHERE id = ANY($1)`;
    await this.#pool
      .use((client) => client.query(say, [[...this.#own]]))
      .catch((err: unknown) =>
        this.#log.warn({ err }, 'cannot say that recordings go on: it is tried again'),
      );
  }

  async #rows<R extends object>(sql: string, ...values: readonly unknown[]): Promise<readonly R[]> {
    return (await this.#pool.use((client) => client.query<R>(sql, [...values]))).rows;
  }

  async all(): Promise<readonly StoredRecording[]> {
    return (await this.#rows<Row>(allRecordings)).map(toStored);
  }

  async newest(limit: number): Promise<readonly KnownRecording[]> {
    type Known = Row & { readonly head: Uint8Array | null; readonly tail: Uint8Array | null };
    const rows = await this.#rows<Known>(newestRecordings, limit);
    return rows.map((row) => ({ ...toStored(row), head: toText(row.head), tail: toText(row.tail) }));
  }

  async begin(id: string, head: string): Promise<Tape> {
    await this.#rows(`INSERT INTO recording (id, alive_at_ms, ended) VALUES ($1, ${now}, false)`, id);
    this.#own.add(id);
    const tape = new PieceTape(this.#pieces, id);
    await tape.append(head);
    return {
      append: (text) => tape.append(text),
      close: async () => {
        this.#own.delete(id);
        await this.#rows(`UPDATE recording SET ended = true, alive_at_ms = ${now} WHERE id = $1`, id);
      },
    };
  }

  async read(id: string): Promise<{ readonly sizeBytes: number; readonly data: Readable }> {
    const known = await this.#rows('SELECT 1 FROM recording WHERE id = $1', id);
    const sizeBytes = known.length === 0 ? 0 : await this.#pieces.size(id);
    if (sizeBytes === 0) throw new ApiError('NotFound', `cannot find recording "${id}"`);
    return { sizeBytes, data: Readable.from(this.#pieces.bytes(id, 0, sizeBytes), { objectMode: false }) };
  }

  async remove(id: string): Promise<boolean> {
    // I3.
    const drop = `WITH gone AS (DELETE FROM recording WHERE id = $1 AND NOT (${goesOn}) RETURNING id)
      INSERT INTO dropped_body (body) SELECT id FROM gone ON CONFLICT (body) DO UPDATE SET body = excluded.body RETURNING body`;
    if ((await this.#rows(drop, id)).length === 0) return false;
    await this.#pieces.remove(id);
    await this.#rows('DELETE FROM dropped_body WHERE body = $1', id);
    return true;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
  }
}

export const openSharedRecordings = (
  deps: ConstructorParameters<typeof SharedRecordings>[0],
): RecordingStore => new SharedRecordings(deps);
