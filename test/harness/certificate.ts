// Makes a certificate for a server of a test on this machine, which signs itself, and the pin by which a browser trusts it.
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface OwnCertificate {
  readonly keyPem: string;
  /** Its own CA. */
  readonly certPem: string;
  /** sha256 of its key. */
  readonly pin: string;
}

export const makeOwnCertificate = async (): Promise<OwnCertificate> => {
  const dir = await mkdtemp(join(tmpdir(), 'drover-certificate-'));
  const [keyFile, certFile] = [join(dir, 'key'), join(dir, 'cert')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  try {
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-nodes', '-days', '2', ...curve, ...subject],
      ...['-keyout', keyFile, '-out', certFile],
    ]);
    const certPem = await readFile(certFile, 'utf8');
    const spki = new X509Certificate(certPem).publicKey.export({ type: 'spki', format: 'der' });
    const pin = createHash('sha256').update(spki).digest('base64');
    return { keyPem: await readFile(keyFile, 'utf8'), certPem, pin };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
