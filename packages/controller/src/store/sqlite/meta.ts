// Owns the statements of small named values.
import type { Context } from './context.ts';

export const metaReads = {
  'meta.get': (context: Context, key: string): string | undefined => {
    const row = context.prepare('SELECT value FROM meta WHERE key = ?').get(key);
    return row === undefined ? undefined : String(row['value']);
  },
};

export const metaWrites = {
  'meta.set': (context: Context, entry: { readonly key: string; readonly value: string }): void => {
    context
      .prepare(
        'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      )
      .run(entry.key, entry.value);
  },
};
