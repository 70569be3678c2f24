// Owns which calls of a batch may be asked for together: those that work on different things. To a database beyond a network
// the way there and back costs more than the work, and this way a batch takes few of them, however many calls are in it.
import type { FinishedTask } from '../store.ts';
import type { Call } from './batch.ts';
import type { UploadRow } from './blobs.ts';
import type { EncodedWrite } from './objects.ts';
import type { PackedReport } from './output.ts';

type Named = Readonly<Record<string, (argument: never) => readonly string[]>>;

const ofNode = ({ node }: { readonly node: string }): readonly string[] => [node];
const ofIds = ({ ids }: { readonly ids: readonly string[] }): readonly string[] => ids;

/** What a call works on, by operation. Of what is not here nothing is known: it is carried out alone. */
const things: Named = {
  'objects.write': (writes: readonly EncodedWrite[]) =>
    writes.flatMap(({ resource, namespace, name, provided }) => [
      `${resource}/${namespace}/${name}`,
      // Those that are counted come one after another.
      ...(provided?.fewerThan === undefined ? [] : [`${resource}/${namespace}/`]),
    ]),
  'tasks.markSent': ofIds,
  'tasks.finish': ({ tasks }: { readonly tasks: readonly FinishedTask[] }) => tasks.map(({ id }) => id),
  'tasks.report': ({ output, started, progress, results }: PackedReport) => [
    ...output.map(({ taskId }) => taskId),
    ...[...started, ...progress, ...results].map(({ id }) => id),
  ],
  'agents.connected': ofNode,
  'agents.disconnected': ofNode,
  'agents.setFacts': ofNode,
  'audit.append': () => [],
  'blobs.begin': ({ id }: UploadRow) => [`upload/${id}`],
  'blobs.forget': (id: string) => [`upload/${id}`],
};

const thingsOf = ([name, argument]: Call): readonly string[] | undefined =>
  // The argument was typed by the caller on the main thread (channel.ts).
  things[name]?.(argument as never);

/** The calls in their order, in groups of which each may be asked for at once. */
export const groupCalls = (calls: readonly Call[]): readonly (readonly Call[])[] => {
  const groups: Call[][] = [];
  let taken: Set<string> | undefined;
  for (const call of calls) {
    const own = thingsOf(call);
    const joins = own !== undefined && taken !== undefined && !own.some((thing) => taken?.has(thing));
    if (joins) groups.at(-1)?.push(call);
    else {
      groups.push([call]);
      taken = own && new Set();
    }
    for (const thing of own ?? []) taken?.add(thing);
  }
  return groups;
};
