import type { IncomingMessage } from 'node:http';
import { type Call, configMaps, nodes } from '@drover/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../../test/harness/wait.ts';
import { type Ground, openGround } from '../test-ground.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround({ limits: { slowWatchMs: 300 } });
});
afterAll(() => ground.close());
afterEach(async () => {
  for await (const { metadata } of ground.client.listAll(nodes)) {
    await ground.client.delete(nodes, metadata.name ?? '');
  }
});

const node = (name: string) => ({ metadata: { name } });

const json = (call: Call) => ground.client.http.json<Record<string, unknown>>(call);

const headersOf = async (call: Call): Promise<IncomingMessage['headers']> => {
  const answer = await ground.client.http.open(call);
  answer.resume();
  return answer.headers;
};

const yaml = async function* (text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
};

/** How many streams the server holds open. */
const streams = async (): Promise<number> => {
  let text = '';
  for await (const part of ground.client.http.bytes({ path: '/metrics', accept: '*/*' })) {
    text += Buffer.from(part).toString();
  }
  return Number(/^drover_http_streams (\d+)$/m.exec(text)?.[1]);
};

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

interface SentTable {
  readonly kind: string;
  readonly apiVersion: string;
  readonly columnDefinitions: readonly { readonly name: string }[];
  readonly rows: readonly {
    readonly cells: readonly unknown[];
    readonly object?: { readonly kind: string };
  }[];
}

describe('forms of an answer', () => {
  it('are a table of v1 or v1beta1, with as much of the object as is asked for', async () => {
    await ground.client.create(nodes, node('web1'));
    const read = (accept: string, includeObject?: string) =>
      ground.client.http.json<SentTable>({ path: '/api/v1/nodes', accept, query: { includeObject } });
    const plain = await read(table);
    expect(plain).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(plain.rows[0]?.cells[0]).toBe('web1');
    expect(plain.rows[0]?.object?.kind).toBe('PartialObjectMetadata');
    expect((await read(table, 'Object')).rows[0]?.object?.kind).toBe('Node');
    expect((await read(table, 'None')).rows[0]?.object).toBeUndefined();
    const old = await read('application/json;as=Table;v=v1beta1;g=meta.k8s.io');
    expect(old.apiVersion).toBe('meta.k8s.io/v1beta1');
  });

  it('are metadata alone when asked for', async () => {
    await ground.client.create(nodes, node('web1'));
    const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
    expect(await json({ path: '/api/v1/nodes', accept })).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'web1' } }],
    });
  });

  it('are refused when only what we do not speak is accepted', async () => {
    const only = json({ path: '/api/v1/nodes', accept: 'application/vnd.kubernetes.protobuf' });
    await expect(only).rejects.toMatchObject({ reason: 'NotAcceptable' });
    const either = await json({
      path: '/api/v1/nodes',
      accept: 'application/vnd.kubernetes.protobuf,application/json',
    });
    expect(either).toMatchObject({ kind: 'NodeList' });
  });
});

describe('discovery and OpenAPI', () => {
  it('come aggregated or plain, as the client would rather have it', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    expect(await json({ path: '/apis', accept })).toMatchObject({ kind: 'APIGroupDiscoveryList' });
    expect(await json({ path: '/apis' })).toMatchObject({ kind: 'APIGroupList' });
    expect(await json({ path: '/apis/drover.dev/v1alpha1' })).toMatchObject({ kind: 'APIResourceList' });
    await expect(json({ path: '/apis/none.example/v1' })).rejects.toMatchObject({ code: 404 });
  });

  it('are not sent again to who has them', async () => {
    const { etag } = await headersOf({ path: '/openapi/v3/api/v1' });
    const again = await ground.client.http.open({
      path: '/openapi/v3/api/v1',
      headers: { 'if-none-match': String(etag) },
    });
    again.resume();
    expect(again.statusCode).toBe(304);
  });

  it('lead from the index to every document', async () => {
    const index = await json({ path: '/openapi/v3' });
    const urls = Object.values(index['paths'] as Record<string, { serverRelativeURL: string }>);
    expect(urls.length).toBeGreaterThan(2);
    for (const { serverRelativeURL } of urls) {
      expect(await json({ path: serverRelativeURL })).toMatchObject({
        openapi: expect.stringMatching(/^3\./),
      });
    }
  });
});

describe('writing', () => {
  it('takes YAML', async () => {
    const created = await json({
      method: 'POST',
      path: '/api/v1/nodes',
      contentType: 'application/yaml',
      bytes: yaml('apiVersion: v1\nkind: Node\nmetadata:\n  name: web1\n  labels: {rack: "1"}\n'),
    });
    expect(created).toMatchObject({ metadata: { name: 'web1', labels: { rack: '1' } } });
  });

  it('with dryRun=All has no effect', async () => {
    await ground.client.create(nodes, node('web1'), { dryRun: true });
    expect((await ground.client.list(nodes)).items).toEqual([]);
    await ground.client.create(nodes, node('web1'));
    await ground.client.delete(nodes, 'web1', { dryRun: true });
    expect((await ground.client.list(nodes)).items).toHaveLength(1);
    const odd = ground.client.http.json({
      method: 'POST',
      path: '/api/v1/nodes?dryRun=Some',
      body: node('web2'),
    });
    await expect(odd).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  it('refuses, tells of, or drops unknown fields as the client wants it', async () => {
    const path = '/api/v1/nodes';
    const body = { ...node('web1'), spec: { colour: 'red"\n' } };
    await expect(ground.client.create(nodes, body)).rejects.toMatchObject({
      reason: expect.any(String),
      message: expect.stringContaining('spec.colour'),
    });
    const warned = await headersOf({ method: 'POST', path: `${path}?fieldValidation=Warn&dryRun=All`, body });
    expect(warned['warning']).toMatch(/^299 - ".*spec\.colour.*"$/);
    const ignored = await headersOf({
      method: 'POST',
      path: `${path}?fieldValidation=Ignore&dryRun=All`,
      body,
    });
    expect(ignored['warning']).toBeUndefined();
  });

  it('refuses an object of another kind', async () => {
    const wrong = { ...node('web1'), apiVersion: 'v1', kind: 'Secret' };
    await expect(ground.client.create(nodes, wrong)).rejects.toMatchObject({
      message: expect.stringContaining('this path takes "Node"'),
    });
  });

  it('refuses a change of what has changed meanwhile', async () => {
    const first = await ground.client.create(nodes, node('web1'));
    await ground.client.patch(nodes, 'web1', { type: 'merge', body: { metadata: { labels: { a: '1' } } } });
    await expect(ground.client.update(nodes, 'web1', first)).rejects.toMatchObject({
      reason: 'Conflict',
      code: 409,
    });
  });

  it('deletes only what the preconditions name', async () => {
    await ground.client.create(nodes, node('web1'));
    const other = { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } };
    await expect(ground.client.delete(nodes, 'web1', other)).rejects.toMatchObject({ reason: 'Conflict' });
    expect(await ground.client.delete(nodes, 'web1')).toMatchObject({ kind: 'Status', status: 'Success' });
  });
});

describe('a watch', () => {
  it('tells what happens after a list, in order', async () => {
    await ground.client.create(nodes, node('web1'));
    const { metadata } = await ground.client.list(nodes);
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      const options = { resourceVersion: metadata.resourceVersion, signal: stop.signal };
      for await (const { type, object } of ground.client.watch(nodes, options)) {
        seen.push(`${type} ${object.metadata.name}`);
        if (seen.length === 3) stop.abort();
      }
    })().catch(() => undefined);
    await ground.client.create(nodes, node('web2'));
    await ground.client.patch(nodes, 'web1', { type: 'merge', body: { metadata: { labels: { a: '1' } } } });
    await ground.client.delete(nodes, 'web2');
    await watching;
    expect(seen).toEqual(['ADDED web2', 'MODIFIED web1', 'DELETED web2']);
  });

  it('marks the end of what was there with a bookmark, for WatchList', async () => {
    await ground.client.create(nodes, node('web1'));
    const options = { sendInitialEvents: true, allowWatchBookmarks: true };
    for await (const { type, object } of ground.client.watch(nodes, options)) {
      if (type === 'ADDED') expect(object.metadata.name).toBe('web1');
      else {
        expect(type).toBe('BOOKMARK');
        expect(object.metadata.annotations).toMatchObject({ 'k8s.io/initial-events-end': 'true' });
        break;
      }
    }
  });

  it('speaks in tables', async () => {
    await ground.client.create(nodes, node('web1'));
    const lines = ground.client.http.lines<{ type: string; object: SentTable }>({
      path: '/api/v1/nodes?watch=1',
      accept: table,
    });
    for await (const { type, object } of lines) {
      expect([type, object.kind, object.rows[0]?.cells[0]]).toEqual(['ADDED', 'Table', 'web1']);
      break;
    }
  });

  it('ends by itself at timeoutSeconds', async () => {
    const events: unknown[] = [];
    for await (const event of ground.client.watch(nodes, { timeoutSeconds: 1 })) events.push(event);
    expect(events).toEqual([]);
  });

  it.each([
    ['resourceVersion=x', { reason: 'BadRequest', code: 400 }],
    ['labelSelector=in+(', { reason: 'BadRequest', code: 400 }],
    ['resourceVersion=999999999', { reason: 'Expired', code: 410 }],
  ])('%s is refused before the answer begins', async (query, refusal) => {
    const path = `/api/v1/nodes?watch=1&${query}`;
    await expect(ground.client.http.open({ path })).rejects.toMatchObject(refusal);
  });

  it('of a client that does not read is ended, and others go on', async () => {
    const data = { big: 'x'.repeat(200_000) };
    const answer = await ground.client.http.open({ path: '/api/v1/configmaps?watch=1' });
    answer.on('error', () => undefined).pause();
    await waitFor('the watch', async () => (await streams()) === 1);
    const { resourceVersion } = (await ground.client.list(configMaps)).metadata;
    await ground.client.create(configMaps, { metadata: { name: 'big' }, data });
    let round = 0;
    await waitFor('the slow client to be ended', async () => {
      round += 1;
      const body = { data: { round: String(round) } };
      await ground.client.patch(configMaps, 'big', { type: 'merge', body });
      return (await streams()) === 0;
    });
    answer.destroy();
    let seen = 0;
    for await (const event of ground.client.watch(configMaps, { resourceVersion })) {
      expect(['ADDED', 'MODIFIED']).toContain(event.type);
      seen += 1;
      if (seen > round) break;
    }
    await ground.client.delete(configMaps, 'big');
  });
});

describe('closing the server', () => {
  it('ends watches properly, at once, though clients would stay', async () => {
    const own = await openGround();
    const events: string[] = [];
    const watching = (async () => {
      for await (const { object } of own.client.watch(nodes)) events.push(object.metadata.name ?? '');
    })();
    await own.client.create(nodes, node('web1'));
    await waitFor('the first event', () => events.length === 1);
    await own.server.close();
    await watching;
    await own.close();
  });
});
