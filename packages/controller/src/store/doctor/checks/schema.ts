// Judges what is in the PostgreSQL database.
import type { Check } from '@drover/api';
import { migrations } from '../../migrations/index.ts';
import type { MachineFacts } from '../facts.ts';
import { primaryOf } from '../facts.ts';

export const checkSchema = (facts: MachineFacts): Check => {
  const name = 'schema';
  const known = migrations.length;
  const found = primaryOf(facts);
  const fail = (message: string, remedy: string): Check => ({ name, verdict: 'fail', message, remedy });
  if (found?.schemaName === undefined)
    return fail('the schema that the address names is not there', 'make it: CREATE SCHEMA ...');
  if (found.isFilling)
    return fail(
      'what is put into it (drover restore, drover store migrate) has not come to its end',
      'let it end; when nobody is at it any more, give the same command again, or choose another --store',
    );
  const { form } = found;
  if (form === undefined)
    return {
      name,
      verdict: 'warn',
      message: 'it holds no data of a controller',
      remedy:
        'that is right before the first start; else name the database and schema that the controller has in --store',
    };
  if (form.version > known && form.oldest > known)
    return fail(
      `it was written by a newer version of Drover (schema ${form.version}, this one knows up to ${known})`,
      'start that version on this machine too, or restore a backup that was made by this one',
    );
  if (form.version > known)
    return {
      name,
      verdict: 'ok',
      message: `schema ${form.version}, of a newer version of Drover, which this one may use beside it`,
    };
  const later = form.version < known ? `; the next start brings it to ${known}` : '';
  return { name, verdict: 'ok', message: `schema ${form.version}${later}` };
};
