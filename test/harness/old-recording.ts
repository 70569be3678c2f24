// Owns a recorded terminal that ended long ago, put into whichever store a controller has.
import { existsSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControllerProcess } from './controller.ts';
import { changeRows, numberInDatabase } from './rows.ts';

export interface OldRecording {
  readonly id: string;
  /** asciicast; without quotes of SQL. */
  readonly text: string;
  readonly endedMs: number;
}

/** Resolves to who tells whether it is still there. */
export const plantRecording = async (
  controller: Pick<ControllerProcess, 'dataDir' | 'storeUrl'>,
  { id, text, endedMs }: OldRecording,
): Promise<() => Promise<boolean>> => {
  const { dataDir, storeUrl } = controller;
  if (storeUrl !== undefined) {
    const row = `INSERT INTO recording (id, alive_at_ms, ended) VALUES ('${id}', ${endedMs}, true)`;
    const bytes = `INSERT INTO piece (body, at, data) VALUES ('${id}', 0, convert_to('${text}', 'UTF8'))`;
    await changeRows(controller, `${row}; ${bytes}`);
    const count = `SELECT count(*) FROM recording JOIN piece ON body = id WHERE id = '${id}'`;
    return async () => (await numberInDatabase(storeUrl, count)) > 0;
  }
  const file = join(dataDir, 'recordings', `${id}.cast`);
  await writeFile(file, text);
  await utimes(file, endedMs / 1_000, endedMs / 1_000);
  return async () => existsSync(file);
};
