import { BinaryWriter, base64Decode, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../errors.ts';
import { apiVersionOf, resourceKey } from '../kind.ts';
import { allKinds } from '../kinds/index.ts';
import { parseProtobuf } from './index.ts';
import { anyObject, toBody, toBytes } from './protobuf.arbitrary.ts';
import { readMessage } from './read.ts';
import { type Field, type Message, message } from './table.ts';
import { secret } from './tables/core.ts';
import { messageOf } from './tables/index.ts';
import { objectMeta } from './tables/meta.ts';

const failure = (run: () => unknown): ApiError => {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('it was accepted');
};

const configMap = (raw: Uint8Array) => toBody('v1', 'ConfigMap', raw);
const inMetadata = (write: (writer: BinaryWriter) => BinaryWriter): Uint8Array =>
  new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(write(new BinaryWriter()).finish()).finish();

describe('an object in protobuf', () => {
  it('is what its JSON says, for every type that has a table', () => {
    fc.assert(
      fc.property(anyObject, ({ apiVersion, kind, table, value }) => {
        const read = parseProtobuf(toBody(apiVersion, kind, toBytes(table, value)));
        expect(read).toEqual({ apiVersion, kind, ...value });
      }),
      { numRuns: 300 },
    );
  });

  it('has the plain fields left out that are empty, and keeps empty pointers', () => {
    const raw = new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .bytes(
        new BinaryWriter()
          .tag(1, WireType.LengthDelimited)
          .string('')
          .tag(7, WireType.Varint)
          .int64(0)
          .tag(8, WireType.LengthDelimited)
          .bytes(new Uint8Array())
          .tag(10, WireType.Varint)
          .int64(0)
          .finish(),
      )
      .tag(3, WireType.LengthDelimited)
      .string('')
      .tag(5, WireType.Varint)
      .bool(false)
      .finish();
    expect(readMessage(raw, secret)).toEqual({
      metadata: { deletionGracePeriodSeconds: 0 },
      immutable: false,
    });
  });

  it('has bytes of any length as base64', () => {
    for (const length of [0, 1, 8_191, 8_192, 8_193, 100_000]) {
      const bytes = new Uint8Array(length).map((_byte, at) => at % 256);
      const entry = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(bytes).finish();
      const raw = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(entry).finish();
      const { data } = readMessage(raw, secret) as { readonly data: Readonly<Record<string, string>> };
      expect(base64Decode(data[''] ?? '')).toEqual(bytes);
    }
  });

  it('that says a field twice has lists grown, messages merged and the last of all else', () => {
    const one = toBytes(objectMeta, { name: 'a', labels: { x: '1', y: '1' }, finalizers: ['f'] });
    const two = toBytes(objectMeta, { name: 'b', labels: { y: '2' }, finalizers: ['g'] });
    const raw = new BinaryWriter();
    for (const part of [one, two]) raw.tag(1, WireType.LengthDelimited).bytes(part);
    expect(readMessage(raw.finish(), secret)).toEqual({
      metadata: { name: 'b', labels: { x: '1', y: '2' }, finalizers: ['f', 'g'] },
    });
  });
});

describe('a field that no table has', () => {
  it('comes out as one that no schema has', () => {
    const raw = inMetadata((writer) => writer.tag(99, WireType.LengthDelimited).string('x'));
    expect(parseProtobuf(configMap(raw))).toMatchObject({ metadata: { 'protobuf field 99': true } });
  });

  it('is let be when it is empty: Go writes those too', () => {
    const raw = inMetadata((writer) =>
      writer.tag(99, WireType.LengthDelimited).string('').tag(98, WireType.Varint).bool(false),
    );
    expect(parseProtobuf(configMap(raw))).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {} });
  });
});

describe('what is refused, with its path', () => {
  const bad = (raw: Uint8Array): string => {
    const { reason, message: text } = failure(() => parseProtobuf(configMap(raw)));
    expect(reason).toBe('BadRequest');
    return text;
  };

  it('a wrong wire type, bytes that end too early, text that is not UTF-8, groups', () => {
    expect(bad(inMetadata((writer) => writer.tag(1, WireType.Varint).bool(true)))).toBe(
      'cannot read the body as protobuf: metadata.name: field 1 is of wire type 0, not 2',
    );
    expect(bad(inMetadata((writer) => writer.tag(1, WireType.LengthDelimited).uint32(9)))).toMatch(
      /^cannot read the body as protobuf: metadata\.name: premature EOF/,
    );
    const latin = new Uint8Array([0xe4, 0xf6, 0xfc]);
    expect(bad(inMetadata((writer) => writer.tag(14, WireType.LengthDelimited).bytes(latin)))).toMatch(
      /metadata\.finalizers\[0\]: .*utf-8/i,
    );
    expect(bad(inMetadata((writer) => writer.tag(99, WireType.StartGroup)))).toContain('is a group');
  });

  it('times that are none, numbers that JSON cannot hold, JSON that is none', () => {
    const time = (seconds: bigint) => new BinaryWriter().tag(1, WireType.Varint).int64(seconds).finish();
    const at = (seconds: bigint) =>
      inMetadata((writer) => writer.tag(8, WireType.LengthDelimited).bytes(time(seconds)));
    expect(bad(at(10n ** 12n))).toContain('metadata.creationTimestamp: a year from 1 to 9999 is needed');
    expect(bad(inMetadata((writer) => writer.tag(7, WireType.Varint).int64(2n ** 60n)))).toContain(
      'metadata.generation: 1152921504606846976 is beyond',
    );
    const entry = new BinaryWriter()
      .tag(7, WireType.LengthDelimited)
      .bytes(new BinaryWriter().tag(1, WireType.LengthDelimited).string('{').finish())
      .finish();
    expect(bad(inMetadata((writer) => writer.tag(17, WireType.LengthDelimited).bytes(entry)))).toContain(
      'metadata.managedFields[0].fieldsV1: ',
    );
  });

  it('the key __proto__', () => {
    const raw = toBytes(secret, {});
    expect(raw).toHaveLength(0);
    const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string('__proto__').finish();
    expect(bad(new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(entry).finish())).toContain(
      'data: a key "__proto__" is not taken',
    );
  });

  it('more than can be taken: values, and depth', () => {
    const many = new Uint8Array(400_010).map((_byte, at) => (at % 2 === 0 ? (14 << 3) | 2 : 0));
    const body = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(many).finish();
    expect(failure(() => parseProtobuf(configMap(body))).reason).toBe('RequestEntityTooLarge');
    const unknown = new BinaryWriter();
    for (let number = 100; number < 200_200; number += 1) unknown.tag(number, WireType.Varint).bool(true);
    expect(failure(() => parseProtobuf(configMap(unknown.finish()))).reason).toBe('RequestEntityTooLarge');
    const fields = new Map<number, Field>();
    const nested: Message = { ...message('test.Nested', {}), fields };
    fields.set(1, { name: 'inner', type: nested, shape: 'one', keepsEmpty: false });
    let deep: Uint8Array = new Uint8Array();
    for (let i = 0; i < 100; i += 1)
      deep = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(deep).finish();
    expect(failure(() => readMessage(deep, nested)).message).toContain('nested deeper than 64 levels');
  });

  it('an object that is packed, or in another format than the envelope is', () => {
    const envelope = (number: number, text: string): Uint8Array => {
      const written = new BinaryWriter().tag(number, WireType.LengthDelimited).string(text).finish();
      return new Uint8Array([...toBody('v1', 'ConfigMap', new Uint8Array()), ...written]);
    };
    expect(failure(() => parseProtobuf(envelope(3, 'gzip'))).message).toContain('contentEncoding: ');
    expect(failure(() => parseProtobuf(envelope(4, 'application/json'))).message).toContain('contentType: ');
    expect(parseProtobuf(envelope(4, 'application/vnd.kubernetes.protobuf'))).toMatchObject({
      kind: 'ConfigMap',
    });
  });

  it('an envelope that is none, and an object that has no table', () => {
    const of = (bytes: Uint8Array): ApiError => failure(() => parseProtobuf(bytes));
    expect(of(new Uint8Array([1, 2, 3])).message).toContain('does not begin with "k8s" and a zero byte');
    expect(of(toBody('', '', new Uint8Array())).message).toContain('typeMeta: apiVersion and kind');
    expect(of(toBody('drover.dev/v1alpha1', 'CommandRun', new Uint8Array()))).toMatchObject({
      code: 415,
      message: 'cannot read a CommandRun of drover.dev/v1alpha1 in protobuf: send application/json',
    });
    expect(of(toBody('v1', 'constructor', new Uint8Array())).code).toBe(415);
  });
});

describe('any bytes', () => {
  it('end in an object or in a refusal', () => {
    const torn = fc
      .tuple(anyObject, fc.nat(), fc.nat(255), fc.boolean())
      .map(([{ apiVersion, kind, table, value }, at, byte, isCut]) => {
        const bytes = toBody(apiVersion, kind, toBytes(table, value));
        if (isCut) return bytes.slice(0, at % (bytes.length + 1));
        bytes[at % bytes.length] = byte;
        return bytes;
      });
    const noise = fc
      .tuple(anyObject, fc.uint8Array({ maxLength: 300 }))
      .map(([{ apiVersion, kind }, raw]) => toBody(apiVersion, kind, raw));
    fc.assert(
      fc.property(fc.oneof(torn, noise, fc.uint8Array({ maxLength: 100 })), (bytes) => {
        try {
          expect(parseProtobuf(bytes)).toHaveProperty('kind');
        } catch (error) {
          expect(error).toBeInstanceOf(ApiError);
          expect((error as ApiError).code).toBeGreaterThanOrEqual(400);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Kinds of Kubernetes that are read in JSON only, and why. */
const jsonOnly: Readonly<Record<string, string>> = {
  'validatingadmissionpolicies.admissionregistration.k8s.io':
    'a rule is one object in JSON and three messages in protobuf; kubectl and helm send files as JSON',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': 'its rules are the same',
  'customresourcedefinitions.apiextensions.k8s.io':
    'its schemas are JSON inside of JSON; kubectl and helm send what they read from a file, as JSON',
};

describe('every kind that Kubernetes has too', () => {
  it('has a table', () => {
    const shared = allKinds.filter(({ group, computed }) => group !== 'drover.dev' && computed !== true);
    expect(shared.length).toBeGreaterThan(5);
    const lacking = shared.filter((kind) => messageOf(apiVersionOf(kind), kind.kind) === undefined);
    expect(lacking.map(resourceKey)).toEqual(Object.keys(jsonOnly));
  });

  it('has all fields of its schema in its table', () => {
    const missing = allKinds.flatMap((kind) => {
      const table = messageOf(apiVersionOf(kind), kind.kind);
      return table === undefined ? [] : missingFields(kind.schema as Schema, table, kind.kind);
    });
    // Our conditions are of one shape for all kinds; Kubernetes' have fewer fields, kind by kind.
    expect(missing.filter((path) => !path.includes('.conditions[].'))).toEqual([]);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Paths of the schema that no field number leads to; apiVersion and kind are the envelope's. */
const missingFields = (
  { properties = {}, items }: Schema,
  table: Message,
  path: string,
): readonly string[] => {
  const fields = new Map([...table.fields.values()].map((one) => [one.name, one]));
  const isTop = !path.includes('.');
  const names = Object.keys(properties).filter((name) => !isTop || !['apiVersion', 'kind'].includes(name));
  const here = names.flatMap((name) => {
    const type = fields.get(name)?.type;
    if (type === undefined) return [`${path}.${name}`];
    return typeof type === 'string' ? [] : missingFields(properties[name] ?? {}, type, `${path}.${name}`);
  });
  return items === undefined ? here : [...here, ...missingFields(items, table, `${path}[]`)];
};
