// Owns what a place for the bytes of content offers: files of the data directory (directory.ts), or rows of the database that
// several controllers share (shared.ts). blobs.ts says what is content, and does not know where its bytes are.
import type { BlobRow, ContentFile } from '../store.ts';

export interface Bodies {
  /** Whether other controllers take uploads and remove content there too. */
  readonly isShared: boolean;
  /** Takes away what a stop has left. `uploads` are under way, `blobs` are indexed. */
  settle(known: {
    readonly uploads: ReadonlySet<string>;
    readonly blobs: ReadonlySet<string>;
  }): Promise<void>;
  /** What of the room is left, and for people where that is. */
  room(): Promise<{ readonly freeBytes: number; readonly where: string }>;
  /** Room for a new upload: nothing is in it. */
  begin(upload: string): Promise<void>;
  /** How many bytes of an upload are there; undefined: there is no such upload. */
  size(upload: string): Promise<number | undefined>;
  /** What is there from `from`, which `append` has ended at, and before `to`. */
  bytes(upload: string, from: number, to: number): AsyncIterable<Uint8Array>;
  /**
   * Puts down what comes, from `at` on, where the upload ends. What came before the source failed stays. A piece is not
   * looked at any more once the next was asked for.
   */
  append(upload: string, at: number, data: AsyncIterable<Uint8Array>): Promise<void>;
  /** Makes the bytes of an upload durable as those of content, before it is indexed. */
  place(upload: string, sha256: string): Promise<void>;
  /** The bytes of an upload or of content that is not indexed any more. */
  dropUpload(upload: string): Promise<void>;
  dropContent(sha256: string): Promise<void>;
  /** Of what is indexed. @throws ApiError NotFound */
  open(blob: BlobRow): Promise<ContentFile>;
  /** Ends what goes on in the background. */
  close(): Promise<void>;
}
