// Owns the statements of small named values.
import type { Context } from './context.ts';

export const metaReads = {
  'meta.get': async ({ database }: Context, key: string): Promise<string | undefined> => {
    const row = await database.row('SELECT value FROM meta WHERE key = ?', key);
    return row === undefined ? undefined : String(row['value']);
  },
};

export const metaWrites = {
  'meta.set': (context: Context, entry: { readonly key: string; readonly value: string }): void =>
    context.send(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      entry.key,
      entry.value,
    ),
  'meta.replace': async (
    { database }: Context,
    { key, was, value }: { readonly key: string; readonly was: string | undefined; readonly value: string },
  ): Promise<boolean> => {
    const changed =
      was === undefined
        ? database.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING', key, value)
        : database.run('UPDATE meta SET value = ? WHERE key = ? AND value = ?', value, key, was);
    return (await changed) > 0;
  },
};
