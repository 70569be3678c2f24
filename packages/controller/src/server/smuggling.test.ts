// What a proxy in front might read in another way than the controller: such requests are refused, and the connection with
// them (RFC 9112 sections 5 to 7 and 11.2).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { codesOf, exchange, head as requestHead } from './test-wire.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const namespaces = '/api/v1/namespaces';

const head = (method: string, path: string, ...lines: readonly string[]): string =>
  requestHead(ground, method, path, ...lines);

/** A request that would make a namespace, hidden where a body, or the end of one, may be. */
const hidden = (name: string): string => {
  const body = JSON.stringify({ metadata: { name } });
  return `${head('POST', namespaces, 'Content-Type: application/json', `Content-Length: ${body.length}`)}${body}`;
};

const isThere = async (name: string): Promise<boolean> => {
  const answer = await exchange(ground, head('GET', `${namespaces}/${name}`, 'Connection: close'));
  return codesOf(answer)[0] === '200';
};

const json = 'Content-Type: application/json';
const body = '{"metadata":{"name":"x!"}}';
const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** Name → headers and body of a POST whose length can be read in two ways. */
const ambiguous: Readonly<Record<string, readonly [readonly string[], string]>> = {
  'both lengths': [[json, 'Content-Length: 4', 'Transfer-Encoding: chunked'], chunked],
  'both lengths the other way round': [[json, 'Transfer-Encoding: chunked', 'Content-Length: 4'], chunked],
  'two lengths': [[json, 'Content-Length: 4', `Content-Length: ${body.length}`], body],
  'a list of lengths': [[json, `Content-Length: 4, ${body.length}`], body],
  'a length with a sign': [[json, `Content-Length: +${body.length}`], body],
  'a length in hexadecimal': [[json, 'Content-Length: 0x10'], body],
  'a coding that is not known': [[json, 'Transfer-Encoding: xchunked'], chunked],
  'chunked, then another coding': [[json, 'Transfer-Encoding: chunked, identity'], chunked],
  'a coding behind a tabulator': [[json, 'Transfer-Encoding:\tchunked, x'], chunked],
  'a space before the colon': [[json, 'Transfer-Encoding : chunked'], chunked],
  'a folded header': [
    [json, 'X-A: b\r\n Transfer-Encoding: chunked', `Content-Length: ${body.length}`],
    body,
  ],
  'a size of a chunk that is no number': [
    [json, 'Transfer-Encoding: chunked'],
    `0x1a\r\n${body}\r\n0\r\n\r\n`,
  ],
  'a chunk that goes on after its size': [[json, 'Transfer-Encoding: chunked'], `2\r\n${body}\r\n0\r\n\r\n`],
  'a line that ends without a return': [
    [`${json}\nContent-Length: 4`, `Content-Length: ${body.length}`],
    body,
  ],
};

describe('a request of which the end is not clear', () => {
  it.each(Object.entries(ambiguous))(
    'is refused, with whatever follows: %s',
    async (name, [lines, content]) => {
      const inner = `smuggled-${Object.keys(ambiguous).indexOf(name)}`;
      const answer = await exchange(
        ground,
        `${head('POST', namespaces, ...lines)}${content}${hidden(inner)}`,
      );
      expect(codesOf(answer)).toEqual(['400']);
      expect(await isThere(inner)).toBe(false);
    },
  );

  it('is none when both requests are clear: the second one is answered too', async () => {
    const first = `${head('POST', namespaces, json, `Content-Length: ${body.length}`)}${body}`;
    expect(codesOf(await exchange(ground, `${first}${hidden('honest')}`))).toEqual(['422', '201']);
    expect(await isThere('honest')).toBe(true);
  });
});

describe('a request of HTTP/1.1', () => {
  it('without a host, or with two, is refused', async () => {
    const bearer = `Authorization: Bearer ${ground.token}`;
    expect(codesOf(await exchange(ground, `GET /readyz HTTP/1.1\r\n${bearer}\r\n\r\n`))).toEqual(['400']);
    expect(
      codesOf(await exchange(ground, head('GET', '/readyz', 'Host: other', 'Connection: close'))),
    ).toEqual(['400']);
  });

  it('that asks for another protocol than ours gets none', async () => {
    const lines = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
    const answer = await exchange(ground, `${head('GET', '/api/v1/nodes', ...lines)}`);
    expect(codesOf(answer)).not.toContain('101');
  });
});
