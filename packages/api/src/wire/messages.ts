// Owns the messages of the contract: CALL, ONEWAY, REPLY and EXCEPTION of the generated services, as frames.
import { type Problem, type Services, services, structs, type WireMethod } from './agent.gen.ts';
import { Codecs, type StructCodec } from './codec.ts';
import { WireError, type WireLimits } from './limits.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

export type ServiceName = keyof Services;

export const messageTypes = { call: 1, reply: 2, exception: 3, oneway: 4 } as const;
const strictVersion = 0x8001;

/** Kinds of Thrift's TApplicationException that we send. */
export const failureKinds = { unknownMethod: 1, internal: 6, protocol: 7 } as const;

/** A refusal as it crosses the wire; thrown by handlers, and by calls that the other side refused. */
export class ProblemError extends Error {
  readonly code: string;

  constructor(
    code: 'bad-request' | 'unknown' | 'busy' | 'refused' | 'internal' | (string & {}),
    text: string,
  ) {
    super(text);
    this.name = 'ProblemError';
    this.code = code;
  }
}

interface MethodCodec {
  readonly oneway: boolean;
  readonly void: boolean;
  readonly args: StructCodec;
  readonly result: StructCodec;
}

const codecs = new Codecs(structs);
const writer = new Writer();
const failure = codecs.fields('TApplicationException', [
  [1, 'message', 'string', ''],
  [2, 'type', 'i32', 0],
]);

const compileMethod = (name: string, method: WireMethod): MethodCodec => ({
  oneway: method.oneway,
  void: method.result === null,
  args: codecs.fields(`arguments of ${name}`, method.args),
  result: codecs.fields(`result of ${name}`, [
    ...(method.result === null ? [] : [[0, 'success', method.result, null] as const]),
    ...method.exceptions,
  ]),
});

const compileService = (service: ServiceName): ReadonlyMap<string, MethodCodec> =>
  new Map(Object.entries(services[service]).map(([name, method]) => [name, compileMethod(name, method)]));

const methods: Readonly<Record<ServiceName, ReadonlyMap<string, MethodCodec>>> = {
  Agent: compileService('Agent'),
  Controller: compileService('Controller'),
};

export interface MessageHead {
  readonly type: number;
  readonly name: string;
  readonly seqid: number;
  readonly reader: Reader;
}

/** Reads the head of a message; the rest follows by parseArgs or parseResult. Throws WireError. */
export const parseHead = (frame: Uint8Array, limits?: WireLimits): MessageHead => {
  const reader = new Reader(frame, limits);
  const word = reader.i32();
  if (word >>> 16 !== strictVersion)
    throw new WireError('bad-version', 'cannot read a message: not strict binary');
  const name = reader.string();
  return { type: word & 0xff, name, seqid: reader.i32(), reader };
};

/** undefined: there is no such method. Values have the generated types. */
export const parseArgs = (service: ServiceName, head: MessageHead): Record<string, unknown> | undefined =>
  methods[service].get(head.name)?.args.read(head.reader);

/** The result, or throws the ProblemError that came instead of it. */
export const parseResult = (service: ServiceName, method: string, head: MessageHead): unknown => {
  if (head.type === messageTypes.exception) throw toProblem(failure.read(head.reader));
  const codec = methods[service].get(method);
  if (!codec) throw new WireError('bad-type', `cannot read an answer to ${method}: no such method`);
  const { success, problem } = codec.result.read(head.reader);
  if (problem === undefined) {
    if (success === undefined && !codec.void)
      throw new WireError('truncated', `cannot read ${method}: empty reply`);
    return success;
  }
  const { code, text } = problem as Problem; // decoded by the table of Problem
  throw new ProblemError(code, text);
};

const toProblem = (value: Record<string, unknown>): ProblemError =>
  new ProblemError(
    value['type'] === failureKinds.unknownMethod ? 'unknown' : 'internal',
    String(value['message']),
  );

const frame = (type: number, name: string, seqid: number, body: () => void): Uint8Array => {
  writer.begin();
  writer.i32(((strictVersion << 16) | type) >> 0);
  writer.string(name);
  writer.i32(seqid);
  body();
  return writer.end();
};

const methodOf = (service: ServiceName, name: string): MethodCodec => {
  const codec = methods[service].get(name);
  if (!codec) throw new WireError('bad-type', `cannot call ${service}.${name}: no such method`);
  return codec;
};

export const isOneway = (service: ServiceName, name: string): boolean => methodOf(service, name).oneway;

/** Frame of a call. Throws WireError when args do not fit the types or the frame limit. */
export const toCall = (
  service: ServiceName,
  name: string,
  seqid: number,
  args: Readonly<Record<string, unknown>>,
): Uint8Array => {
  const codec = methodOf(service, name);
  const type = codec.oneway ? messageTypes.oneway : messageTypes.call;
  return frame(type, name, seqid, () => codec.args.write(writer, args));
};

export const toReply = (service: ServiceName, name: string, seqid: number, result: unknown): Uint8Array => {
  const codec = methodOf(service, name);
  const value = result === undefined ? {} : { success: result };
  return frame(messageTypes.reply, name, seqid, () => codec.result.write(writer, value));
};

export const toRefusal = (
  service: ServiceName,
  name: string,
  seqid: number,
  { code, text }: Problem,
): Uint8Array => {
  const codec = methodOf(service, name);
  return frame(messageTypes.reply, name, seqid, () =>
    codec.result.write(writer, { problem: { code, text } }),
  );
};

/** An answer outside the contract: no such method, or an error that the method does not declare. */
export const toFailure = (name: string, seqid: number, kind: number, message: string): Uint8Array =>
  frame(messageTypes.exception, name, seqid, () => failure.write(writer, { message, type: kind }));
