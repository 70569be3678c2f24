// Rows of the controller's own columns, against the real server: first all of them, then each change.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Ground, openGround } from '../../controller/src/server/test-ground.ts';
import { configMaps } from './kinds.ts';
import type { WatchEvent } from './objects.ts';
import { createRowsApi, type ObjectRow } from './rows.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const make = (name: string, labels: Readonly<Record<string, string>> = {}) =>
  ground.client.create(configMaps, { metadata: { name, labels }, data: {} });

const toWords = ({ type, object }: WatchEvent<ObjectRow>): string =>
  `${type} ${String(object.cells[0] ?? '')}${object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true' ? 'end of what is there' : ''}`;

it('begins with all rows, page by page, and goes on with what changes', async () => {
  const names = Array.from({ length: 501 }, (_, i) => `row-${String(i).padStart(3, '0')}`);
  await Promise.all(names.map((name) => make(name, { seen: 'yes' })));
  await make('other');
  const stop = new AbortController();
  const options = {
    namespace: 'default',
    labelSelector: 'seen=yes',
    sendInitialEvents: true,
    signal: stop.signal,
  };
  const said: string[] = [];
  for await (const event of createRowsApi(ground.client.http).watchRows(configMaps, options)) {
    said.push(toWords(event));
    if (said.length === names.length + 1) {
      await make('another', { seen: 'yes' });
      await make('not-this');
      await ground.client.delete(configMaps, 'row-000');
    }
    if (event.type === 'DELETED') break;
  }
  expect(said.slice(0, names.length)).toEqual(names.map((name) => `ADDED ${name}`));
  expect(said.slice(names.length)).toEqual([
    'BOOKMARK end of what is there',
    'ADDED another',
    'DELETED row-000',
  ]);
});

it('a selector that is none is refused as by the server', async () => {
  const rows = createRowsApi(ground.client.http).watchRows(configMaps, {
    labelSelector: 'a in',
    sendInitialEvents: true,
  });
  await expect(rows[Symbol.asyncIterator]().next()).rejects.toMatchObject({ reason: 'BadRequest' });
});
