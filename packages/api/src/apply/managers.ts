// Owns metadata.managedFields: who manages which fields, between the list that is stored and sets to reckon with.
// I1: a manager is a name, an operation and a subresource; there is one entry for each, and none without fields.
// I2: entries are of the kind's own version (of any, where versions are the same but for their name); those of another
//     are dropped, as Kubernetes drops versions it lost.
// I3: at most 10 managers that updated are kept apart; the oldest beyond become one, "ancient-changes".
import { ApiError, type Cause } from '../errors.ts';
import type { KubeObject } from '../meta.ts';
import { isPlainObject } from '../patch/json.ts';
import { type Fields, parseFieldSet, union } from './field-set.ts';

export type Operation = 'Apply' | 'Update';

export interface ManagerName {
  readonly manager: string;
  readonly operation: Operation;
  /** '' for writes of the object itself. */
  readonly subresource: string;
}

export interface Manager extends ManagerName {
  /** RFC 3339; '' when not known. */
  readonly time: string;
  readonly fields: Fields;
}

/** By managerId. */
export type Managers = ReadonlyMap<string, Manager>;

export type ManagedFields = NonNullable<KubeObject['metadata']['managedFields']>;

const maxUpdateManagers = 10;
const ancient = 'ancient-changes';

export const managerId = ({ manager, operation, subresource }: ManagerName): string =>
  `${operation}\0${subresource}\0${manager}`;

const withManager = (managers: Map<string, Manager>, added: Manager): void => {
  const id = managerId(added);
  const had = managers.get(id);
  managers.set(id, { ...added, fields: union(had?.fields, added.fields) });
};

const word = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Managers of a stored object (I2); `isOwn`: whether an apiVersion is one of the kind's. */
export const toManagers = (
  entries: ManagedFields | undefined,
  isOwn: (apiVersion: unknown) => boolean,
): Managers => {
  const managers = new Map<string, Manager>();
  for (const entry of entries ?? []) {
    if (!isOwn(entry['apiVersion'])) continue;
    withManager(managers, {
      manager: word(entry['manager']),
      operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
      subresource: word(entry['subresource']),
      time: word(entry['time']),
      // What is stored has been parsed by parseManagedFields, or made by this room.
      fields: entry['fieldsV1'] as Fields,
    });
  }
  return managers;
};

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const inOrder = (a: Manager, b: Manager): number =>
  compareText(a.operation, b.operation) ||
  compareText(a.time, b.time) ||
  compareText(a.manager, b.manager) ||
  compareText(a.subresource, b.subresource);

/** I3. */
const capped = (sorted: readonly Manager[]): readonly Manager[] => {
  const updates = sorted.filter(({ operation }) => operation === 'Update');
  if (updates.length <= maxUpdateManagers) return sorted;
  const old = updates.slice(0, updates.length - maxUpdateManagers + 1);
  const gathered = new Map<string, Manager>();
  for (const each of old) withManager(gathered, { ...each, manager: ancient, subresource: '' });
  return [...sorted.filter((each) => !old.includes(each)), ...gathered.values()].sort(inOrder);
};

/** As stored; undefined when nobody manages anything. */
export const toManagedFields = (managers: Managers, apiVersion: string): ManagedFields | undefined => {
  const sorted = [...managers.values()].filter(({ fields }) => fields !== undefined).sort(inOrder);
  if (sorted.length === 0) return undefined;
  return capped(sorted).map(({ manager, operation, subresource, time, fields }) => ({
    manager,
    operation,
    apiVersion,
    ...(time === '' ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...(subresource === '' ? {} : { subresource }),
  }));
};

const hasControl = (text: string): boolean => /\p{C}/u.test(text);

/** Why a name cannot be a manager's; undefined when it can. */
export const managerProblem = (name: string): string | undefined => {
  if (name.length > 128) return 'must be at most 128 characters';
  return hasControl(name) ? 'must have printable characters only' : undefined;
};

const entryProblem = (entry: Readonly<Record<string, unknown>>): readonly [string, string] | undefined => {
  const { manager, operation, apiVersion, time, fieldsType, fieldsV1, subresource, ...rest } = entry;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return [unknown.slice(0, 100), 'unknown field'];
  if (operation !== 'Apply' && operation !== 'Update') return ['operation', 'must be Apply or Update'];
  if (fieldsType !== 'FieldsV1') return ['fieldsType', 'must be FieldsV1'];
  if (!isPlainObject(fieldsV1)) return ['fieldsV1', 'must be an object'];
  if (word(apiVersion) === '') return ['apiVersion', 'must be given'];
  if (manager !== undefined && typeof manager !== 'string') return ['manager', 'must be a string'];
  const problem = managerProblem(word(manager));
  if (problem !== undefined) return ['manager', problem];
  if (subresource !== undefined && (typeof subresource !== 'string' || subresource.length > 256))
    return ['subresource', 'must be a string of at most 256 characters'];
  const isTime = time === undefined || time === null || !Number.isNaN(Date.parse(word(time)));
  return isTime ? undefined : ['time', 'must be a date-time'];
};

const invalidEntry = (field: string, message: string): ApiError => {
  const causes: readonly Cause[] = [{ reason: 'FieldValueInvalid', message, field }];
  return new ApiError('Invalid', `cannot read the object: ${field}: ${message}`, { causes });
};

/**
 * What somebody sent as metadata.managedFields: 'reset' ([{}]) forgets who manages what; undefined (absent or empty, so
 * that who does not know the field cannot lose it) leaves it. Throws ApiError Invalid.
 */
export const parseManagedFields = (given: unknown): ManagedFields | 'reset' | undefined => {
  if (given === undefined || given === null) return undefined;
  if (!Array.isArray(given)) throw invalidEntry('metadata.managedFields', 'must be a list');
  if (given.length === 0) return undefined;
  const entries = given as readonly unknown[];
  if (entries.length === 1 && isPlainObject(entries[0]) && Object.keys(entries[0]).length === 0)
    return 'reset';
  return entries.map((entry, at) => {
    const [field, message] = isPlainObject(entry) ? (entryProblem(entry) ?? []) : ['', 'must be an object'];
    if (field === undefined) return toEntry(entry as Readonly<Record<string, unknown>>);
    const path = `metadata.managedFields[${at}]${field === '' ? '' : `.${field}`}`;
    throw invalidEntry(path, String(message));
  });
};

const toEntry = (entry: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const { time, ...rest } = entry;
  const fieldsV1 = parseFieldSet(entry['fieldsV1']);
  return { ...rest, ...(typeof time === 'string' ? { time } : {}), fieldsV1 };
};
