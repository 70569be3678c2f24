import { X509Certificate } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Authority, openAuthority } from './authority.ts';
import { type Ground, type HandClock, handClock, openGround } from './test-ground.ts';
import { dayMs, hourMs } from './x509.ts';

let ground: Ground;
let clock: HandClock;
let place: Awaited<ReturnType<Ground['installation']>>;
let authority: Authority;
const open = () => openAuthority({ ...place, clock });

beforeAll(async () => {
  ground = await openGround();
});
beforeEach(async () => {
  clock = handClock();
  place = await ground.installation();
  authority = await open();
});
afterAll(() => ground.close());

const signed = async (node: string) =>
  authority.signNode({ csrPem: await ground.request(node), node, lifetimeMs: 30 * dayMs });

test('the CA and the release key are made once and survive a restart', async () => {
  const again = await open();
  expect(again.caPem).toBe(authority.caPem);
  expect(again.caPin).toBe(authority.caPin);
  expect(again.releasePublicKeyPem).toBe(authority.releasePublicKeyPem);
  expect(authority.caPin).toMatch(/^[0-9a-f]{64}$/);
});

test('two authorities never share a CA', async () => {
  const second = await openAuthority({ ...(await ground.installation()), clock });
  expect(second.caPin).not.toBe(authority.caPin);
});

test('key files are readable for their owner only', async () => {
  await authority.serverTls(['localhost']);
  expect((await stat(join(place.dataDir, 'keys'))).mode & 0o777).toBe(0o700);
  for (const name of ['ca.pem', 'release.pem', 'server.pem']) {
    expect((await stat(join(place.dataDir, 'keys', name))).mode & 0o777).toBe(0o600);
  }
});

test('a lost or foreign CA is refused instead of replaced', async () => {
  const path = join(place.dataDir, 'keys', 'ca.pem');
  const good = await readFile(path, 'utf8');
  await rm(path);
  await expect(open()).rejects.toThrow('keys/ca.pem is missing');
  const other = await ground.installation();
  await openAuthority({ ...other, clock });
  await writeFile(path, await readFile(join(other.dataDir, 'keys', 'ca.pem')));
  await expect(open()).rejects.toThrow('not the one that servers trust');
  await writeFile(path, good.slice(0, 200));
  await expect(open()).rejects.toThrow('damaged');
  await writeFile(path, good);
  expect((await open()).caPin).toBe(authority.caPin);
});

test('openssl verifies a node certificate for client use under strict rules', async () => {
  const node = await signed('web1.example');
  await ground.write('ca.pem', authority.caPem);
  await ground.write('node.pem', node.certPem);
  const verify = ['verify', '-x509_strict', '-CAfile', 'ca.pem'];
  expect(await ground.openssl(...verify, '-purpose', 'sslclient', 'node.pem')).toContain('OK');
  await expect(ground.openssl(...verify, '-purpose', 'sslserver', 'node.pem')).rejects.toThrow();
  const text = await ground.openssl('x509', '-in', 'node.pem', '-noout', '-subject', '-serial');
  expect(text).toContain('O = system:nodes, CN = system:node:web1.example');
  expect(text.toLowerCase()).toContain(`serial=${node.serial}`);
});

test('openssl finds in the CA a critical path length of 0 and no other use than signing', async () => {
  await ground.write('ca.pem', authority.caPem);
  const text = await ground.openssl('x509', '-in', 'ca.pem', '-noout', '-text');
  expect(text).toContain('CA:TRUE, pathlen:0');
  expect(text).toContain('Certificate Sign, CRL Sign');
  expect(text).toContain('prime256v1');
});

test('a certificate is in the store once it is handed out', async () => {
  const csrPem = await ground.request('web1');
  const node = await authority.signNode({ csrPem, node: 'web1', lifetimeMs: 7 * dayMs });
  const request = await authority.readRequest(csrPem);
  const row = await ground.store.credentials.certificate(node.serial);
  expect(row).toEqual({
    serial: node.serial,
    subject: 'node:web1',
    fingerprint: request.fingerprint,
    publicKeySha256: request.publicKeySha256,
    notBeforeMs: clock.nowMs() - hourMs,
    notAfterMs: clock.nowMs() + 7 * dayMs,
    revokedAtMs: 0,
  });
});

test('a request tells its subject and the same key hash that openssl finds', async () => {
  const csrPem = await ground.request('web1');
  const request = await authority.readRequest(csrPem);
  await ground.openssl('pkey', '-in', ground.lastKey(), '-pubout', '-outform', 'DER', '-out', 'pub.der');
  const text = await ground.openssl('dgst', '-sha256', 'pub.der');
  expect(text).toContain(request.publicKeySha256);
  const base64 = Buffer.from(request.publicKeySha256, 'hex').toString('base64').replace('=', '');
  expect(request).toMatchObject({
    commonName: 'system:node:web1',
    organizations: ['system:nodes'],
    fingerprint: `SHA256:${base64}`,
    verified: true,
  });
});

test('a request under a key that the asker does not hold is not signed', async () => {
  const lines = (await ground.request('web1')).split('\n');
  const der = Buffer.from(lines.filter((line) => !line.startsWith('-----')).join(''), 'base64');
  const at = der.indexOf('system:node:web1');
  der.write('system:node:web2', at);
  const csrPem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  expect((await authority.readRequest(csrPem)).verified).toBe(false);
  await expect(authority.signNode({ csrPem, node: 'web2', lifetimeMs: dayMs })).rejects.toMatchObject({
    reason: 'Invalid',
  });
});

test('RSA keys of 2048 bits are signed, shorter ones are refused', async () => {
  const strong = await ground.request('old', { rsaBits: 2048 });
  expect(await authority.signNode({ csrPem: strong, node: 'old', lifetimeMs: dayMs })).toBeDefined();
  const weak = await ground.request('old', { rsaBits: 1024 });
  await expect(authority.readRequest(weak)).rejects.toThrow('2048 to 4096 bits');
});

test('junk never ends as anything but Invalid', async () => {
  const good = Buffer.from(
    (await ground.request('web1'))
      .split('\n')
      .filter((line) => !line.startsWith('-----'))
      .join(''),
    'base64',
  );
  const wrap = (der: Uint8Array) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
  const damaged = fc
    .tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(good.length))
    .map(([at, byte, end]) => {
      const copy = Buffer.from(good);
      copy[at] = byte;
      return wrap(copy.subarray(0, Math.max(end, at + 1)));
    });
  const junk = fc.oneof(fc.string(), fc.uint8Array({ maxLength: 400 }).map(wrap), damaged);
  await fc.assert(
    fc.asyncProperty(junk, async (pem) => {
      const outcome = await authority.readRequest(pem).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toMatchObject({ reason: 'Invalid' });
    }),
    { numRuns: 500 },
  );
});

test('a renewal keeps the length of life, and the old certificate stays valid', async () => {
  const first = await signed('keep1');
  clock.advance(20 * dayMs);
  const second = await authority.renew('keep1', first.serial.toUpperCase(), await ground.request('keep1'));
  expect(second.notAfterMs - clock.nowMs()).toBe(30 * dayMs);
  expect(await ground.store.credentials.certificatesOf('node:keep1')).toMatchObject([
    { serial: first.serial, revokedAtMs: 0 },
    { serial: second.serial, revokedAtMs: 0 },
  ]);
});

test('a certificate of any length of life is renewed for the same, and not due when it is new', async () => {
  for (const lifetimeMs of [18_000, 3_600_000, 4 * hourMs, 5 * hourMs, 90 * dayMs]) {
    const csrPem = await ground.request('short1');
    const first = await authority.signNode({ csrPem, node: 'short1', lifetimeMs });
    const second = await authority.renew('short1', first.serial, await ground.request('short1'));
    expect(second.notAfterMs - clock.nowMs()).toBe(lifetimeMs);
    const spanMs = second.notAfterMs - second.notBeforeMs;
    expect((clock.nowMs() - second.notBeforeMs) / spanMs).toBeLessThan(0.6);
  }
});

test('nobody renews what is revoked, ended, another node’s or under another name', async () => {
  const web1 = await signed('web1');
  const other = await signed('web2');
  const csrPem = await ground.request('web1');
  await expect(authority.renew('web1', other.serial, csrPem)).rejects.toThrow('not one of its own');
  await expect(authority.renew('web1', 'ff', csrPem)).rejects.toThrow('not one of its own');
  await expect(authority.renew('web2', other.serial, csrPem)).rejects.toThrow(
    'request is for "system:node:web1"',
  );
  await ground.store.credentials.revokeCertificates('node:web1', clock.nowMs());
  await expect(authority.renew('web1', web1.serial, csrPem)).rejects.toMatchObject({ reason: 'Forbidden' });
  clock.advance(31 * dayMs);
  await expect(authority.renew('web2', other.serial, await ground.request('web2'))).rejects.toThrow(
    'has ended',
  );
});

test('a renewal that crosses a revocation is revoked too', async () => {
  const first = await signed('cross1');
  const { credentials } = ground.store;
  const crossing = await openAuthority({
    clock,
    dataDir: place.dataDir,
    store: {
      meta: place.store.meta,
      credentials: {
        certificate: (serial) => credentials.certificate(serial),
        revokeCertificates: (...args) => credentials.revokeCertificates(...args),
        addCertificate: async (row) => {
          await credentials.revokeCertificates('node:cross1', clock.nowMs());
          await credentials.addCertificate(row);
        },
      },
    },
  });
  await expect(crossing.renew('cross1', first.serial, await ground.request('cross1'))).rejects.toThrow(
    'is revoked',
  );
  const rows = await credentials.certificatesOf('node:cross1');
  expect(rows).toHaveLength(2);
  expect(rows.every((row) => row.revokedAtMs > 0)).toBe(true);
});

test('the server certificate serves its names, is kept, and is remade when it must be', async () => {
  const names = ['Controller.example', 'localhost', '127.0.0.1', '::1'];
  const [first, same] = await Promise.all([authority.serverTls(names), authority.serverTls(names)]);
  expect(same).toEqual(first);
  const certificate = new X509Certificate(first.certPem);
  expect(certificate.checkHost('controller.example')).toBeDefined();
  expect(certificate.checkIP('::1')).toBeDefined();
  expect(certificate.verify(new X509Certificate(authority.caPem).publicKey)).toBe(true);
  expect(await (await open()).serverTls(names)).toEqual(first);
  const more = await authority.serverTls([...names, '10.0.0.7']);
  expect(more).not.toEqual(first);
  clock.advance(264 * dayMs);
  expect(await authority.serverTls([...names, '10.0.0.7'])).toEqual(more);
  clock.advance(3 * dayMs);
  expect(await authority.serverTls([...names, '10.0.0.7'])).not.toEqual(more);
});

test('openssl verifies the server certificate by name and by address', async () => {
  const { certPem } = await authority.serverTls(['drover.example', '10.1.2.3']);
  await ground.write('ca.pem', authority.caPem);
  await ground.write('server.pem', certPem);
  const verify = ['verify', '-x509_strict', '-CAfile', 'ca.pem', '-purpose', 'sslserver'];
  expect(await ground.openssl(...verify, '-verify_hostname', 'drover.example', 'server.pem')).toContain('OK');
  expect(await ground.openssl(...verify, '-verify_ip', '10.1.2.3', 'server.pem')).toContain('OK');
  await expect(ground.openssl(...verify, '-verify_hostname', 'evil', 'server.pem')).rejects.toThrow();
});

test('names that cannot stand in a certificate are refused by name', async () => {
  await expect(authority.serverTls([])).rejects.toThrow('no name was given');
  await expect(authority.serverTls(['ok', 'a b'])).rejects.toThrow('"a b"');
  await expect(authority.serverTls(['fe80::1%eth0'])).rejects.toThrow('%eth0');
});

test('openssl verifies the signature of an agent file with the release key', async () => {
  const file = Buffer.from('print("agent")\n'.repeat(5000));
  await ground.write('agent.py', file);
  await ground.write('agent.sig', authority.signRelease(file));
  await ground.write('release.pem', authority.releasePublicKeyPem);
  const verify = ['dgst', '-sha256', '-verify', 'release.pem', '-signature', 'agent.sig', 'agent.py'];
  expect(await ground.openssl(...verify)).toContain('Verified OK');
  await ground.write('agent.py', `${file}#`);
  await expect(ground.openssl(...verify)).rejects.toThrow();
});
