// Owns reading of protobuf messages by their tables: bytes → Kubernetes' JSON.
// I1: any bytes end in a value or in an ApiError that names the path; depth and number of values are bounded.
// I2: a field that no table has is refused, unless it is empty. As there is no name for it, it comes out as a field
//     "protobuf field N", which no schema has: validation treats it as it treats unknown fields of JSON
//     (fieldValidation). Kubernetes drops them in silence; Go sends empty plain fields, so a newer client's are let be.
// I3: a field that is sent twice: lists grow, messages merge, of all else the last counts (protobuf encoding guide).
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ApiError } from '../errors.ts';
import type { Field, Message, Scalar } from './table.ts';

const maxDepth = 64;
const maxValues = 200_000;

type Fields = Record<string, unknown>;

interface Walk {
  /** Where the reader is: names of fields, and [key] or [index]. Left as it is when something throws. */
  readonly path: string[];
  values: number;
}

const wireTypes: Readonly<Record<Scalar, WireType>> = {
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
  raw: WireType.LengthDelimited,
  bool: WireType.Varint,
  int32: WireType.Varint,
  int64: WireType.Varint,
};

const wireTypeOf = ({ type, shape }: Field): WireType =>
  shape === 'map' || typeof type !== 'string' ? WireType.LengthDelimited : wireTypes[type];

const safeInteger = (value: bigint | string): number => {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`${value} is beyond what JSON numbers can hold exactly`);
  return number;
};

const base64Step = 8_192;

/** By btoa: the library's own takes four times as long while the runtime has no Uint8Array.toBase64. */
const toBase64 = (bytes: Uint8Array): string => {
  let latin1 = '';
  for (let at = 0; at < bytes.length; at += base64Step) {
    latin1 += String.fromCharCode(...bytes.subarray(at, at + base64Step));
  }
  return btoa(latin1);
};

const readScalar = (reader: BinaryReader, type: Scalar): unknown => {
  switch (type) {
    case 'string':
      return reader.string(true);
    case 'bytes':
      return toBase64(reader.bytes());
    case 'raw':
      return reader.bytes();
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
    case 'int64':
      return safeInteger(reader.int64());
  }
};

const emptyScalar: Readonly<Record<Scalar, unknown>> = {
  string: '',
  bytes: '',
  raw: new Uint8Array(),
  bool: false,
  int32: 0,
  int64: 0,
};

const isEmpty = (value: unknown): boolean => value === '' || value === 0 || value === false;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const count = (walk: Walk): void => {
  walk.values += 1;
  if (walk.values > maxValues) {
    throw new ApiError('RequestEntityTooLarge', `cannot read the body: more than ${maxValues} values`);
  }
};

/** `before`: what was read for the same field already (I3). */
const readValue = (reader: BinaryReader, type: Scalar | Message, walk: Walk, before?: unknown): unknown => {
  count(walk);
  if (typeof type === 'string') return readScalar(reader, type);
  const isMerged = type.toJson === undefined && isFields(before);
  const fields = readFields(reader.bytes(), type, walk, isMerged ? before : {});
  return type.toJson === undefined ? fields : type.toJson(fields);
};

const readEntry = (bytes: Uint8Array, { type }: Field, walk: Walk): readonly [string, unknown] => {
  const reader = new BinaryReader(bytes);
  let key = '';
  let value: unknown = typeof type === 'string' ? emptyScalar[type] : (type.toJson?.({}) ?? {});
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1 && wireType === WireType.LengthDelimited) key = reader.string(true);
    else if (number === 2 && wireType === wireTypeOf({ name: '', type, shape: 'one', keepsEmpty: true })) {
      walk.path.push(`[${key.slice(0, 100)}]`);
      value = readValue(reader, type, walk);
      walk.path.pop();
    } else throw new Error(`an entry of a map has no field ${number} of wire type ${wireType}`);
  }
  if (key === '__proto__') throw new Error('a key "__proto__" is not taken');
  return [key, value];
};

const readItem = (reader: BinaryReader, { name, type }: Field, walk: Walk, into: Fields): void => {
  const known = into[name];
  const items: unknown[] = Array.isArray(known) ? known : [];
  into[name] = items;
  walk.path.push(`[${items.length}]`);
  items.push(readValue(reader, type, walk));
  walk.path.pop();
};

const readKnown = (reader: BinaryReader, field: Field, walk: Walk, into: Fields): void => {
  const { name, type, shape, keepsEmpty } = field;
  if (shape === 'list') readItem(reader, field, walk, into);
  else if (shape === 'map') {
    const [key, value] = readEntry(reader.bytes(), field, walk);
    const entries = isFields(into[name]) ? into[name] : {};
    entries[key] = value;
    into[name] = entries;
  } else {
    const value = readValue(reader, type, walk, into[name]);
    if (value === undefined || (!keepsEmpty && isEmpty(value))) delete into[name];
    else into[name] = value;
  }
};

/** I2. */
const noteUnknown = (reader: BinaryReader, number: number, wireType: WireType, into: Fields): void => {
  const value = reader.skip(wireType, number);
  if (value.some((byte) => (byte & 0x7f) !== 0)) into[`protobuf field ${number}`] = true;
};

const readFields = (bytes: Uint8Array, message: Message, walk: Walk, into: Fields): Fields => {
  if (walk.path.length > maxDepth) throw new Error(`nested deeper than ${maxDepth} levels`);
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType === WireType.StartGroup || wireType === WireType.EndGroup) {
      throw new Error(`field ${number} is a group, which Kubernetes has none of`);
    }
    const field = message.fields.get(number);
    if (field === undefined) {
      count(walk);
      noteUnknown(reader, number, wireType, into);
      continue;
    }
    walk.path.push(field.name);
    if (wireType !== wireTypeOf(field)) {
      throw new Error(`field ${number} is of wire type ${wireType}, not ${wireTypeOf(field)}`);
    }
    readKnown(reader, field, walk, into);
    walk.path.pop();
  }
  return into;
};

const pathText = (path: readonly string[]): string =>
  path.reduce((text, step) => (step.startsWith('[') || text === '' ? text + step : `${text}.${step}`), '');

/**
 * The object that the bytes say, by the names of the table. Throws ApiError: BadRequest with the path, or
 * RequestEntityTooLarge.
 */
export const readMessage = (bytes: Uint8Array, message: Message): Record<string, unknown> => {
  const walk: Walk = { path: [], values: 0 };
  try {
    return readFields(bytes, message, walk, {});
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const at = pathText(walk.path);
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError(
      'BadRequest',
      `cannot read the body as protobuf: ${at === '' ? '' : `${at}: `}${why.slice(0, 300)}`,
    );
  }
};
