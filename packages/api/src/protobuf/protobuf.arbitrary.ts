// Objects of every type that has a table, and their bytes, for the tests.
import { BinaryWriter, base64Decode, base64Encode, getTextEncoding, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import type { Field, Message, Scalar } from './table.ts';
import { messages } from './tables/index.ts';
import { deleteOptions } from './tables/meta.ts';

type Json = unknown;
type Fields = Readonly<Record<string, Json>>;

/** Values of a message whose JSON is a single value, and the fields that make them. */
interface Single {
  readonly values: fc.Arbitrary<Json>;
  fields(value: Json): Fields;
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const key = text.filter((name) => name !== '__proto__');
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => btoa(String.fromCharCode(...bytes)));

const seconds = fc.integer({ min: -62_135_596_799, max: 253_402_300_799 });
const secondsText = (value: number): string => new Date(value * 1000).toISOString().slice(0, 19);
const secondsOf = (value: Json): number => Math.floor(Date.parse(`${String(value).slice(0, 19)}Z`) / 1000);

const time: Single = {
  values: seconds.map((value) => `${secondsText(value)}Z`),
  fields: (value) => ({ seconds: secondsOf(value), nanos: 0 }),
};
const microTime: Single = {
  values: fc
    .tuple(seconds, fc.integer({ min: 0, max: 999_999 }))
    .map(([value, micros]) => `${secondsText(value)}.${String(micros).padStart(6, '0')}Z`),
  fields: (value) => ({ seconds: secondsOf(value), nanos: Number(String(value).slice(20, 26)) * 1000 }),
};
const quantity: Single = {
  values: fc.constantFrom('1', '250m', '16Gi'),
  fields: (value) => ({ string: value }),
};
const fieldsV1: Single = {
  values: fc.dictionary(
    key.map((name) => `f:${name}`),
    fc.constant({}),
  ),
  fields: (value) => ({ Raw: base64Encode(getTextEncoding().encodeUtf8(JSON.stringify(value))) }),
};
const extraValue: Single = {
  values: fc.array(text, { minLength: 1, maxLength: 3 }),
  fields: (value) => ({ items: value }),
};

const singles: Readonly<Record<string, Single>> = {
  Time: time,
  MicroTime: microTime,
  Quantity: quantity,
  FieldsV1: fieldsV1,
  ExtraValue: extraValue,
};

const singleOf = ({ name, toJson }: Message): Single | undefined =>
  toJson === undefined ? undefined : singles[name.split('.').at(-1) ?? ''];

const scalars: Readonly<Record<Scalar, fc.Arbitrary<Json>>> = {
  string: text,
  bytes: base64,
  raw: base64,
  bool: fc.constant(true),
  int32: fc.integer().filter((value) => value !== 0),
  int64: fc.maxSafeInteger().filter((value) => value !== 0),
};

const valuesOf = ({ type, shape }: Field): fc.Arbitrary<Json> => {
  const one = typeof type === 'string' ? scalars[type] : (singleOf(type)?.values ?? valuesOfMessage(type));
  switch (shape) {
    case 'one':
      return one;
    case 'list':
      return fc.array(one, { minLength: 1, maxLength: 2 });
    case 'map':
      return fc.dictionary(key, one, { minKeys: 1, maxKeys: 2, noNullPrototype: true });
  }
};

const valuesOfMessage = (message: Message): fc.Arbitrary<Fields> =>
  fc.record(Object.fromEntries([...message.fields.values()].map((field) => [field.name, valuesOf(field)])), {
    requiredKeys: [],
    noNullPrototype: true,
  });

const writeOne = (writer: BinaryWriter, number: number, type: Scalar | Message, value: Json): void => {
  if (typeof type !== 'string') {
    const fields = singleOf(type)?.fields(value) ?? (value as Fields);
    writer.tag(number, WireType.LengthDelimited).bytes(toBytes(type, fields));
  } else if (type === 'string') writer.tag(number, WireType.LengthDelimited).string(String(value));
  else if (type === 'bool') writer.tag(number, WireType.Varint).bool(Boolean(value));
  else if (type === 'int32') writer.tag(number, WireType.Varint).int32(Number(value));
  else if (type === 'int64') writer.tag(number, WireType.Varint).int64(BigInt(Number(value)));
  else writer.tag(number, WireType.LengthDelimited).bytes(base64Decode(String(value)));
};

const writeEntry = (type: Scalar | Message, name: string, value: Json): Uint8Array => {
  const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string(name);
  writeOne(entry, 2, type, value);
  return entry.finish();
};

/** The message with these fields. */
export const toBytes = (message: Message, fields: Fields): Uint8Array => {
  const writer = new BinaryWriter();
  for (const [number, { name, type, shape }] of message.fields) {
    const value = fields[name];
    if (value === undefined) continue;
    if (shape === 'one') writeOne(writer, number, type, value);
    else if (shape === 'list') for (const item of value as Json[]) writeOne(writer, number, type, item);
    else
      for (const [name, item] of Object.entries(value as Fields)) {
        writer.tag(number, WireType.LengthDelimited).bytes(writeEntry(type, name, item));
      }
  }
  return writer.finish();
};

/** A body: the magic bytes and the envelope. */
export const toBody = (apiVersion: string, kind: string, raw: Uint8Array): Uint8Array => {
  const typeMeta = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(apiVersion)
    .tag(2, WireType.LengthDelimited)
    .string(kind)
    .finish();
  const envelope = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .bytes(typeMeta)
    .tag(2, WireType.LengthDelimited)
    .bytes(raw)
    .tag(3, WireType.LengthDelimited)
    .string('')
    .tag(4, WireType.LengthDelimited)
    .string('')
    .finish();
  return new Uint8Array([0x6b, 0x38, 0x73, 0, ...envelope]);
};

const types = [
  { apiVersion: 'v1', kind: 'DeleteOptions', table: deleteOptions },
  ...Object.entries(messages).flatMap(([apiVersion, kinds]) =>
    Object.entries(kinds).map(([kind, table]) => ({ apiVersion, kind, table })),
  ),
];

/** An object of some type, as its JSON without apiVersion and kind. */
export const anyObject = fc.oneof(
  ...types.map((type) => valuesOfMessage(type.table).map((value) => ({ ...type, value }))),
);
