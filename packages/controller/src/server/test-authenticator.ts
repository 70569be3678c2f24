// A software authenticator: makes passkeys and signs with them as a browser and its device would (WebAuthn level 3).
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** As much of CBOR (RFC 8949) as attestations need: small integers, bytes, texts, maps. */
type Cbor = number | string | Uint8Array | ReadonlyMap<number | string, Cbor>;

const head = (major: number, value: number): Buffer => {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
};

const encode = (value: Cbor): Buffer => {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([k, v]) => [encode(k), encode(v)])]);
};

const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();
const text = (data: Uint8Array): string => Buffer.from(data).toString('base64url');

interface Ceremony {
  readonly challenge: string;
  readonly origin: string;
  readonly rpId: string;
  /** Whether the person was verified (PIN, fingerprint); default true. */
  readonly verified?: boolean;
}

const present = 0x01;
const verifiedFlag = 0x04;
const attested = 0x40;

export class Authenticator {
  readonly id = randomBytes(32);
  counter = 0;
  readonly #key: KeyObject;
  readonly #cose: Buffer;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const point = (coordinate: string) => Buffer.from(coordinate, 'base64url');
    // COSE key (RFC 9053): kty EC2, alg ES256, crv P-256.
    const cose: [number, Cbor][] = [
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, point(x)],
      [-3, point(y)],
    ];
    this.#cose = encode(new Map(cose));
  }

  #data({ rpId, verified = true }: Ceremony, more: Uint8Array = new Uint8Array()): Buffer {
    const flags = present | (verified ? verifiedFlag : 0) | (more.length > 0 ? attested : 0);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), counter, more]);
  }

  #answer(response: object): object {
    const id = text(this.id);
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response };
  }

  create(ceremony: Ceremony): object {
    const { challenge, origin } = ceremony;
    const clientData = Buffer.from(JSON.stringify({ type: 'webauthn.create', challenge, origin }));
    const length = Buffer.from([0, this.id.length]);
    const data = this.#data(ceremony, Buffer.concat([Buffer.alloc(16), length, this.id, this.#cose]));
    const object: [string, Cbor][] = [
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', data],
    ];
    return this.#answer({
      clientDataJSON: text(clientData),
      attestationObject: text(encode(new Map(object))),
    });
  }

  get(ceremony: Ceremony): object {
    const { challenge, origin } = ceremony;
    this.counter += 1;
    const clientData = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge, origin }));
    const data = this.#data(ceremony);
    const signature = sign('sha256', Buffer.concat([data, sha256(clientData)]), this.#key);
    return this.#answer({
      clientDataJSON: text(clientData),
      authenticatorData: text(data),
      signature: text(signature),
    });
  }
}
