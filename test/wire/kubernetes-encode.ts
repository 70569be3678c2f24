// Owns writing of objects in protobuf as the code does that gogo/protobuf made for Kubernetes: by the field numbers of
// upstream's own descriptors (kubernetes-fields.json), not by the tables that are tested.
// I1: in the order of the numbers; what is a plain value in Go is written, also when it is empty; a pointer, a list and a
//     map only when it is set. kubernetes-writes.test.ts holds it to the bytes that kubectl sends.
import { readFileSync } from 'node:fs';
import { BinaryWriter, base64Decode, getTextEncoding, WireType } from '@bufbuild/protobuf/wire';
import { jsonNames } from './kubernetes-tables.ts';

export type Value = Readonly<Record<string, unknown>>;
type Upstream = Readonly<Record<string, Readonly<Record<string, readonly [name: string, type: string]>>>>;

const upstream = JSON.parse(
  readFileSync(new URL('./kubernetes-fields.json', import.meta.url), 'utf8'),
) as Upstream;

const meta = 'k8s.io.apimachinery.pkg.apis.meta.v1';

/** Fields that are pointers in k8s.io/api: the descriptors do not tell. */
const pointers: Readonly<Record<string, readonly string[]>> = {
  [`${meta}.ObjectMeta`]: ['deletionTimestamp', 'deletionGracePeriodSeconds'],
  [`${meta}.OwnerReference`]: ['controller', 'blockOwnerDeletion'],
  [`${meta}.ManagedFieldsEntry`]: ['time', 'fieldsV1'],
  'k8s.io.api.authentication.v1.TokenRequestSpec': ['boundObjectRef', 'expirationSeconds'],
  'k8s.io.api.authorization.v1.SelfSubjectAccessReviewSpec': ['resourceAttributes', 'nonResourceAttributes'],
  'k8s.io.api.coordination.v1.LeaseSpec': [
    ...['holderIdentity', 'leaseDurationSeconds', 'acquireTime', 'renewTime', 'leaseTransitions'],
  ],
  'k8s.io.api.core.v1.ConfigMap': ['immutable'],
  'k8s.io.api.core.v1.Event': ['series', 'related'],
  'k8s.io.api.core.v1.Secret': ['immutable'],
  'k8s.io.api.core.v1.ServiceAccount': ['automountServiceAccountToken'],
};

const textBytes = (text: string): Uint8Array => getTextEncoding().encodeUtf8(text);

/** Messages whose JSON is a single value. Without one, Go's zero time has no bytes at all. */
const timeValue = (value: unknown): Value | undefined => {
  if (typeof value !== 'string') return undefined;
  const micros = Number((/\.(\d{6})Z$/.exec(value)?.[1] ?? '0').padEnd(6, '0'));
  return { seconds: Math.floor(Date.parse(value) / 1000), nanos: micros * 1000 };
};
const singles: Readonly<Record<string, (value: unknown) => Value | undefined>> = {
  [`${meta}.Time`]: timeValue,
  [`${meta}.MicroTime`]: timeValue,
  [`${meta}.FieldsV1`]: (value) => ({ Raw: textBytes(JSON.stringify(value)) }),
};

const writeScalar = (writer: BinaryWriter, number: number, type: string, value: unknown): void => {
  switch (type) {
    case 'string':
      writer.tag(number, WireType.LengthDelimited).string(String(value ?? ''));
      return;
    case 'bytes':
      writer
        .tag(number, WireType.LengthDelimited)
        .bytes(value instanceof Uint8Array ? value : base64Decode(String(value ?? '')));
      return;
    case 'bool':
      writer.tag(number, WireType.Varint).bool(value === true);
      return;
    case 'int32':
    case 'int64':
      writer.tag(number, WireType.Varint).int64(Number(value ?? 0));
      return;
    default: {
      const toFields = singles[type] ?? ((one: unknown) => (one ?? {}) as Value);
      const fields = toFields(value);
      const bytes = fields === undefined ? new Uint8Array() : messageBytes(type, fields);
      writer.tag(number, WireType.LengthDelimited).bytes(bytes);
    }
  }
};

const writeEntry = (writer: BinaryWriter, number: number, type: string, key: string, value: unknown) => {
  const entry = new BinaryWriter();
  writeScalar(entry, 1, 'string', key);
  writeScalar(entry, 2, type, value);
  writer.tag(number, WireType.LengthDelimited).bytes(entry.finish());
};

/** The fields of one message of upstream (I1). */
export const messageBytes = (message: string, value: Value): Uint8Array => {
  const fields = upstream[message];
  if (fields === undefined) throw new Error(`kubernetes-fields.json has no ${message}`);
  const writer = new BinaryWriter();
  const left = new Set(Object.keys(value));
  for (const [key, [protoName, type]] of Object.entries(fields)) {
    const name = jsonNames[protoName] ?? protoName;
    const [number, given] = [Number(key), value[name]];
    left.delete(name);
    if (type.startsWith('list ')) {
      for (const one of (given ?? []) as readonly unknown[]) writeScalar(writer, number, type.slice(5), one);
    } else if (type.startsWith('map ')) {
      const entries = Object.entries((given ?? {}) as Value).sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [at, one] of entries) writeEntry(writer, number, type.slice(4), at, one);
    } else if (given !== undefined || pointers[message]?.includes(name) !== true) {
      writeScalar(writer, number, type, given);
    }
  }
  if (left.size > 0) throw new Error(`${message} has no field ${[...left].join(', ')}`);
  return writer.finish();
};

/** A body of application/vnd.kubernetes.protobuf. `message`: the full name of what the kind is. */
export const encodeBody = (message: string, { apiVersion, kind, ...fields }: Value): Uint8Array => {
  const runtime = 'k8s.io.apimachinery.pkg.runtime.Unknown';
  const raw = messageBytes(message, fields);
  return Buffer.concat([textBytes('k8s\0'), messageBytes(runtime, { typeMeta: { apiVersion, kind }, raw })]);
};
