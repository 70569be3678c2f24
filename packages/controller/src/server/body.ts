// Owns request bodies: bytes → plain JSON values, within bounds. JSON, YAML, and protobuf as Kubernetes' typed clients
// send it (@drover/api/protobuf); patches are JSON.
// I1: at most jsonBodyBytes (yamlBodyBytes) are held, for at most bodyTimeoutMs; more is 413, later is 408's sense (504).
// I2: what comes out nests at most 100 deep and has no key "__proto__", so everything after may recurse and spread.
// I3: no text in it holds U+0000, which PostgreSQL does not store (nul.ts).
// I4: YAML is parsed in a process that can be given up (yaml-apart.ts): it stops nobody else.
import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { ApiError } from '@drover/api';
import { parseProtobuf, protobufType } from '@drover/api/protobuf';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Limits } from './deps.ts';
import { nulInJson, refuseNul } from './nul.ts';
import { createYamlReader } from './yaml-apart.ts';

const maxDepth = 100;
const yamlTypes = new Set(['application/yaml', 'application/x-yaml', 'text/yaml']);
/** Clients send JSON under this name as often as YAML. */
export const applyType = 'application/apply-patch+yaml';
const jsonTypes = new Set([
  '',
  'application/json',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]);

/** The media type of the body, lower case and without parameters; '' when not given. */
export const mediaType = (request: FastifyRequest): string =>
  (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

const unsupported = (type: string): ApiError => {
  return new ApiError(
    'UnsupportedMediaType',
    `cannot read a body of type ${type.slice(0, 100)}: send application/json, application/yaml or ${protobufType}`,
  );
};

const tooLarge = (limitBytes: number): ApiError =>
  new ApiError('RequestEntityTooLarge', `cannot read the body: larger than ${limitBytes} bytes`);

const joined = (chunks: readonly Buffer[]): Buffer =>
  chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);

/** A body that came with its head, as small ones do: nothing has to be waited for. Undefined: there is more to come. */
const readPresent = (payload: Readable, limitBytes: number): Buffer | undefined => {
  if (!(payload instanceof IncomingMessage) || payload.destroyed) return undefined;
  if (payload.readableLength !== Number(payload.headers['content-length'])) return undefined;
  if (payload.readableLength > limitBytes) throw tooLarge(limitBytes);
  const bytes: Buffer | null = payload.read();
  // Read to its end, as the others are.
  payload.resume();
  return bytes ?? Buffer.alloc(0);
};

/** All bytes of a body of at most `limitBytes`. Throws RequestEntityTooLarge, Timeout, BadRequest. */
const readAll = async (payload: Readable, limitBytes: number, timeoutMs: number): Promise<Buffer> =>
  readPresent(payload, limitBytes) ?? readComing(payload, limitBytes, timeoutMs);

const readComing = (payload: Readable, limitBytes: number, timeoutMs: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const finish = (error: ApiError | undefined): void => {
      clearTimeout(timer);
      payload.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut);
      if (error === undefined) resolve(joined(chunks));
      else reject(error);
    };
    const onData = (chunk: Buffer): void => {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) {
        payload.pause();
        finish(tooLarge(limitBytes));
      } else chunks.push(chunk);
    };
    const onEnd = (): void => finish(undefined);
    const onCut = (): void => finish(new ApiError('BadRequest', 'cannot read the body: connection cut'));
    const onLate = (): void =>
      finish(new ApiError('Timeout', `cannot read the body: not complete after ${timeoutMs} ms`));
    const timer = setTimeout(onLate, timeoutMs);
    payload.on('data', onData).once('end', onEnd).once('error', onCut).once('close', onCut);
  });

const fault = (value: unknown, depth: number): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > maxDepth) return `nests deeper than ${maxDepth}`;
  if (Object.hasOwn(value, '__proto__')) return 'has a field "__proto__"';
  for (const child of Object.values(value)) {
    const found = fault(child, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
};

const unreadable = (format: 'JSON' | 'YAML', error: unknown): ApiError => {
  const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : '';
  return new ApiError('BadRequest', `cannot read the body as ${format}: ${why.slice(0, 300)}`);
};

const attempt = <T>(format: 'JSON' | 'YAML', parse: () => T): T => {
  try {
    return parse();
  } catch (error) {
    throw unreadable(format, error);
  }
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

const decode = (bytes: Buffer, format: 'JSON' | 'YAML'): string => attempt(format, () => utf8.decode(bytes));

/** `json`: what it was parsed from; without one, any text of it may hold anything. */
const checked = (value: unknown, json?: string): unknown => {
  const problem = fault(value, 1);
  if (problem !== undefined) throw new ApiError('BadRequest', `cannot read the body: it ${problem}`);
  if (json === undefined || json.includes(nulInJson)) refuseNul(value); // I3
  return value;
};

/** JSON as a value that keeps I2. Throws BadRequest. */
export const parseJson = (bytes: Buffer): unknown => {
  const text = decode(bytes, 'JSON');
  return checked(
    attempt('JSON', () => JSON.parse(text)),
    text,
  );
};

const readYaml = createYamlReader();

const fromYaml = async (bytes: Buffer, limits: Limits): Promise<unknown> => {
  if (bytes.length > limits.yamlBodyBytes) throw tooLarge(limits.yamlBodyBytes);
  const json = await readYaml(decode(bytes, 'YAML'));
  return checked(JSON.parse(json), json);
};

/** JSON where it is that, for YAML costs a process. */
const fromEither = async (bytes: Buffer, limits: Limits): Promise<unknown> => {
  const text = decode(bytes, 'YAML');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fromYaml(bytes, limits);
  }
  return checked(value, text);
};

const readBody = async (request: FastifyRequest, payload: Readable, limits: Limits): Promise<unknown> => {
  const type = mediaType(request);
  const isYaml = yamlTypes.has(type);
  const isProtobuf = type === protobufType;
  const isApply = type === applyType && request.method === 'PATCH';
  if (!isYaml && !isProtobuf && !isApply && !jsonTypes.has(type)) throw unsupported(type);
  const limitBytes = isYaml ? limits.yamlBodyBytes : limits.jsonBodyBytes;
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const bytes = await readAll(payload, limitBytes, limits.bodyTimeoutMs);
  if (bytes.length === 0) return undefined;
  if (isProtobuf) return checked(parseProtobuf(bytes));
  if (isApply) return fromEither(bytes, limits);
  return isYaml ? fromYaml(bytes, limits) : parseJson(bytes);
};

const maxFormBytes = 16 * 1024;
export const formType = 'application/x-www-form-urlencoded';

/** Lets the routes of this scope read what a form of a page sends. */
export const installForms = (scope: FastifyInstance, { bodyTimeoutMs }: Limits): void => {
  scope.addContentTypeParser(formType, async (_request: FastifyRequest, payload: Readable) => {
    const bytes = await readAll(payload, maxFormBytes, bodyTimeoutMs);
    return checked(Object.fromEntries(new URLSearchParams(bytes.toString('utf8'))));
  });
};

/** Makes this room's reader the only one of the application. */
export const installBodies = (app: FastifyInstance, limits: Limits): void => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request: FastifyRequest, payload: Readable) =>
    readBody(request, payload, limits),
  );
};

/** The body as an object with fields. Throws BadRequest. */
export const objectBody = (request: FastifyRequest): Readonly<Record<string, unknown>> => {
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ApiError('BadRequest', 'cannot read the body: an object is needed');
  }
  return body as Readonly<Record<string, unknown>>;
};
