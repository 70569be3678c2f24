// Owns where the bytes of a backup are fetched.
import { controllerAddress } from '../../api/address.ts';

export const backupAddress = (id: string): string => `${controllerAddress}/backups/${encodeURIComponent(id)}`;
