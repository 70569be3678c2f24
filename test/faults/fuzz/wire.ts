// Owns the door of agents: Thrift frames at the agent port, with a certificate that is in order.
// I1: whatever was sent, the controller answers in frames or closes; once we have ended our side it closes at once.
import { connect, type TLSSocket } from 'node:tls';
import { FrameSplitter, services } from '@drover/api/wire';
import fc from 'fast-check';
import { expect } from 'vitest';
import { makeJoinToken, openApi } from '../../../bench/api.ts';
import type { Identity } from '../../../bench/emulator/agent.ts';
import { enrolIdentities } from '../../../bench/identities.ts';
import { messageTypes, parseHead, parseResult, toCall } from '../../../packages/api/src/wire/messages.ts';
import { arbitraryFields } from '../../../packages/api/src/wire/wire.arbitrary.ts';
import { caseMs, type Door, type Ground, hold } from './ground.ts';

const machineId = 'machine-of-fuzz';
const methods = Object.keys(services.Controller);

const hello = {
  hello: {
    ...{
      agentVersion: '0',
      agentSha256: '',
      pythonVersion: '3',
      machineId,
      bootId: 'boot',
      journalId: 'journal',
    },
    ...{ processId: 'process', tasks: [], facts: '{}' },
  },
};

/** A well-formed call of any method with any values; those of hello mostly from our own machine. */
const call = fc.constantFrom(...methods).chain((method) =>
  fc.tuple(arbitraryFields(services.Controller[method]?.args ?? []), fc.nat()).map(([args, seqid]) => {
    if (method === 'hello' && seqid % 4 > 0)
      Object.assign(args['hello'] as object, { machineId, bootId: 'boot' });
    return Buffer.from(toCall('Controller', method, seqid & 0x7fffffff, args));
  }),
);

const lengths = fc.constantFrom(0, 1, 3, 4, 255, 65_536, 16_777_216, 16_777_217, 0x7fffffff, 0xffffffff);

/** Bytes changed in place; the length in front stays true, so that the change meets the decoder. */
const flipped = fc
  .tuple(call, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }))
  .map(([frame, changes]) => {
    const copy = Buffer.from(frame);
    for (const [at, value] of changes) copy[4 + (at % (copy.length - 4))] = value;
    return copy;
  });

const mislabelled = fc.tuple(call, lengths).map(([frame, length]) => {
  const copy = Buffer.from(frame);
  copy.writeUInt32BE(length);
  return copy;
});

const cut = fc.tuple(call, fc.nat()).map(([frame, at]) => frame.subarray(0, at % frame.length));

const noise = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const framedNoise = noise.map((bytes) => {
  const frame = Buffer.alloc(bytes.length + 4);
  frame.writeUInt32BE(bytes.length);
  bytes.copy(frame, 4);
  return frame;
});

const part = fc.oneof(
  { arbitrary: call, weight: 3 },
  { arbitrary: flipped, weight: 5 },
  mislabelled,
  cut,
  noise,
  { arbitrary: framedNoise, weight: 2 },
);

const cases = fc.record({
  greets: fc.boolean(),
  parts: fc.array(part, { minLength: 1, maxLength: 4 }),
  /** Where the bytes are cut into separate writes. */
  pieceBytes: fc.constantFrom(1, 7, 1_000_000, 1_000_000),
});

const dial = ({ controller }: Ground, { keyPem: key, certPem: cert }: Identity): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const ca = controller.context.caPem;
    const options = { host: '127.0.0.1', port: controller.agentPort, key, cert, ca };
    const socket = connect(options, () => resolve(socket));
    socket.setNoDelay(true);
    socket.on('error', reject);
  });

interface Words {
  /** Said first, and answered before the rest is sent. */
  readonly greeting?: Buffer;
  readonly rest: Buffer;
  readonly pieceBytes: number;
}

/** Sends all, ends our side, and resolves to the frames that came once the controller has closed. */
const converse = (socket: TLSSocket, { greeting, rest, pieceBytes }: Words): Promise<readonly Uint8Array[]> =>
  new Promise((resolve, reject) => {
    const frames: Uint8Array[] = [];
    const say = (): void => {
      for (let at = 0; at < rest.length && socket.writable; at += pieceBytes)
        socket.write(rest.subarray(at, at + pieceBytes));
      socket.end();
    };
    const splitter = new FrameSplitter((frame) => {
      if (frames.push(frame) === 1 && greeting) say();
    });
    socket.on('error', () => undefined); // a reset is an answer
    socket.on('data', (chunk: Buffer) => {
      // HTTP is answered in HTTP.
      if (frames.length > 0 || splitter.inFrame || chunk[0] === 0) splitter.push(chunk);
    });
    socket.once('close', () => resolve(frames));
    socket.setTimeout(caseMs, () => {
      socket.destroy();
      reject(new Error(`the connection is still open after ${caseMs} ms`));
    });
    if (greeting) socket.write(greeting);
    else say();
  });

const expectAnswers = (frames: readonly Uint8Array[]): void => {
  for (const frame of frames) {
    const { type, name } = parseHead(frame);
    expect(Object.values(messageTypes)).toContain(type);
    // It looks whether we live, and cancels what a hostile hello says is running here.
    if (type === messageTypes.call) expect(['ping', 'cancel']).toContain(name);
  }
};

const helloFrame = Buffer.from(toCall('Controller', 'hello', 7, hello));
const nothing = Buffer.alloc(0);

/** A good agent of that name is still welcome. */
const expectWelcome = async (ground: Ground, identity: Identity): Promise<void> => {
  const socket = await dial(ground, identity);
  const frames = await converse(socket, { greeting: helloFrame, rest: nothing, pieceBytes: 1 });
  const [head] = frames.map((frame) => parseHead(frame));
  expect(head).toMatchObject({ type: messageTypes.reply, name: 'hello', seqid: 7 });
  expect(parseResult('Controller', 'hello', parseHead(frames[0] ?? nothing))).toMatchObject({ forget: [] });
};

const enrol = async ({ controller }: Ground, name: string): Promise<Identity> => {
  const api = openApi(controller.context);
  const token = await makeJoinToken(api, 1).finally(() => api.close());
  const { signal } = new AbortController();
  const [identity] = await enrolIdentities(controller.context, token, [name], () => machineId, signal);
  if (identity === undefined) throw new Error(`cannot enrol ${name}`);
  return identity;
};

export const wireDoor: Door = {
  name: 'Thrift frames at the agent port',
  share: 0.27,
  open: async (ground) => {
    const identity = await enrol(ground, 'wire');
    await expectWelcome(ground, identity);
    return {
      fuzz: (runs) =>
        hold(runs, cases, async ({ greets, parts, pieceBytes }) => {
          const socket = await dial(ground, identity);
          const words = {
            rest: Buffer.concat(parts),
            pieceBytes,
            ...(greets ? { greeting: helloFrame } : {}),
          };
          expectAnswers(await converse(socket, words));
        }),
      close: () => expectWelcome(ground, identity),
    };
  },
};
