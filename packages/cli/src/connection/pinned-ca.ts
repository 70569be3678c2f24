// Owns fetching a controller's CA certificate by its pin.
// I1: nothing secret is sent, and nothing that comes back is used before its hash equals the pin.
import { createHash, X509Certificate } from 'node:crypto';
import { get } from 'node:https';
import { exitCodes, Failure, usageFailure } from '../failure.ts';

const limitBytes = 65536;

/**
 * The server proves itself by the pin, which is checked on the certificate's bytes below; the TLS chain of this
 * one request cannot be verified before the CA is known.
 */
const fetchUnverified = (origin: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const outgoing = get(`${origin}/join/ca.pem`, { rejectUnauthorized: false, agent: false }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > limitBytes) outgoing.destroy(new Error('the answer is too long for a certificate'));
        else parts.push(part);
      });
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(Buffer.concat(parts).toString('utf8'))
          : reject(new Failure(`cannot fetch the CA from ${origin}: it answered ${response.statusCode}`)),
      );
      response.on('error', reject);
    });
    outgoing.setTimeout(20_000, () =>
      outgoing.destroy(Object.assign(new Error('no answer in 20 s'), { code: 'ETIMEDOUT' })),
    );
    outgoing.on('error', reject);
  });

/** `pin`: sha256 (hex, colons allowed) of the CA certificate's DER. */
export const fetchPinnedCa = async (origin: string, pin: string): Promise<string> => {
  const wanted = pin
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(wanted)) throw usageFailure(`cannot use --ca-pin ${pin}: not a sha256 in hex`);
  const pem = await fetchUnverified(origin).catch((error: unknown) => {
    if (error instanceof Failure) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`cannot reach ${origin}: ${why}`, { exitCode: exitCodes.unreachable, cause: error });
  });
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw new Failure(`cannot trust ${origin}: what it offers as its CA is no certificate`);
  }
  const found = createHash('sha256').update(certificate.raw).digest('hex');
  if (found !== wanted)
    throw new Failure(`cannot trust ${origin}: its CA has pin ${found}, not ${wanted}`, {
      remedy: 'the address is wrong, the controller was set up anew, or somebody stands between',
    });
  return certificate.toString();
};
