// Owns reading what `thrift --gen json` prints. Anything that the wire codecs do not know is refused here.
const scalars = ['bool', 'byte', 'i16', 'i32', 'i64', 'double', 'string', 'binary'] as const;
export type Scalar = (typeof scalars)[number];
export type Type =
  | { readonly kind: 'scalar'; readonly name: Scalar }
  | { readonly kind: 'list'; readonly element: Type }
  | { readonly kind: 'map'; readonly value: Type }
  | { readonly kind: 'struct'; readonly name: string };

export interface Field {
  readonly id: number;
  readonly name: string;
  readonly doc: string;
  readonly type: Type;
  readonly optional: boolean;
}
export interface Struct {
  readonly name: string;
  readonly doc: string;
  readonly exception: boolean;
  readonly fields: readonly Field[];
}
export interface Method {
  readonly name: string;
  readonly doc: string;
  readonly args: readonly Field[];
  /** null: void. */
  readonly result: Type | null;
  readonly exceptions: readonly Field[];
  readonly oneway: boolean;
}
export interface Service {
  readonly name: string;
  readonly methods: readonly Method[];
}
export interface Idl {
  readonly structs: readonly Struct[];
  readonly services: readonly Service[];
}

type Json = Readonly<Record<string, unknown>>;
// The JSON comes from the thrift compiler, run by us a moment ago: its shape is known.
const list = (of: Json, key: string) => (of[key] ?? []) as readonly Json[];
const text = (of: Json, key: string) => (of[key] as string | undefined) ?? '';

const parseType = (id: string, detail: Json | undefined): Type => {
  const scalar = scalars.find((name) => name === id);
  if (scalar) return { kind: 'scalar', name: scalar };
  if (detail && (id === 'struct' || id === 'exception'))
    return { kind: 'struct', name: text(detail, 'class') };
  if (detail && id === 'list')
    return {
      kind: 'list',
      element: parseType(text(detail, 'elemTypeId'), detail['elemType'] as Json | undefined),
    };
  if (detail && id === 'map' && detail['keyTypeId'] === 'string')
    return {
      kind: 'map',
      value: parseType(text(detail, 'valueTypeId'), detail['valueType'] as Json | undefined),
    };
  throw new Error(
    `cannot generate for the Thrift type "${id}": use scalars, structs, lists and maps with string keys`,
  );
};

const parseField = (field: Json): Field => ({
  id: field['key'] as number,
  name: text(field, 'name'),
  doc: text(field, 'doc').trim(),
  type: parseType(text(field, 'typeId'), field['type'] as Json | undefined),
  optional: field['required'] === 'optional',
});

const parseMethod = (method: Json): Method => ({
  name: text(method, 'name'),
  doc: text(method, 'doc').trim(),
  args: list(method, 'arguments').map(parseField),
  result:
    method['returnTypeId'] === 'void'
      ? null
      : parseType(text(method, 'returnTypeId'), method['returnType'] as Json | undefined),
  exceptions: list(method, 'exceptions').map((field) => ({ ...parseField(field), optional: true })),
  oneway: method['oneway'] === true,
});

export const parseIdl = (json: Json): Idl => ({
  structs: list(json, 'structs').map((struct) => ({
    name: text(struct, 'name'),
    doc: text(struct, 'doc').trim(),
    exception: struct['isException'] === true,
    fields: list(struct, 'fields').map(parseField),
  })),
  services: list(json, 'services').map((service) => ({
    name: text(service, 'name'),
    methods: list(service, 'functions').map(parseMethod),
  })),
});
