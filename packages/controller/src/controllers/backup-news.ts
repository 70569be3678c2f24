// Owns how backups by the clock are told as Events: there is no object that they are of, so they are the controller's own.
import { type EventDeps, recordEvent, theController } from './events.ts';

type News =
  | { readonly kind: 'made'; readonly file: { readonly name: string; readonly sizeBytes: number } }
  | { readonly kind: 'failed'; readonly message: string };

export const tellOfBackup = (deps: EventDeps, news: News): Promise<void> => {
  const told = { object: theController, component: 'backup-routine' };
  if (news.kind === 'failed')
    return recordEvent(deps, { ...told, type: 'Warning', reason: 'BackupFailed', message: news.message });
  const message = `${news.file.name} was written: ${news.file.sizeBytes} bytes`;
  return recordEvent(deps, { ...told, type: 'Normal', reason: 'BackupMade', message });
};
