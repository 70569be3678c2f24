// Owns how backups by the clock stand in the audit trail: one holds everything, so that who reads the trail must find where copies are.
import type { AuditEntry } from '@drover/api';
import type { BackupNews } from '../../store/backup/routine.ts';
import { ownEntry } from './trail.ts';

/** Of one that was made, with its file, or could not be. */
export const backupEntry = (nowMs: number, news: BackupNews): AuditEntry => {
  const own = { ...ownEntry(nowMs, 'create'), resource: 'backups' };
  if (news.kind === 'made') return { ...own, name: news.file.name, reason: 'by the schedule' };
  return { ...own, code: 500, reason: news.message };
};
