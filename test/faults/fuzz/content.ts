// Owns the door of content: uploads, their offsets and hashes, ranges of downloads.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type Answer, type Ask, type Door, expectClean, type Ground, hold } from './ground.ts';
import { hostileText, hostileValue } from './values.ts';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value) ?? '');
const bytes = fc.uint8Array({ maxLength: 300 }).map((part) => Buffer.from(part));
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
const encoded = hostileText.map((text) => encodeURIComponent(text.toWellFormed()));

const sizes = fc.oneof(
  fc.nat(1000),
  fc.constantFrom<unknown>(-1, 0.5, 1e15, 2 ** 53, '5', null, {}, true),
  hostileValue,
);
const offsets = fc.oneof(
  fc.nat(400).map(String),
  encoded,
  fc.constantFrom('-1', '1e3', '0x1', '9007199254740993'),
);
const ranges = fc.oneof(
  fc.tuple(fc.nat(400), fc.nat(400)).map(([from, to]) => `bytes=${from}-${to}`),
  fc.constantFrom(
    'bytes=-5',
    'bytes=5-',
    'bytes=--',
    'bytes=0-1,3-4',
    'x',
    'bytes=99999999999999999999-',
    'bytes=',
  ),
);

interface Upload {
  readonly sizeBytes: unknown;
  readonly parts: readonly { readonly offset: string; readonly data: Buffer; readonly isRight: boolean }[];
  readonly hash: unknown;
}

const upload: fc.Arbitrary<Upload> = fc.record({
  sizeBytes: sizes,
  parts: fc.array(fc.record({ offset: offsets, data: bytes, isRight: fc.boolean() }), { maxLength: 3 }),
  hash: fc.oneof(fc.constant('right'), fc.constant('a'.repeat(64)), hostileValue),
});

/** One whole upload, some steps wrong. Every answer on the way is held to the law. */
const tryUpload = async ({ ask }: Ground, { sizeBytes, parts, hash }: Upload): Promise<void> => {
  const told = async (one: Ask): Promise<Answer> => {
    const answer = await ask(one);
    expectClean(answer, { ...one, body: one.body?.toString('latin1').slice(0, 300) });
    return answer;
  };
  const begun = await told({ method: 'POST', path: '/content/uploads', body: json({ sizeBytes }) });
  if (begun.code !== 201) return;
  const path = `/content/uploads/${(JSON.parse(begun.text) as { readonly id: string }).id}`;
  let sent = Buffer.alloc(0);
  for (const { offset, data, isRight } of parts) {
    const at = isRight ? String(sent.length) : offset;
    const { code } = await told({ method: 'PUT', path: `${path}?offset=${at}`, body: data });
    if (code === 200) sent = Buffer.concat([sent, data]);
  }
  await told({ method: 'GET', path });
  await told({
    method: 'POST',
    path: `${path}/finish`,
    body: json({ sha256: hash === 'right' ? sha256(sent) : hash }),
  });
  await told({ method: 'GET', path: `/content/${sha256(sent)}/index` });
};

const stray: fc.Arbitrary<Ask> = fc.oneof(
  fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'),
    path: fc.oneof(
      encoded.map((id) => `/content/uploads/${id}`),
      encoded.map((id) => `/content/${id}`),
      fc.tuple(encoded, offsets).map(([id, offset]) => `/content/uploads/${id}?offset=${offset}`),
      fc.constantFrom(
        '/content/uploads/../../admin.json',
        '/content/%2e%2e/%2e%2e/admin.json',
        `/content/${'0'.repeat(64)}`,
      ),
    ),
    body: bytes,
  }),
);

const uploadKnown = async ({ ask }: Ground, known: Buffer): Promise<void> => {
  const body = json({ sizeBytes: known.length });
  const begun = await ask({ method: 'POST', path: '/content/uploads', body });
  const path = `/content/uploads/${(JSON.parse(begun.text) as { readonly id: string }).id}`;
  await ask({ method: 'PUT', path: `${path}?offset=0`, body: known });
  await ask({ method: 'POST', path: `${path}/finish`, body: json({ sha256: sha256(known) }) });
};

export const contentDoor: Door = {
  name: 'uploads and downloads',
  share: 0.05,
  open: async (ground) => {
    const known = Buffer.from('known content, to be read in ranges');
    await uploadKnown(ground, known);
    const path = `/content/${sha256(known)}`;
    const download = ranges.map((range) => ({ method: 'GET', path, headers: { range } }));
    const cases = fc.oneof(
      { arbitrary: upload, weight: 3 },
      { arbitrary: stray, weight: 2 },
      { arbitrary: download, weight: 1 },
    );
    return {
      fuzz: (runs) =>
        hold(runs, cases, async (one) => {
          if ('parts' in one) await tryUpload(ground, one);
          else if (one.method === 'HEAD') await ground.ask(one);
          else expectClean(await ground.ask(one), one);
        }),
    };
  },
};
