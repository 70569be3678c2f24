// Server-side apply: who manages which field of an object, and what applying one changes.
export { conflictError } from './conflict.ts';
export { checkItems } from './extract.ts';
export { applyFields } from './last-applied.ts';
export {
  type ManagedFields,
  type Manager,
  type ManagerName,
  type Managers,
  managerId,
  managerProblem,
  parseManagedFields,
  toManagedFields,
  toManagers,
} from './managers.ts';
export { ownUpdate } from './own.ts';
export { schemaOf } from './shape.ts';
