// Owns the bounds of the wire: what a peer may make us hold or walk, whatever its bytes say.

export interface WireLimits {
  /** Longest frame, without its 4-byte header. */
  readonly frameBytes: number;
  /** How deep containers and structs may be nested. */
  readonly depth: number;
  /** Structs, list items and map entries in one message: bounds memory, as an empty struct takes one byte. */
  readonly elements: number;
}

export const wireLimits: WireLimits = { frameBytes: 16 * 1024 * 1024, depth: 16, elements: 262_144 };

export type WireErrorCode =
  | 'frame-too-large'
  | 'bad-frame'
  | 'truncated'
  | 'bad-version'
  | 'bad-type'
  | 'bad-length'
  | 'too-deep'
  | 'too-many'
  | 'out-of-range';

/** The peer's bytes (or our own value) do not fit the protocol. The connection they came on is of no more use. */
export class WireError extends Error {
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string) {
    super(message);
    this.name = 'WireError';
    this.code = code;
  }
}
