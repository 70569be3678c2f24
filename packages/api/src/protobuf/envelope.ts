// Owns the envelope of application/vnd.kubernetes.protobuf: "k8s", a zero byte, and a runtime.Unknown that holds the
// object (https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding).
import { ApiError } from '../errors.ts';
import { readMessage } from './read.ts';
import { messageOf } from './tables/index.ts';
import { unknown } from './tables/meta.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

const magic = [0x6b, 0x38, 0x73, 0x00];

const bad = (why: string): ApiError => new ApiError('BadRequest', `cannot read the body as protobuf: ${why}`);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * The object in the bytes as its JSON, with apiVersion and kind. Throws ApiError: BadRequest, RequestEntityTooLarge, or
 * UnsupportedMediaType for an object that has no table.
 */
export const parseProtobuf = (bytes: Uint8Array): Readonly<Record<string, unknown>> => {
  if (magic.some((byte, at) => bytes[at] !== byte)) throw bad('it does not begin with "k8s" and a zero byte');
  const envelope = readMessage(bytes.subarray(magic.length), unknown);
  if (envelope['contentEncoding'] !== undefined) throw bad('contentEncoding: none is understood');
  if (![undefined, protobufType].includes(envelope['contentType'] as string | undefined)) {
    throw bad(`contentType: only ${protobufType} is understood`);
  }
  const type = (envelope['typeMeta'] ?? {}) as Readonly<Record<string, unknown>>;
  const [apiVersion, kind] = [text(type['apiVersion']), text(type['kind'])];
  if (apiVersion === '' || kind === '') throw bad('typeMeta: apiVersion and kind are needed');
  const message = messageOf(apiVersion, kind);
  if (message === undefined) {
    throw new ApiError(
      'UnsupportedMediaType',
      `cannot read a ${kind.slice(0, 100)} of ${apiVersion.slice(0, 100)} in protobuf: send application/json`,
    );
  }
  const raw = envelope['raw'];
  return { apiVersion, kind, ...readMessage(raw instanceof Uint8Array ? raw : new Uint8Array(), message) };
};
