// Owns how conflicts of apply are told: the words kubectl shows, and one cause per field (apimachinery managedfields).
import { ApiError, type Cause } from '../errors.ts';
import { toPaths } from './field-set.ts';
import type { ManagerName } from './managers.ts';
import type { Conflict } from './own.ts';

const maxPaths = 500;

const managerText = ({ manager, operation, subresource }: ManagerName, apiVersion: string): string =>
  JSON.stringify(manager) +
  (subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`) +
  (operation === 'Update' ? ` using ${apiVersion}` : '');

interface Told {
  readonly who: string;
  readonly paths: readonly string[];
}

/** Managers and their fields, maxPaths in all: an object may have many more. */
const toTold = (conflicts: readonly Conflict[], apiVersion: string): readonly Told[] => {
  let left = maxPaths;
  return conflicts
    .map((conflict) => ({ who: managerText(conflict, apiVersion), paths: toPaths(conflict.fields) }))
    .sort((a, b) => (a.who < b.who ? -1 : 1))
    .map(({ who, paths }) => {
      const shown = paths.slice(0, left);
      left -= shown.length;
      return { who, paths: shown };
    });
};

const linesOf = ({ who, paths }: Told): readonly string[] => [
  `conflicts with ${who}:`,
  ...paths.map((path) => `- ${path}`),
];

/** 409 Conflict that names the other managers and their fields. */
export const conflictError = (
  conflicts: readonly Conflict[],
  apiVersion: string,
  object: { readonly name: string; readonly group: string; readonly kind: string },
): ApiError => {
  const told = toTold(conflicts, apiVersion);
  const causes: readonly Cause[] = told.flatMap(({ who, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${who}`, field })),
  );
  const [only, ...others] = causes;
  const text =
    only !== undefined && others.length === 0
      ? `Apply failed with 1 conflict: ${only.message}: ${only.field ?? ''}`
      : `Apply failed with ${causes.length} conflicts: ${told.flatMap(linesOf).join('\n')}`;
  return new ApiError('Conflict', text, { ...object, causes });
};
