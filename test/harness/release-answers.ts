// Owns how what a controller of today tells of the data of a release is compared with what was told then. What a start of its own
// time changes (which nodes are there, what is measured) is left out.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeObject } from '@drover/api';
import type { Answers } from './ask-release.ts';
import type { AtTime } from './at-time.ts';
import { type ControllerProcess, nodeBinary, root } from './controller.ts';
import type { Listing, Release } from './release.ts';

const run = promisify(execFile);

/** Of these the status tells of now. */
const living = ['nodes', 'retentionpolicies.drover.dev', 'users.drover.dev'];
/** Roles that every installation has may grow with a release. */
const isReady = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults';

const isWritten = ([name]: readonly [string, unknown]): boolean =>
  !['resourceVersion', 'generation', 'managedFields'].includes(name);

/** As its maker knows it: without the marks of who wrote what when. */
const asMade = (resource: string, object: KubeObject): KubeObject => {
  const { status, ...rest } = object;
  const metadata = Object.fromEntries(
    Object.entries(object.metadata).filter(isWritten),
  ) as KubeObject['metadata'];
  return { ...rest, metadata, ...(living.includes(resource) || status === undefined ? {} : { status }) };
};

const keyOf = ({ metadata: { namespace = '', name = '' } }: KubeObject): string => `${namespace}/${name}`;

/** resource → key → object. */
export const comparable = ({ objects }: Listing) =>
  Object.fromEntries(
    Object.entries(objects).map(([resource, all]) => {
      const made = all.filter((object) => !isReady(object));
      return [resource, Object.fromEntries(made.map((object) => [keyOf(object), asMade(resource, object)]))];
    }),
  );

/** Everything that is compared, asked at the time of the release. */
export const askAt = async (
  time: AtTime,
  controller: ControllerProcess,
  { dir }: Release,
): Promise<Answers> => {
  const program = join(root, 'test/harness/ask-release.ts');
  const words = ['--disable-warning=ExperimentalWarning', program, controller.contextFile, dir];
  const env = { ...process.env, ...time.env };
  const { stdout } = await run(nodeBinary, words, { env, maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout);
};
