// Owns the statements of certificates and of secrets by which somebody signs in (only their sha256).
import type { CertificateRow, CredentialRow, NewCredential } from '../store.ts';
import type { Context } from './context.ts';
import type { Awaitable, Row } from './database.ts';
import { notify } from './notices.ts';

const certificateColumns = `serial, subject, fingerprint, public_key_sha256 AS "publicKeySha256",
  not_before_ms AS "notBeforeMs", not_after_ms AS "notAfterMs", revoked_at_ms AS "revokedAtMs"`;
const credentialColumns = `id, kind, sha256, "user", description, created_at_ms AS "createdAtMs",
  expires_at_ms AS "expiresAtMs", user_uid AS "userUid", last_used_ms AS "lastUsedMs", details`;

// The columns above are exactly the fields of the rows' types.
const toCertificate = (row: Row): CertificateRow => ({ ...row }) as unknown as CertificateRow;
const toCredential = (row: Row): CredentialRow =>
  ({ ...row, details: JSON.parse(String(row['details'])) }) as unknown as CredentialRow;

const addCertificate = (context: Context, row: CertificateRow): void => {
  context.send(
    `INSERT INTO certificate (serial, subject, fingerprint, public_key_sha256, not_before_ms, not_after_ms,
     revoked_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    row.serial,
    row.subject,
    row.fingerprint,
    row.publicKeySha256,
    row.notBeforeMs,
    row.notAfterMs,
    row.revokedAtMs,
  );
};

const revoke = async (
  context: Context,
  request: { readonly subject: string; readonly nowMs: number; readonly serial: string | undefined },
): Promise<readonly string[]> => {
  const rows = await context.database.tuples(
    `UPDATE certificate SET revoked_at_ms = ? WHERE subject = ? AND revoked_at_ms = 0
     AND serial = coalesce(?, serial) RETURNING serial`,
    Math.max(1, request.nowMs),
    request.subject,
    request.serial ?? null,
  );
  const serials = rows.map((row) => String(row[0]));
  for (const serial of serials) notify(context, 'certificate', serial);
  return serials;
};

/** What a subject had last stays, unless it was taken back: it tells by which key the subject is known. */
const removeExpired = ({ database }: Context, beforeMs: number): Awaitable<number> =>
  database.run(
    `DELETE FROM certificate WHERE not_after_ms < ? AND (revoked_at_ms > 0 OR EXISTS (SELECT 1 FROM certificate
     AS later WHERE later.subject = certificate.subject AND later.not_before_ms > certificate.not_before_ms))`,
    beforeMs,
  );

const add = (context: Context, row: NewCredential): void => {
  const { userUid = '', lastUsedMs = 0, details = {} } = row;
  context.send(
    `INSERT INTO credential (id, kind, sha256, "user", description, created_at_ms, expires_at_ms, user_uid,
     last_used_ms, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
  notify(context, 'credential', wish.id);
  context.send('UPDATE credential SET last_used_ms = ? WHERE id = ?', wish.nowMs, wish.id);
};

const oneCredential = async (
  { database }: Context,
  sql: string,
  value: string,
): Promise<CredentialRow | undefined> => {
  const row = await database.row(sql, value);
  return row && toCredential(row);
};

const take = async (context: Context, sha256: string): Promise<CredentialRow | undefined> => {
  const gone = `DELETE FROM credential WHERE sha256 = ? RETURNING ${credentialColumns}`;
  const row = await oneCredential(context, gone, sha256);
  if (row !== undefined) notify(context, 'credential', row.id);
  return row;
};

const remove = (context: Context, id: string): void => {
  notify(context, 'credential', id);
  context.send('DELETE FROM credential WHERE id = ?', id);
};

const certificatesWhere = async (
  { database }: Context,
  where: string,
  value: string,
): Promise<readonly CertificateRow[]> => {
  const sql = `SELECT ${certificateColumns} FROM certificate WHERE ${where} ORDER BY not_before_ms, serial`;
  return (await database.rows(sql, value)).map(toCertificate);
};

const certificate = async (context: Context, serial: string): Promise<CertificateRow | undefined> =>
  (await certificatesWhere(context, 'serial = ?', serial))[0];

const certificatesOf = (context: Context, subject: string): Promise<readonly CertificateRow[]> =>
  certificatesWhere(context, 'subject = ?', subject);

const bySha256 = (context: Context, sha256: string): Promise<CredentialRow | undefined> =>
  oneCredential(context, `SELECT ${credentialColumns} FROM credential WHERE sha256 = ?`, sha256);

const byId = (context: Context, id: string): Promise<CredentialRow | undefined> =>
  oneCredential(context, `SELECT ${credentialColumns} FROM credential WHERE id = ?`, id);

const credentialsWhere = async (
  { database }: Context,
  where: string,
  value: string,
): Promise<readonly CredentialRow[]> => {
  const sql = `SELECT ${credentialColumns} FROM credential WHERE ${where} ORDER BY created_at_ms, id`;
  return (await database.rows(sql, value)).map(toCredential);
};

const ofUser = (context: Context, user: string): Promise<readonly CredentialRow[]> =>
  credentialsWhere(context, '"user" = ?', user);

const list = (context: Context, kind: CredentialRow['kind']): Promise<readonly CredentialRow[]> =>
  credentialsWhere(context, 'kind = ?', kind);

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
