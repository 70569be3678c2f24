// Owns how a function of ours is declared: for the evaluator, and for the check before it runs.
import {
  type CelFunc,
  type CelInput,
  CelScalar,
  type CelType,
  type CelValue,
  celFunc,
  celMap,
  celMethod,
  isCelMap,
  listType,
  mapType,
} from '@bufbuild/cel';
import type { Opaque, ValueType } from '../types.ts';

export interface Signature {
  readonly name: string;
  readonly target: ValueType | undefined;
  readonly args: readonly ValueType[];
  readonly result: ValueType;
}

export interface Declared {
  readonly func: CelFunc;
  readonly signature: Signature;
}

const runtimeScalars: Readonly<Record<string, CelType>> = {
  bool: CelScalar.BOOL,
  bytes: CelScalar.BYTES,
  double: CelScalar.DOUBLE,
  int: CelScalar.INT,
  string: CelScalar.STRING,
};

const toCelType = (type: ValueType): CelType => {
  switch (type.kind) {
    case 'scalar':
      return runtimeScalars[type.name] ?? CelScalar.DYN;
    case 'list':
      return listType(CelScalar.DYN);
    case 'opaque':
    case 'map':
    case 'object':
      return mapType(CelScalar.STRING, CelScalar.DYN);
    case 'dyn':
      return CelScalar.DYN;
  }
};

type Implementation = (...args: readonly CelValue[]) => CelInput;

/** A function; the evaluator sees to it that arguments are of the declared types. */
export const func = (
  name: string,
  args: readonly ValueType[],
  result: ValueType,
  run: Implementation,
): Declared => ({
  func: celFunc(name, args.map(toCelType), CelScalar.DYN, (...given: CelValue[]) => run(...given)),
  signature: { name, target: undefined, args, result },
});

/** A method, whose first argument is what it is called on. */
export const method = (
  name: string,
  target: ValueType,
  args: readonly ValueType[],
  result: ValueType,
  run: Implementation,
): Declared => ({
  func: celMethod(
    name,
    toCelType(target),
    args.map(toCelType),
    CelScalar.DYN,
    function (...given: CelValue[]) {
      return run(this, ...given);
    },
  ),
  signature: { name, target, args, result },
});

/** A value of a library: a map with one entry, whose text is the same for equal values. */
export const toOpaque = (name: Opaque, text: string): CelValue =>
  celMap(new Map<string, CelInput>([[`kubernetes.${name}`, text]]));

/** The text of a value of a library. Throws an Error for any other value. */
export const textOfOpaque = (name: Opaque, value: CelValue | undefined): string => {
  const text = isCelMap(value) ? value.get(`kubernetes.${name}`) : undefined;
  if (typeof text !== 'string') throw new Error(`no such overload: a ${name} is needed`);
  return text;
};
