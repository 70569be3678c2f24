// Tables of the messages whose JSON is a single value: times, quantities, sets of fields.
import { getTextEncoding } from '@bufbuild/protobuf/wire';
import { field, kept, list, type Message, message } from '../table.ts';

type Read = Readonly<Record<string, unknown>>;

/** Go's zero time, which is no time. */
const zeroSeconds = -62_135_596_800;
const lastSeconds = 253_402_300_799;

const numberOf = (read: Read, name: string): number => {
  const value = read[name];
  return typeof value === 'number' ? value : 0;
};

/** RFC 3339 to the second; undefined for the zero time. A message without fields is that too. */
const secondsText = (read: Read): string | undefined => {
  const seconds = numberOf(read, 'seconds');
  const isZero = read['seconds'] === undefined && read['nanos'] === undefined;
  if (isZero || seconds === zeroSeconds) return undefined;
  if (seconds < zeroSeconds || seconds > lastSeconds) throw new Error('a year from 1 to 9999 is needed');
  return new Date(seconds * 1000).toISOString().slice(0, 19);
};

const microText = (read: Read): string | undefined => {
  const seconds = secondsText(read);
  const nanos = numberOf(read, 'nanos');
  if (nanos < 0 || nanos > 999_999_999) throw new Error('nanos from 0 to 999999999 are needed');
  if (seconds === undefined) return undefined;
  return `${seconds}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
};

const toTime = (read: Read): string | undefined => {
  const seconds = secondsText(read);
  return seconds === undefined ? undefined : `${seconds}Z`;
};

const timeFields = { seconds: kept(1, 'int64'), nanos: kept(2, 'int32') };

/** To the second: Kubernetes' JSON has no more. */
export const time: Message = message('k8s.io.apimachinery.pkg.apis.meta.v1.Time', timeFields, toTime);

export const microTime: Message = message(
  'k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime',
  timeFields,
  microText,
);

export const quantity: Message = message(
  'k8s.io.apimachinery.pkg.api.resource.Quantity',
  { string: field(1, 'string') },
  (read) => read['string'] ?? '0',
);

/** The fields that a manager owns: JSON inside protobuf. */
export const fieldsV1: Message = message(
  'k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1',
  { Raw: field(1, 'raw') },
  ({ Raw: raw }) => {
    const isGiven = raw instanceof Uint8Array && raw.length > 0;
    return isGiven ? JSON.parse(getTextEncoding().decodeUtf8(raw, true)) : undefined;
  },
);

/** Several groups have a message of this name and shape. */
export const extraValue = (group: string): Message =>
  message(`k8s.io.api.${group}.v1.ExtraValue`, { items: list(1, 'string') }, (read) => read['items'] ?? []);
