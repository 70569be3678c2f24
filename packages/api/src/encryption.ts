// Owns what the controller tells of the keys by which its secrets are sealed (GET /encryption).

export interface EncryptionStatus {
  /** Where the key-encryption key comes from, in words. */
  readonly key: string;
  /** Oldest first. */
  readonly dataKeys: readonly {
    readonly number: number;
    /** RFC 3339. */
    readonly createdAt: string;
    /** Whether it seals now; the others are on their way out. */
    readonly inUse: boolean;
    /** How many values are under it, by what they are. */
    readonly values: Readonly<Record<string, number>>;
  }[];
  /** Present while values are brought under the newest data key. */
  readonly rotation?: {
    readonly startedAt: string;
    /** Since then, or since the start of the controller. */
    readonly done: number;
    readonly remaining: number;
    /** What went wrong last; '' when nothing did. It is tried again. */
    readonly message: string;
  };
}

/** Body of POST /encryption/rotate: at most one of them. Paths on the controller's machine. */
export interface RotateWish {
  readonly keyFile?: string;
  readonly passphraseFile?: string;
}
