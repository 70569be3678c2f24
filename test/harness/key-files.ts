// Reads what a controller keeps sealed in its data directory, as somebody could who has its key as well.
import { openKeyFiles } from '../../packages/controller/src/auth/key-files.ts';
import { systemClock } from '../../packages/controller/src/platform/clock.ts';
import { openKeyring } from '../../packages/controller/src/store/sealing/keyring.ts';

/** Of a file below keys/. */
export const readKeyFile = async (dataDir: string, name: string): Promise<string> => {
  const files = await openKeyFiles(dataDir, await openKeyring({ dataDir, clock: systemClock }));
  const text = await files.read(name);
  if (text === undefined) throw new Error(`${dataDir}/keys/${name} is not there`);
  return text;
};
