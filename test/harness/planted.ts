// Owns looking for planted secrets wherever a controller tells anything: its logs, what it prints, every copy of the audit
// trail, events, a support bundle.
// I1: what must be there and is missing or empty fails: a place that was not read is not clean.
// I2: a secret is looked for as it is, and as JSON, addresses and base64 would carry it, also in the middle of a longer text.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type Client, createClient } from '@drover/client';
import type { ControllerProcess } from './controller.ts';
import { waitFor } from './wait.ts';

/** Place → all that is told there. */
export type Places = Readonly<Record<string, string>>;

const logs = ['controller.log', 'audit.log', 'stdout.log'];
const isLog = (name: string): boolean => /\.log(\.\d+)?$/.test(name);
/** Fewer letters are found by chance, where they are cut out of the middle. */
const shortest = 8;

/** What of the base64 of a longer text is the same wherever the secret begins in it. */
const inBase64 = (secret: string): readonly string[] =>
  [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    const whole = Math.floor((bytes.length * 8) / 6);
    return bytes.toString('base64').slice(before === 0 ? 0 : before + 1, whole);
  });

const formsOf = (secret: string): ReadonlyMap<string, string> => {
  const base64 = secret.length < shortest ? [Buffer.from(secret).toString('base64')] : inBase64(secret);
  const query = new URLSearchParams([['', secret]]).toString().slice(1);
  const forms: [string, string][] = [
    [secret, 'as it is'],
    [JSON.stringify(secret).slice(1, -1), 'in JSON'],
    [JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1), 'in JSON within JSON'],
    [encodeURIComponent(secret), 'in an address'],
    [query, 'in a form'],
    ...base64.map((text): [string, string] => [text, 'in base64']),
    ...base64.map((text): [string, string] => [
      text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''),
      'in base64url',
    ]),
  ];
  // Equal ones are looked for once, by their first name.
  return new Map(forms.reverse());
};

/** A code of a few digits is one only where no other digit or letter is beside it: times and hashes have all of them. */
const holds = (text: string, form: string): boolean =>
  /^\d{1,9}$/.test(form) ? new RegExp(`(?<![\\w.])${form}(?![\\w.])`).test(text) : text.includes(form);

/** Every log of a data directory, earlier ones too, by its name there (I1). */
const readLogs = async (dataDir: string): Promise<Places> => {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && isLog(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
  const texts = await Promise.all(
    paths.map(async (path) => [relative(dataDir, path), await readFile(path, 'utf8')]),
  );
  const found: Places = Object.fromEntries(texts);
  const lacking = logs.filter((name) => found[name] === undefined);
  if (lacking.length > 0) throw new Error(`cannot look into ${dataDir}: ${lacking.join(', ')} is not there`);
  return found;
};

/** What it tells to those who ask. */
const readServed = async (client: Client) => {
  const rows: string[] = [];
  for await (const row of client.audit.all({ order: 'oldest' })) rows.push(JSON.stringify(row));
  const events = JSON.stringify(await client.http.json({ path: '/api/v1/events' }));
  const bundle = gunzipSync(await buffer(client.supportBundle())).toString();
  return { rows, places: { 'the audit trail': rows.join('\n'), events, 'the support bundle': bundle } };
};

const placesOf = async ({ dataDir, context }: ControllerProcess): Promise<Places> => {
  const client = createClient(context);
  try {
    const { rows, places } = await readServed(client);
    const last = /"hash":"[0-9a-f]+"/.exec(rows.at(-1) ?? '')?.[0];
    const copies = await waitFor('the audit log to have what the store has', async () => {
      const found = await readLogs(dataDir);
      const isWhole = last !== undefined && Object.values(found).some((text) => text.includes(last));
      return isWhole ? found : undefined;
    });
    return { ...places, ...copies };
  } finally {
    client.close();
  }
};

export class Planted {
  readonly #secrets = new Map<string, { readonly what: string; readonly shownIn: string }>();

  /** Notes a secret, and gives it back. `shownIn`: the one place where it is shown on purpose. */
  plant(what: string, secret: string, shownIn = ''): string {
    if (secret.length < 6) throw new Error(`cannot plant ${what}: "${secret}" is too short to be looked for`);
    this.#secrets.set(secret, { what, shownIn });
    return secret;
  }

  get size(): number {
    return this.#secrets.size;
  }

  /** 'place: what, how' for every secret that a text holds. */
  toldIn(place: string, text: string): readonly string[] {
    const found: string[] = [];
    for (const [secret, { what, shownIn }] of this.#secrets)
      for (const [form, how] of formsOf(secret))
        if (shownIn !== place && holds(text, form)) found.push(`${place}: ${what}, ${how}`);
    return found;
  }

  /** In any of the places. Fails when one is empty (I1). */
  toldInAny(places: Places): readonly string[] {
    if (this.size === 0) throw new Error('cannot look for what was planted: nothing was');
    return Object.entries(places).flatMap(([place, text]) => {
      if (text.trim() === '') throw new Error(`cannot look into ${place}: it is empty`);
      return this.toldIn(place, text);
    });
  }

  /** By a controller that serves, and in `more`. */
  async toldBy(controller: ControllerProcess, more: Places = {}): Promise<readonly string[]> {
    return this.toldInAny({ ...(await placesOf(controller)), ...more });
  }
}
