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
