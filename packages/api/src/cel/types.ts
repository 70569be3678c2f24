// Owns what is known of values before an expression runs, so that mistakes are found when it is written.
import type { CelType } from '@bufbuild/cel';

export type Scalar =
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'int'
  | 'null_type'
  | 'string'
  | 'timestamp'
  | 'type'
  | 'uint';

/** Values of the libraries, which are maps when an expression runs. */
export type Opaque = 'quantity' | 'url' | 'ip' | 'cidr' | 'authorizer' | 'groupCheck' | 'check' | 'decision';

export type ValueType =
  | { readonly kind: 'dyn' }
  | { readonly kind: 'scalar'; readonly name: Scalar }
  | {
      readonly kind: 'opaque';
      readonly name: Opaque;
      readonly fields?: Readonly<Record<string, ValueType>>;
    }
  | { readonly kind: 'list'; readonly items: ValueType }
  | { readonly kind: 'map'; readonly values: ValueType }
  /** Fields by the name by which an expression knows them; undefined for what is no field. */
  | { readonly kind: 'object'; readonly field: (name: string) => ValueType | undefined };

export const dyn: ValueType = { kind: 'dyn' };
export const scalar = (name: Scalar): ValueType => ({ kind: 'scalar', name });
export const opaque = (name: Opaque, fields: Readonly<Record<string, ValueType>> = {}): ValueType => ({
  kind: 'opaque',
  name,
  fields,
});
export const listOf = (items: ValueType): ValueType => ({ kind: 'list', items });
export const mapOf = (values: ValueType): ValueType => ({ kind: 'map', values });

/** An object of these fields. */
export const objectOf = (fields: Readonly<Record<string, ValueType>>): ValueType => ({
  kind: 'object',
  field: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined),
});

/** How a type is called in messages. */
export const nameOfType = (type: ValueType): string => {
  switch (type.kind) {
    case 'dyn':
      return 'dyn';
    case 'scalar':
      return type.name;
    case 'opaque':
      return `kubernetes.${type.name}`;
    case 'list':
      return `list(${nameOfType(type.items)})`;
    case 'map':
      return `map(string, ${nameOfType(type.values)})`;
    case 'object':
      return 'object';
  }
};

const objectNames: Readonly<Record<string, ValueType>> = {
  'google.protobuf.Timestamp': scalar('timestamp'),
  'google.protobuf.Duration': scalar('duration'),
};

const scalars: readonly string[] = ['bool', 'bytes', 'double', 'int', 'null_type', 'string', 'type', 'uint'];
const isScalar = (name: string): name is Scalar => scalars.includes(name);

/** The type of a function's part, as the evaluator declares it. */
export const fromCelType = (type: CelType): ValueType => {
  switch (type.kind) {
    case 'list':
      return listOf(fromCelType(type.element));
    case 'map':
      return mapOf(fromCelType(type.value));
    case 'object':
      return objectNames[type.name] ?? dyn;
    case 'scalar':
      return isScalar(type.name) ? scalar(type.name) : dyn;
  }
};

/** Whether a value of type `given` may stand where `wanted` is asked for. */
export const fits = (given: ValueType, wanted: ValueType): boolean => {
  if (given.kind === 'dyn' || wanted.kind === 'dyn') return true;
  if (given.kind === 'object') return wanted.kind === 'map' || wanted.kind === 'object';
  if (given.kind === 'list') return wanted.kind === 'list' && fits(given.items, wanted.items);
  if (given.kind === 'map')
    return wanted.kind === 'object' || (wanted.kind === 'map' && fits(given.values, wanted.values));
  return wanted.kind === given.kind && 'name' in wanted && wanted.name === given.name;
};
