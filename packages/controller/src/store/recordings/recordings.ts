// Owns what a place for recordings of shells offers. What is in them is not its matter (server/recorder.ts).
import type { Readable } from 'node:stream';

export interface StoredRecording {
  readonly id: string;
  readonly sizeBytes: number;
  /** When something was written last, as far as is known. */
  readonly endedMs: number;
  readonly goesOn: boolean;
}

/** With the first and the last bytes of it, up to 8 KiB each. */
export interface KnownRecording extends StoredRecording {
  readonly head: string;
  readonly tail: string;
}

/** One that goes on. */
export interface Tape {
  /** What was answered outlives this process. */
  append(text: string): Promise<void>;
  /** Durable once resolved. */
  close(): Promise<void>;
}

/** Files under <data>/recordings, or in the database of several controllers. */
export interface RecordingStore {
  begin(id: string, head: string): Promise<Tape>;
  /** Oldest first. */
  all(): Promise<readonly StoredRecording[]>;
  /** Newest first, at most `limit`. */
  newest(limit: number): Promise<readonly KnownRecording[]>;
  /** Up to what is there now. Throws NotFound. */
  read(id: string): Promise<{ readonly sizeBytes: number; readonly data: Readable }>;
  /** Whether it was removed: not one that goes on, at whichever controller, nor one that is not there. */
  remove(id: string): Promise<boolean>;
  close(): Promise<void>;
}
