// Several controllers on one database have one keyring, and one certificate authority.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshSchema, missingForPostgres } from '../../../../../test/harness/postgres.ts';
import { waitFor } from '../../../../../test/harness/wait.ts';
import { openAuthority } from '../../auth/authority.ts';
import { systemClock as clock } from '../../platform/clock.ts';
import { silentLog as log } from '../../platform/log.ts';
import { record } from '../contract/harness.ts';
import { openStore } from '../index.ts';
import { openKeptFiles } from '../kept/kept-files.ts';
import { type Keyring, openKeyring } from '../sealing/keyring.ts';
import { openRotation } from '../sealing/rotation.ts';
import type { CommittedRow, FactorRow, ObjectWrite, Store } from '../store.ts';
import { testThreads } from '../test-threads.ts';

const missing = missingForPostgres();
const isSkipped = missing !== undefined && process.env['CI'] !== 'true';

let dir = '';
let place: Awaited<ReturnType<typeof freshSchema>>;
const opened: { close(): Promise<void> }[] = [];
const keyFile = () => join(dir, 'a.key');

const openRing = async (name: string): Promise<Keyring> => {
  const dataDir = join(dir, name);
  const files = await openKeptFiles({ dataDir, url: place.url });
  return openKeyring({ dataDir, source: { kind: 'file', path: keyFile() }, clock, files });
};
const openController = async (name: string, keyring?: Keyring) => {
  const dataDir = join(dir, name);
  const ring = keyring ?? (await openRing(name));
  const store = await openStore({ dataDir, url: place.url, clock, log, keyring: ring, threads: testThreads });
  opened.push(store);
  const shared = await openKeptFiles({ dataDir, url: place.url });
  const authority = await openAuthority({ store, clock, dataDir, sealer: ring, shared });
  return { keyring: ring, store, authority };
};
const secret = (name: string): ObjectWrite => ({
  ...{ resource: 'secrets', namespace: 'default', name, type: 'created' },
  value: { apiVersion: 'v1', kind: 'Secret', metadata: { name, uid: name, annotations: { a: 'planted' } } },
});
const factor = (id: string): FactorRow => ({
  ...{ id, userUid: 'u', kind: 'totp', key: id, createdAtMs: 1, mark: 0, lastUsedMs: 0 },
  value: { secret: `planted ${id}` },
});
/** Tables of which a row holds it, as text or as bytes. */
const holders = async (needle: string): Promise<readonly string[]> => {
  const list = `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = '${place.schema}'::regnamespace`;
  const names = (await place.server.query(list)).map((row) => String(row['relname']));
  const found: string[] = [];
  const hex = Buffer.from(needle).toString('hex');
  for (const name of names) {
    const holds = `t::text LIKE '%${needle}%' OR t::text LIKE '%${hex}%'`;
    const rows = await place.server.query(
      `SELECT 1 FROM ${place.schema}.${name} AS t WHERE ${holds} LIMIT 1`,
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
};
const hear = (store: Store): (() => readonly CommittedRow[]) => {
  const told = record<readonly CommittedRow[]>((listener) => store.objects.onCommit(listener));
  return () => told.flat();
};

describe.skipIf(isSkipped)('the keys of several controllers', () => {
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'drover-keys-'));
    place = await freshSchema();
    await writeFile(keyFile(), randomBytes(32), { mode: 0o600 });
  }, 60_000);
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
    await rm(dir, { recursive: true, force: true });
    await place.drop();
  });

  test('are the same for all that begin at once on an empty database', async () => {
    const all = await Promise.all(['a', 'b', 'c'].map((name) => openController(name)));

    expect(new Set(all.map(({ keyring }) => keyring.id)).size).toBe(1);
    expect(new Set(all.map(({ authority }) => authority.caPin)).size).toBe(1);
    expect(new Set(all.map(({ authority }) => authority.releasePublicKeyPem)).size).toBe(1);
    const certificates = await Promise.all(all.map(({ authority }) => authority.serverTls(['localhost'])));
    expect(new Set(certificates.map(({ certPem }) => certPem)).size).toBe(3);
    expect(await readdir(join(dir, 'a', 'keys'))).toEqual(['server.pem']);
  });

  test('seal what is secret: no row tells it, nor a key', async () => {
    const { store } = await openController('a');
    await store.objects.write([secret('s')]);
    await store.objects.write([{ ...secret('s'), type: 'updated' }]);
    await store.factors.add(factor('f'));
    await store.objects.write([{ ...secret('plain'), resource: 'configmaps' }]);
    expect(await holders('planted')).toEqual(['object_log']);

    await place.server.query(`DELETE FROM ${place.schema}.object_log WHERE name = 'plain'`);

    expect(await holders('planted')).toEqual([]);
    expect(await holders('PRIVATE KEY')).toEqual([]);
  });

  test('come back after a controller has lost its disk', async () => {
    const { authority, store } = await openController('a');
    await store.objects.write([secret('s')]);
    const { caPin } = authority;
    for (const one of opened.splice(0)) await one.close();
    await rm(join(dir, 'a'), { recursive: true });

    const again = await openController('a');

    expect(again.authority.caPin).toBe(caPin);
    const { rows } = await again.store.objects.snapshot();
    expect(rows[0]?.value.metadata.annotations).toEqual({ a: 'planted' });
  });

  test('go on to a new data key together, and what is sealed under it is read by all at once', async () => {
    const [a, b] = [await openController('a'), await openController('b')];
    await b.store.objects.write([secret('old')]);
    const heard = hear(b.store);

    expect(await a.keyring.addKey()).toBe(2);
    await a.store.objects.write([secret('new')]);
    await a.store.factors.add(factor('f'));

    expect((await b.store.factors.of('u'))[0]?.value).toEqual({ secret: 'planted f' });
    await waitFor('the other to hear of it', () => heard().some(({ name }) => name === 'new'));
    expect(heard().at(-1)?.value.metadata.annotations).toEqual({ a: 'planted' });
    expect(b.keyring.current).toBe(2);
  });

  test('rotate on every controller at once to one newest key, and the old ones are dropped', async () => {
    const all = await Promise.all(['a', 'b'].map((name) => openController(name)));
    await all[0]?.store.objects.write([secret('s')]);
    const rotations = all.map(({ keyring, store, authority }) => {
      const values = [...store.sealed, ...(authority.sealed ? [authority.sealed] : [])];
      return openRotation({ keyring, values, clock, log });
    });
    opened.push(...rotations);

    await Promise.all(rotations.map((rotation) => rotation.rotate()));
    await waitFor('the old keys to go', () => all.every(({ keyring }) => keyring.keys.length === 1));

    expect(all.map(({ keyring }) => keyring.keys.map(({ number }) => number))).toEqual([[3], [3]]);
    const c = await openController('c');
    expect((await c.store.objects.snapshot()).rows[0]?.value.metadata.annotations).toEqual({ a: 'planted' });
    expect(c.authority.caPin).toBe(all[0]?.authority.caPin);
  });

  test('that were replaced seal nothing any more, whoever slept meanwhile', async () => {
    const a = await openController('a');
    // It hears of nothing.
    const deaf = Object.assign(await openRing('b'), { adopt: () => true });
    const b = await openController('b', deaf);
    await a.keyring.addKey();
    expect(await a.store.sealed[0]?.bar?.(2)).toBe(true);

    await expect(b.store.objects.write([secret('s')])).rejects.toMatchObject({ reason: 'Expired' });
    await expect(b.store.factors.add(factor('f'))).rejects.toMatchObject({ reason: 'Expired' });

    expect((await a.store.objects.snapshot()).rows).toEqual([]);
  });

  test('do not open with another key, and are left as they are', async () => {
    const { keyring } = await openController('a');
    const files = await openKeptFiles({ dataDir: join(dir, 'b'), url: place.url });
    const before = await files.read('keys/secrets.json');
    const path = join(dir, 'other.key');
    await writeFile(path, randomBytes(32), { mode: 0o600 });

    await expect(
      openKeyring({ dataDir: join(dir, 'b'), source: { kind: 'file', path }, clock, files }),
    ).rejects.toThrow(/other\.key does not open keys\/secrets\.json of the database; give every controller/);

    expect(await files.read('keys/secrets.json')).toBe(before);
    await keyring.addKey({ kind: 'file', path });
    const again = await openKeyring({
      dataDir: join(dir, 'b'),
      source: { kind: 'file', path },
      clock,
      files,
    });
    expect([again.id, again.current]).toEqual([keyring.id, 2]);
  });
});
