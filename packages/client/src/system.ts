// Owns what clients ask of the controller itself: its version, its keys, and the terminals that it has recorded.
import type {
  BackupInfo,
  BackupsStatus,
  BackupWish,
  DrainStatus,
  EncryptionStatus,
  RotateWish,
  ServerStatus,
} from '@drover/api';
import type { CallOptions } from './objects.ts';
import type { Transport } from './transport.ts';

export interface RecordingInfo {
  readonly id: string;
  readonly node: string;
  readonly user: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly sizeBytes: number;
}

export interface SystemApi {
  recordings(options?: CallOptions): Promise<readonly RecordingInfo[]>;
  /** The asciicast file. */
  recording(id: string, options?: CallOptions): AsyncIterable<Uint8Array>;
  /** Under which keys secrets are kept. */
  encryption(options?: CallOptions): Promise<EncryptionStatus>;
  /** Begins with a new data key; `encryption` shows how far it is. */
  rotateKey(wish: RotateWish, options?: CallOptions): Promise<EncryptionStatus>;
  /** Those that are made by the clock, and how they went. */
  backups(options?: CallOptions): Promise<BackupsStatus>;
  /** Has the controller make a backup; `backup` gives its bytes. */
  makeBackup(wish: BackupWish, options?: CallOptions): Promise<BackupInfo>;
  backup(id: string, options?: CallOptions): AsyncIterable<Uint8Array>;
  /** Has the controller stop in order: it says no to new work, ends what goes on, and answers what is under way. */
  drain(options?: CallOptions): Promise<DrainStatus>;
  /** How far it is with that. */
  drainStatus(options?: CallOptions): Promise<DrainStatus>;
  /** A tar.gz with what helps to find a fault, and no secret. */
  supportBundle(options?: CallOptions): AsyncIterable<Uint8Array>;
  /** How the controller is, in figures and in words. */
  serverStatus(options?: CallOptions): Promise<ServerStatus>;
  version(options?: CallOptions): Promise<{ readonly gitVersion: string }>;
}

export const createSystemApi = (http: Transport): SystemApi => ({
  recordings: async ({ signal } = {}) =>
    (await http.json<{ readonly items: readonly RecordingInfo[] }>({ path: '/recordings', signal })).items,
  recording: (id, { signal } = {}) =>
    http.bytes({ path: `/recordings/${encodeURIComponent(id)}`, accept: '*/*', signal }),
  encryption: ({ signal } = {}) => http.json({ path: '/encryption', signal }),
  rotateKey: (wish, { signal } = {}) =>
    http.json({ method: 'POST', path: '/encryption/rotate', body: wish, signal }),
  backups: ({ signal } = {}) => http.json({ path: '/backups', signal }),
  makeBackup: (wish, { signal } = {}) =>
    http.json({ method: 'POST', path: '/backups', body: wish, timeoutMs: 0, signal }),
  backup: (id, { signal } = {}) =>
    http.bytes({ path: `/backups/${encodeURIComponent(id)}`, accept: '*/*', signal }),
  drain: ({ signal } = {}) => http.json({ method: 'POST', path: '/drain', signal }),
  drainStatus: ({ signal } = {}) => http.json({ path: '/drain', signal }),
  supportBundle: ({ signal } = {}) =>
    http.bytes({ method: 'POST', path: '/support-bundle', accept: '*/*', signal }),
  serverStatus: ({ signal } = {}) => http.json({ path: '/server-status', signal }),
  version: ({ signal } = {}) => http.json({ path: '/version', signal }),
});
