// Owns what a table of a protobuf message is: field numbers as data, from which messages are read (read.ts).
// I1: fields have the names and the numbers of Kubernetes' generated.proto; what comes out is Kubernetes' JSON.
// I2: Go writes every plain field of a message, also an empty one, and its JSON leaves out what `omitempty` says. So
//     does `field`: an empty value is as if it had not been sent. `kept` is for pointers and fields without omitempty.

/** raw: bytes as they are, for envelopes; bytes come out in base64, as in JSON. */
export type Scalar = 'string' | 'bytes' | 'raw' | 'bool' | 'int32' | 'int64';

export interface Message {
  /** Full name, as in generated.proto. */
  readonly name: string;
  readonly fields: ReadonlyMap<number, Field>;
  /** For messages whose JSON is no object, e.g. a time; undefined: as if it had not been sent. Throws when it has none. */
  readonly toJson?: (read: Readonly<Record<string, unknown>>) => unknown;
}

export interface Field {
  readonly name: string;
  readonly type: Scalar | Message;
  readonly shape: 'one' | 'list' | 'map';
  readonly keepsEmpty: boolean;
}

type Entry = readonly [number: number, field: Omit<Field, 'name'>];

/** A field whose empty value is left out (I2). */
export const field = (number: number, type: Scalar | Message): Entry => [
  number,
  { type, shape: 'one', keepsEmpty: false },
];

/** A field that comes out whenever it is sent (I2). */
export const kept = (number: number, type: Scalar | Message): Entry => [
  number,
  { type, shape: 'one', keepsEmpty: true },
];

export const list = (number: number, type: Scalar | Message): Entry => [
  number,
  { type, shape: 'list', keepsEmpty: true },
];

/** Keys are strings, as in JSON. */
export const map = (number: number, type: Scalar | Message): Entry => [
  number,
  { type, shape: 'map', keepsEmpty: true },
];

export const message = (
  name: string,
  entries: Readonly<Record<string, Entry>>,
  toJson?: Message['toJson'],
): Message => ({
  name,
  fields: new Map(Object.entries(entries).map(([key, [number, rest]]) => [number, { name: key, ...rest }])),
  ...(toJson === undefined ? {} : { toJson }),
});
