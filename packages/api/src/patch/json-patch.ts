// Owns JSON Patch (RFC 6902), on fast-json-patch.
// I1: the target is never changed; either every operation applies or none.
// I2: no path leads through `__proto__`, `constructor` or `prototype`.
import jsonPatch, { type Operation } from 'fast-json-patch';
import { ApiError } from '../errors.ts';
import { isPlainObject, refusePatch, withDepth } from './json.ts';

/** Most operations in one patch, as in Kubernetes. */
const maxOperations = 10000;

const operations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);
const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

const segments = (pointer: unknown, where: string): readonly string[] => {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) {
    return refusePatch(`${where} must be a JSON pointer such as "/spec/taints/0"`);
  }
  const parts = pointer
    .split('/')
    .slice(1)
    .map((p) => p.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (parts.some((part) => forbidden.has(part))) refusePatch(`${where} leads through a forbidden name`);
  withDepth(parts.length);
  return parts;
};

const parseOperation = (raw: unknown, index: number): Operation => {
  const where = `operation ${index}`;
  if (!isPlainObject(raw)) return refusePatch(`${where} is not an object`);
  const { op, path, from, value } = raw as { op?: unknown; path?: unknown; from?: unknown; value?: unknown };
  if (typeof op !== 'string' || !operations.has(op)) {
    return refusePatch(`${where}: op must be one of ${[...operations].join(', ')}`);
  }
  segments(path, `${where}: path`);
  const needsFrom = op === 'move' || op === 'copy';
  if (needsFrom) segments(from, `${where}: from`);
  const needsValue = op === 'add' || op === 'replace' || op === 'test';
  if (needsValue && !Object.hasOwn(raw, 'value')) refusePatch(`${where}: ${op} needs a value`);
  // The shape has just been checked; fast-json-patch's union cannot be built field by field.
  return { op, path, ...(needsFrom ? { from } : {}), ...(needsValue ? { value } : {}) } as Operation;
};

const applyOne = (document: unknown, operation: Operation, index: number): unknown => {
  try {
    return jsonPatch.applyOperation(document, operation, true, true, true, index).newDocument;
  } catch (error) {
    if (!(error instanceof jsonPatch.JsonPatchError)) throw error;
    const what = `operation ${index} (${operation.op} ${operation.path})`;
    const why =
      error.name === 'TEST_OPERATION_FAILED' ? 'the value is another' : error.message.split('\n')[0];
    throw new ApiError('Invalid', `cannot apply the patch: ${what}: ${why}`, undefined, error);
  }
};

/**
 * The target with the operations applied in order. Throws ApiError BadRequest when the patch is malformed, Invalid
 * when it does not fit the target (a missing path, a failed test).
 */
export const applyJsonPatch = (target: unknown, patch: unknown): unknown => {
  if (!Array.isArray(patch)) return refusePatch('a JSON patch is a list of operations');
  if (patch.length > maxOperations) return refusePatch(`more than ${maxOperations} operations`);
  const parsed = patch.map(parseOperation);
  return parsed.reduce<unknown>((document, op, i) => applyOne(document, op, i), structuredClone(target));
};
