// Owns the statements of certificates and of secrets by which somebody signs in (only their sha256).
import type { CertificateRow, CredentialRow, NewCredential } from '../store.ts';
import type { Context } from './context.ts';

const certificateColumns = `serial, subject, fingerprint, public_key_sha256 AS publicKeySha256,
  not_before_ms AS notBeforeMs, not_after_ms AS notAfterMs, revoked_at_ms AS revokedAtMs`;
const credentialColumns = `id, kind, sha256, user, description, created_at_ms AS createdAtMs,
  expires_at_ms AS expiresAtMs, user_uid AS userUid, last_used_ms AS lastUsedMs, details`;

type Row = Readonly<Record<string, unknown>>;

// The columns above are exactly the fields of the rows' types.
const toCertificate = (row: Row): CertificateRow => ({ ...row }) as unknown as CertificateRow;
const toCredential = (row: Row): CredentialRow =>
  ({ ...row, details: JSON.parse(String(row['details'])) }) as unknown as CredentialRow;

const addCertificate = (context: Context, row: CertificateRow): void => {
  context
    .prepare(
      `INSERT INTO certificate (serial, subject, fingerprint, public_key_sha256, not_before_ms, not_after_ms,
       revoked_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      row.serial,
      row.subject,
      row.fingerprint,
      row.publicKeySha256,
      row.notBeforeMs,
      row.notAfterMs,
      row.revokedAtMs,
    );
};

const revoke = (
  context: Context,
  request: { readonly subject: string; readonly nowMs: number; readonly serial: string | undefined },
): readonly string[] =>
  context
    .tuples(
      `UPDATE certificate SET revoked_at_ms = ?1 WHERE subject = ?2 AND revoked_at_ms = 0
       AND (?3 IS NULL OR serial = ?3) RETURNING serial`,
    )
    .all(Math.max(1, request.nowMs), request.subject, request.serial ?? null)
    .map((row) => String(row[0]));

/** What a subject had last stays, unless it was taken back: it tells by which key the subject is known. */
const removeExpired = (context: Context, beforeMs: number): number =>
  Number(
    context
      .prepare(
        `DELETE FROM certificate WHERE not_after_ms < ?1 AND (revoked_at_ms > 0 OR EXISTS (SELECT 1 FROM certificate
         AS later WHERE later.subject = certificate.subject AND later.not_before_ms > certificate.not_before_ms))`,
      )
      .run(beforeMs).changes,
  );

const add = (context: Context, row: NewCredential): void => {
  const { userUid = '', lastUsedMs = 0, details = {} } = row;
  context
    .prepare(
      `INSERT INTO credential (id, kind, sha256, user, description, created_at_ms, expires_at_ms, user_uid,
       last_used_ms, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      row.id,
      row.kind,
      row.sha256,
      row.user,
      row.description,
      row.createdAtMs,
      row.expiresAtMs,
      userUid,
      lastUsedMs,
      JSON.stringify(details),
    );
};

const touch = (context: Context, wish: { readonly id: string; readonly nowMs: number }): void => {
  context.prepare('UPDATE credential SET last_used_ms = ? WHERE id = ?').run(wish.nowMs, wish.id);
};

const take = (context: Context, sha256: string): CredentialRow | undefined => {
  const row = context
    .prepare(`DELETE FROM credential WHERE sha256 = ? RETURNING ${credentialColumns}`)
    .get(sha256);
  return row && toCredential(row);
};

const remove = (context: Context, id: string): void => {
  context.prepare('DELETE FROM credential WHERE id = ?').run(id);
};

const certificate = (context: Context, serial: string): CertificateRow | undefined => {
  const row = context.prepare(`SELECT ${certificateColumns} FROM certificate WHERE serial = ?`).get(serial);
  return row && toCertificate(row);
};

const certificatesOf = (context: Context, subject: string): readonly CertificateRow[] =>
  context
    .prepare(`SELECT ${certificateColumns} FROM certificate WHERE subject = ? ORDER BY not_before_ms, serial`)
    .all(subject)
    .map(toCertificate);

const bySha256 = (context: Context, sha256: string): CredentialRow | undefined => {
  const row = context.prepare(`SELECT ${credentialColumns} FROM credential WHERE sha256 = ?`).get(sha256);
  return row && toCredential(row);
};

const byId = (context: Context, id: string): CredentialRow | undefined => {
  const row = context.prepare(`SELECT ${credentialColumns} FROM credential WHERE id = ?`).get(id);
  return row && toCredential(row);
};

const ofUser = (context: Context, user: string): readonly CredentialRow[] =>
  context
    .prepare(`SELECT ${credentialColumns} FROM credential WHERE user = ? ORDER BY created_at_ms, id`)
    .all(user)
    .map(toCredential);

const list = (context: Context, kind: CredentialRow['kind']): readonly CredentialRow[] =>
  context
    .prepare(`SELECT ${credentialColumns} FROM credential WHERE kind = ? ORDER BY created_at_ms, id`)
    .all(kind)
    .map(toCredential);

export const credentialWrites = {
  'credentials.addCertificate': addCertificate,
  'credentials.revoke': revoke,
  'credentials.removeExpired': removeExpired,
  'credentials.add': add,
  'credentials.take': take,
  'credentials.remove': remove,
  'credentials.touch': touch,
};
export const credentialReads = {
  'credentials.certificate': certificate,
  'credentials.certificatesOf': certificatesOf,
  'credentials.bySha256': bySha256,
  'credentials.byId': byId,
  'credentials.ofUser': ofUser,
  'credentials.list': list,
};
