// Reads and changes what a controller keeps of keys, as somebody could who has its disk, or its database.
import { openKeyFiles } from '../../packages/controller/src/auth/key-files.ts';
import { systemClock } from '../../packages/controller/src/platform/clock.ts';
import { type KeptFiles, openKeptFiles } from '../../packages/controller/src/store/kept/kept-files.ts';
import { openKeyring } from '../../packages/controller/src/store/sealing/keyring.ts';
import type { ControllerProcess } from './controller.ts';

type Kept = Pick<ControllerProcess, 'dataDir' | 'storeUrl'>;

/** The files of keys/, wherever the controller keeps them. */
export const keptFilesOf = ({ dataDir, storeUrl: url }: Kept): Promise<KeptFiles> =>
  openKeptFiles({ dataDir, url });

/** A file below keys/ that is the controller's alone, opened with its key. */
export const readOwnKeyFile = async (controller: Kept, name: string): Promise<string> => {
  const { dataDir } = controller;
  const kept = await keptFilesOf(controller);
  const keyring = await openKeyring({ dataDir, clock: systemClock, files: kept });
  const text = await (await openKeyFiles(dataDir, keyring, kept)).readOwn(name);
  if (text === undefined) throw new Error(`${dataDir}/keys/${name} is not there`);
  return text;
};
