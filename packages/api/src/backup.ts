// Owns what the controller tells of a backup (POST /backups).

export interface BackupInfo {
  /** GET /backups/<id> gives its bytes. */
  readonly id: string;
  /** Version of Drover that made it. */
  readonly drover: string;
  readonly createdAt: string;
  /** Newest revision of the objects in it. */
  readonly revision: number;
  /** Rows by table, and `blobs`. */
  readonly counts: Readonly<Record<string, number>>;
  /** sha256 over all that it holds: that of a restored copy is the same. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Body of POST /backups: exactly one of them. */
export interface BackupWish {
  /** At least 12 characters. */
  readonly passphrase?: string;
  /** base64 of 32 bytes. */
  readonly key?: string;
}

/** A file that the controller made by its schedule and that is still where it was put. */
export interface BackupFile {
  /** In the directory of the schedule. */
  readonly name: string;
  readonly createdAt: string;
  readonly revision: number;
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Backups by the clock, and how they went. */
export interface BackupSchedule {
  readonly directory: string;
  /** Five fields of cron, or a name such as @daily. */
  readonly schedule: string;
  /** By whose clock on the wall. */
  readonly timeZone: string;
  /** So many files are kept. */
  readonly keep: number;
  /** What opens them: in words that hold no secret. */
  readonly key: string;
  readonly nextAt: string;
  /** While one is being made. */
  readonly startedAt?: string;
  readonly lastSuccess?: BackupFile & { readonly seconds: number };
  /** After a failure it is tried again before the next time. */
  readonly lastFailure?: { readonly at: string; readonly message: string };
}

/** GET /backups. */
export interface BackupsStatus {
  /** Absent: the controller was started without --backup-dir. */
  readonly schedule?: BackupSchedule;
  /** Newest first. */
  readonly files: readonly BackupFile[];
}
