// Takes the field numbers of Kubernetes' messages out of kubectl 1.30, which holds the descriptors of its generated.proto
// files (gzip, as gogo/protobuf registers them; the kubectl of 1.35 has none any more):
//   node test/wire/kubernetes-fields.ts > test/wire/kubernetes-fields.json
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { fromBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { messages } from '../../packages/api/src/protobuf/tables/index.ts';
import { deleteOptions, unknown } from '../../packages/api/src/protobuf/tables/meta.ts';
import { kubectlPath } from '../harness/kubectl-binary.ts';
import { reachable } from './kubernetes-tables.ts';

/** RFC 1952 without a name, as Go writes it. What follows the header ends by itself, so the next file may be beside it. */
const gzipMagic = Buffer.from([0x1f, 0x8b, 0x08, 0x00]);
const gzipHeaderBytes = 10;
const maxPackedBytes = 1024 * 1024;

const unpacked = (binary: Buffer, at: number): Buffer | undefined => {
  try {
    return inflateRawSync(binary.subarray(at + gzipHeaderBytes, at + maxPackedBytes));
  } catch {
    return undefined;
  }
};

const descriptor = (bytes: Buffer): FileDescriptorProto | undefined => {
  try {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    return file.package.startsWith('k8s.io.') ? file : undefined;
  } catch {
    return undefined;
  }
};

const filesOf = (binary: Buffer): readonly FileDescriptorProto[] => {
  const files: FileDescriptorProto[] = [];
  for (let at = binary.indexOf(gzipMagic); at >= 0; at = binary.indexOf(gzipMagic, at + 1)) {
    const bytes = unpacked(binary, at);
    const file = bytes === undefined ? undefined : descriptor(bytes);
    if (file !== undefined) files.push(file);
  }
  return files;
};

const typeText = ({ type, typeName }: FieldDescriptorProto): string =>
  typeName === '' ? FieldDescriptorProto_Type[type].toLowerCase() : typeName.replace(/^\./, '');

/** "string", "list k8s.io...", "map bytes". */
const fieldText = (field: FieldDescriptorProto, within: DescriptorProto): string => {
  const entry = within.nestedType.find(
    ({ name, options }) => options?.mapEntry === true && field.typeName.endsWith(`.${name}`),
  );
  const value = entry?.field.find(({ number }) => number === 2);
  if (value !== undefined) return `map ${typeText(value)}`;
  const isList = field.label === FieldDescriptorProto_Label.REPEATED;
  return `${isList ? 'list ' : ''}${typeText(field)}`;
};

const wanted = new Set(
  reachable([unknown, deleteOptions, ...Object.values(messages).flatMap(Object.values)]).map(
    ({ name }) => name,
  ),
);
const found = filesOf(readFileSync(kubectlPath('v30'))).flatMap((file) =>
  file.messageType
    .map((type) => [`${file.package}.${type.name}`, type] as const)
    .filter(([name]) => wanted.has(name)),
);
const numbers = found
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, type]) => [
    name,
    Object.fromEntries(type.field.map((field) => [field.number, [field.name, fieldText(field, type)]])),
  ]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(numbers), null, 1)}\n`);
