// Owns turning values into Thrift binary (strict) and back, by closures compiled once from generated tables.
// I1: what is decoded has the shape of the generated types: absent fields read as their defaults, unknown fields
//     and fields of another type are skipped, an absent required struct is a WireError.
// I2: decoding never trusts a length or a depth (reader.ts); encoding never writes what the reader would refuse.
import type { WireDefault, WireField, WireStruct, WireType } from './agent.gen.ts';
import { WireError } from './limits.ts';
import { type Reader, wireTypes } from './reader.ts';
import type { Writer } from './writer.ts';

/** How one type is read and written. `unknown` is right here: the table says the type, the generated types repeat it. */
export interface ValueCodec {
  readonly type: number;
  readonly read: (reader: Reader) => unknown;
  readonly write: (writer: Writer, value: unknown) => void;
}

export interface StructCodec {
  readonly read: (reader: Reader) => Record<string, unknown>;
  readonly write: (writer: Writer, value: Readonly<Record<string, unknown>>) => void;
}

const codec = <T>(
  type: number,
  read: (reader: Reader) => T,
  write: (writer: Writer, value: T) => void,
): ValueCodec => ({
  type,
  read,
  write: write as (writer: Writer, value: unknown) => void, // the generated types promise T
});

const scalars = {
  bool: codec<boolean>(
    wireTypes.bool,
    (r) => r.bool(),
    (w, v) => w.bool(v),
  ),
  byte: codec<number>(
    wireTypes.byte,
    (r) => r.i8(),
    (w, v) => w.i8(v),
  ),
  i16: codec<number>(
    wireTypes.i16,
    (r) => r.i16(),
    (w, v) => w.i16(v),
  ),
  i32: codec<number>(
    wireTypes.i32,
    (r) => r.i32(),
    (w, v) => w.i32(v),
  ),
  i64: codec<number>(
    wireTypes.i64,
    (r) => r.i64(),
    (w, v) => w.i64(v),
  ),
  double: codec<number>(
    wireTypes.double,
    (r) => r.double(),
    (w, v) => w.double(v),
  ),
  string: codec<string>(
    wireTypes.string,
    (r) => r.string(),
    (w, v) => w.string(v),
  ),
  binary: codec<Uint8Array>(
    wireTypes.string,
    (r) => r.binary(),
    (w, v) => w.binary(v),
  ),
} as const;

const listCodec = (element: ValueCodec): ValueCodec =>
  codec<readonly unknown[]>(
    wireTypes.list,
    (reader) => {
      reader.enter();
      const { type, count } = reader.listHeader();
      if (count > 0 && type !== element.type) {
        throw new WireError('bad-type', `cannot read a list of wire type ${type}: ${element.type} expected`);
      }
      const values: unknown[] = [];
      for (let i = 0; i < count; i++) values.push(element.read(reader));
      reader.leave();
      return values;
    },
    (writer, values) => {
      writer.byte(element.type);
      writer.i32(values.length);
      for (const value of values) element.write(writer, value);
    },
  );

/** Sets a key that came from outside; `__proto__` becomes a plain key too. */
const setKey = (target: Record<string, unknown>, key: string, value: unknown): void => {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
};

const mapCodec = (element: ValueCodec): ValueCodec =>
  codec<Readonly<Record<string, unknown>>>(
    wireTypes.map,
    (reader) => {
      reader.enter();
      const { keyType, valueType, count } = reader.mapHeader();
      if (count > 0 && (keyType !== wireTypes.string || valueType !== element.type)) {
        throw new WireError('bad-type', `cannot read a map of wire types ${keyType}, ${valueType}`);
      }
      const values: Record<string, unknown> = {};
      for (let i = 0; i < count; i++) setKey(values, reader.string(), element.read(reader));
      reader.leave();
      return values;
    },
    (writer, values) => {
      const entries = Object.entries(values);
      writer.byte(wireTypes.string);
      writer.byte(element.type);
      writer.i32(entries.length);
      for (const [key, value] of entries) {
        writer.string(key);
        element.write(writer, value);
      }
    },
  );

interface CompiledField extends ValueCodec {
  readonly id: number;
  readonly name: string;
  readonly fallback: WireDefault;
}

/** Compiles tables on first use, so that structs may contain each other. */
export class Codecs {
  private readonly structs: Readonly<Record<string, WireStruct>>;
  private readonly compiled = new Map<string, StructCodec>();

  constructor(structs: Readonly<Record<string, WireStruct>>) {
    this.structs = structs;
  }

  value(type: WireType): ValueCodec {
    if (typeof type === 'string') return scalars[type];
    switch (type[0]) {
      case 'list':
        return listCodec(this.value(type[1]));
      case 'map':
        return mapCodec(this.value(type[1]));
      case 'struct':
        return this.structValue(type[1]);
    }
  }

  private structValue(name: string): ValueCodec {
    let struct: StructCodec | undefined;
    const get = (): StructCodec => {
      struct ??= this.struct(name);
      return struct;
    };
    return codec<Readonly<Record<string, unknown>>>(
      wireTypes.struct,
      (reader) => get().read(reader),
      (writer, value) => get().write(writer, value),
    );
  }

  /** Throws when the tables have no such struct. */
  struct(name: string): StructCodec {
    const known = this.compiled.get(name);
    if (known) return known;
    const table = this.structs[name];
    if (!table) throw new WireError('bad-type', `cannot find struct ${name} in the wire tables`);
    const made = this.fields(name, table.fields);
    this.compiled.set(name, made);
    return made;
  }

  /** A codec for fields that are not a named struct: the arguments and results of calls. */
  fields(name: string, table: readonly WireField[]): StructCodec {
    const fields = table.map(
      ([id, field, type, fallback]): CompiledField => ({
        ...this.value(type),
        id,
        name: field,
        fallback,
      }),
    );
    return { read: structReader(name, fields), write: structWriter(name, fields) };
  }
}

const structReader = (name: string, fields: readonly CompiledField[]): StructCodec['read'] => {
  const byId: (CompiledField | undefined)[] = [];
  for (const field of fields) byId[field.id] = field;
  const defaults = Object.fromEntries(
    fields
      .filter(({ fallback }) => fallback !== null && fallback !== 'required')
      .map((f) => [f.name, f.fallback]),
  );
  const required = fields.filter(({ fallback }) => fallback === 'required').map((field) => field.name);
  return (reader) => {
    reader.enter();
    const value: Record<string, unknown> = { ...defaults };
    for (let type = reader.fieldType(); type !== 0; type = reader.fieldType()) {
      const field = byId[reader.i16()];
      if (field !== undefined && field.type === type) value[field.name] = field.read(reader);
      else reader.skip(type);
    }
    for (const field of required) {
      if (value[field] === undefined)
        throw new WireError('truncated', `cannot read ${name}: ${field} is absent`);
    }
    reader.leave();
    return value;
  };
};

const structWriter =
  (name: string, fields: readonly CompiledField[]): StructCodec['write'] =>
  (writer, value) => {
    for (const field of fields) {
      const member = value[field.name];
      if (member === undefined) {
        if (field.fallback === null) continue;
        throw new WireError('out-of-range', `cannot write ${name}: ${field.name} is absent`);
      }
      writer.byte(field.type);
      writer.i16(field.id);
      field.write(writer, member);
    }
    writer.byte(wireTypes.stop);
  };
