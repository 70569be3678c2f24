// Owns JSON Patch (RFC 6902), on fast-json-patch.
// I1: the target is never changed; either every operation applies or none.
// I2: no path leads through `__proto__`, `constructor` or `prototype`.
// I3: `copy` may multiply; all copies of a patch together are at most 3 MiB, as in Kubernetes.
import jsonPatch, { type Operation } from 'fast-json-patch';
import { ApiError } from '../errors.ts';
import { isPlainObject, type JsonObject, refusePatch, safeEntries, withDepth } from './json.ts';

/** Most operations in one patch, as in Kubernetes. */
const maxOperations = 10000;

const maxCopiedBytes = 3 * 1024 * 1024;

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

const checkDepth = (value: unknown, depth: number): void => {
  if (typeof value !== 'object' || value === null) return;
  withDepth(depth);
  for (const inner of Array.isArray(value) ? value : safeEntries(value as JsonObject).map(([, v]) => v)) {
    checkDepth(inner, depth + 1);
  }
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
  if (needsValue) checkDepth(value, 0);
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

/** Length of what a copy would add, as JSON; 0 when there is nothing at the path (the copy itself will say so). */
const copiedBytes = (document: unknown, operation: Operation): number => {
  if (operation.op !== 'copy') return 0;
  try {
    return JSON.stringify(jsonPatch.getValueByPointer(document, operation.from))?.length ?? 0;
  } catch {
    return 0;
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
  let document: unknown = structuredClone(target);
  let copied = 0;
  for (const [i, operation] of parsed.entries()) {
    copied += copiedBytes(document, operation);
    if (copied > maxCopiedBytes) return refusePatch(`its copies are more than ${maxCopiedBytes} bytes`);
    document = applyOne(document, operation, i);
  }
  return document;
};
