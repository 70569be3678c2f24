// Owns what is typed while a transfer is composed, and what becomes of it. Files that were chosen are not part of it: a page
// cannot keep them.
import type { FileTransfer } from '@drover/api';
import { shown, toPath } from '../node-files/remote-path.ts';
import {
  createKeeper,
  emptyWish,
  given,
  placeOf,
  toMetadata,
  toWorkSpec,
  type WishProblem,
  wishOf,
  wishPlaces,
  wishProblems,
} from '../work/wish.ts';

export const emptyDraft = {
  ...emptyWish,
  direction: 'push' as 'push' | 'pull',
  path: '',
  mode: '',
  owner: '',
};
export type Draft = Readonly<typeof emptyDraft>;
export type Field = keyof Draft | 'items';

/** Words of ours for what cannot be sent; see transfers.problems. */
export type Problem = WishProblem | 'noItems' | 'noPath' | 'notAbsolute' | 'needsDirectory' | 'octal';
export type Problems = Partial<Record<Field, Problem>>;

export const transferDraft = createKeeper<Draft>('drover.draft.transfer', emptyDraft);

const pathProblem = ({ path, direction }: Draft, count: number): Problem | undefined => {
  if (path.trim() === '') return 'noPath';
  if (!path.startsWith('/')) return 'notAbsolute';
  return direction === 'push' && count > 1 && !path.endsWith('/') ? 'needsDirectory' : undefined;
};

/** What cannot be sent as it is; `count`: of files and folders chosen. What only the controller can judge is not asked here. */
export const problemsOf = (draft: Draft, count: number): Problems => {
  const isPush = draft.direction === 'push';
  const found: Partial<Record<Field, Problem | undefined>> = {
    ...wishProblems(draft),
    items: isPush && count === 0 ? 'noItems' : undefined,
    path: pathProblem(draft, count),
    mode: isPush && draft.mode.trim() !== '' && !/^[0-7]{3,4}$/.test(draft.mode.trim()) ? 'octal' : undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== undefined));
};

/** Where a file or folder arrives: below a path that ends in '/', else exactly there. As a manifest has it. */
export const destinationOf = ({ path }: Draft, name: string): string =>
  toPath(path.endsWith('/') ? path + name : path);

const toObject = (draft: Draft, stem: string, spec: Readonly<Record<string, unknown>>) => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'FileTransfer',
  metadata: toMetadata(draft, stem),
  spec: { ...spec, ...toWorkSpec(draft) },
});

/** The object to create for one file or folder. Throws ApiError when the label selector cannot be read. */
export const toPush = (
  draft: Draft,
  { name, manifest, check }: { readonly name: string; readonly manifest: string; readonly check: boolean },
): Record<string, unknown> =>
  toObject(draft, 'push', {
    direction: 'Push',
    manifest,
    path: destinationOf(draft, name),
    ...given('mode', draft.mode, (text) => text.trim()),
    ...given('owner', draft.owner, (text) => text.trim()),
    check,
  });

export const toPull = (draft: Draft): Record<string, unknown> =>
  toObject(draft, 'pull', { direction: 'Pull', path: toPath(draft.path).replace(/(.)\/+$/, '$1') });

/** A transfer as it would be typed. */
export const toDraft = (transfer: FileTransfer): Draft => ({
  ...emptyDraft,
  ...wishOf(transfer),
  direction: transfer.spec.direction === 'Push' ? 'push' : 'pull',
  path: shown(transfer.spec.path),
  mode: transfer.spec.mode ?? '',
  owner: transfer.spec.owner ?? '',
});

const places: readonly (readonly [string, Field])[] = [
  ['spec.path', 'path'],
  ['spec.mode', 'mode'],
  ['spec.owner', 'owner'],
  ['spec.manifest', 'items'],
  ...wishPlaces,
];

/** undefined: none of ours. */
export const fieldOf = (path: string): Field | undefined => placeOf(places, path);
