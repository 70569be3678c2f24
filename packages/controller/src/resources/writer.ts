// Owns writing one object: validate, decide, store, and try again when somebody else was faster.
// I1: a write with a resourceVersion succeeds on that version or not at all; without one it is applied to the newest.
// I2: what changes nothing is not written.
import { randomUUID } from 'node:crypto';
import { isPlainObject, type Kind, type KubeObject, resourceKey, validatorOf } from '@drover/api';
import { type Clock, toTimestamp } from '../platform/clock.ts';
import type { ObjectStore, ObjectWrite } from '../store/store.ts';
import { type Cache, toKey } from './cache.ts';
import { isReleased, namespaceFinalizer, permanentNamespaces, specFinalizers, toMarked } from './deletion.ts';
import {
  alreadyExists,
  invalid,
  isReason,
  modified,
  notFound,
  type ObjectName,
  refuse,
  type Verb,
} from './errors.ts';
import { deepFreeze } from './freeze.ts';
import { applyTo, type Change, trackApplied, trackCreated, trackUpdated, withManaged } from './managed.ts';
import { tellContents } from './namespace-conditions.ts';
import { contentsOf } from './namespace-contents.ts';
import { applyPatch, readApplied } from './patches.ts';
import {
  addedFinalizers,
  isNamespaceKind,
  toCreated,
  toCreateInput,
  toGeneratedName,
  toUpdated,
  toUpdateInput,
} from './prepare.ts';
import type { Quotas } from './quotas.ts';
import type { ApplyOptions, DeleteOptions, PatchType, WriteOptions } from './resources.ts';
import { rememberText } from './texts.ts';
import { immutableCauses, validUpdate } from './updates.ts';
import { asStored, inVersion } from './versions.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Deps {
  readonly cache: Cache;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly quotas: Quotas;
}

/** Tries on a conflict before giving up: each means that another write has succeeded. */
const maxTries = 50;
const maxNameTries = 8;

const asObject = (verb: Verb, object: ObjectName, input: unknown): Fields => {
  if (isPlainObject(input)) return input;
  throw refuse('BadRequest', verb, object, 'the body is not an object');
};

const metadataOf = (input: Fields): Fields => (isPlainObject(input['metadata']) ? input['metadata'] : {});

/** A field of metadata that, where given, must be what the request says. */
const mustMatch = (verb: Verb, object: ObjectName, field: string, given: unknown, wanted: string): void => {
  if (given === undefined || given === null || given === '' || given === wanted) return;
  const why = `the ${field} of the object (${String(given)}) does not match the ${field} of the request (${wanted})`;
  throw refuse('BadRequest', verb, object, why);
};

const revisionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion);

export class Writer {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  #changeOf({ fieldManager, subresource }: WriteOptions): Change {
    return { manager: fieldManager, subresource, time: toTimestamp(this.#deps.clock.nowMs()) };
  }

  #validate(kind: Kind, input: Fields, options: WriteOptions, before?: KubeObject): KubeObject {
    const { object, warnings } = validatorOf(kind)(input, options.fieldValidation ?? 'Strict', before);
    for (const warning of warnings) options.onWarning?.(warning);
    return object;
  }

  find({ kind, namespace, name }: ObjectName): KubeObject | undefined {
    const found = this.#deps.cache.of(kind).get(toKey(namespace, name));
    return found && inVersion(kind, found);
  }

  #current(verb: Verb, object: ObjectName): KubeObject {
    const current = this.find(object);
    if (current === undefined) throw notFound(verb, object);
    return current;
  }

  async #store(
    object: ObjectName,
    type: 'created' | 'updated' | 'deleted',
    value: KubeObject,
    expect: number,
    provided?: ObjectWrite['provided'],
  ): Promise<KubeObject> {
    const { kind, namespace, name } = object;
    const write = {
      resource: resourceKey(kind),
      namespace,
      name,
      type,
      value: asStored(kind, value),
      expect,
      ...(provided === undefined ? {} : { provided }),
    };
    const [row] = await this.#deps.objects.write([write]);
    if (row === undefined) throw new Error('cannot write: the store answered with no row');
    const stored = deepFreeze(row.value);
    // Who created it is answered with it.
    if (type === 'created') rememberText(stored, row.json);
    return inVersion(kind, stored);
  }

  async create(
    kind: Kind,
    namespace: string,
    input: unknown,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    const given = metadataOf(asObject('create', { kind, namespace, name: '' }, input));
    const asked = { kind, namespace, name: String(given['name'] ?? given['generateName'] ?? '') };
    this.#checkCreate(asked, given);
    await kind.load?.();
    const valid = this.#validate(kind, toCreateInput(kind, namespace, input as Fields), options);
    const { name, generateName } = valid.metadata;
    const object = { kind, namespace, name: name ?? '' };
    const attempt = async (): Promise<KubeObject> => {
      this.#checkNamespace(object);
      return name === undefined
        ? this.#createGenerated(kind, namespace, generateName ?? '', valid, options)
        : this.#createNamed(object, valid, options);
    };
    return this.#retry('create', object, attempt, () => false);
  }

  #checkCreate(asked: ObjectName, given: Fields): void {
    const { kind, namespace } = asked;
    if (kind.scope === 'Namespaced' && namespace === '') {
      throw refuse('BadRequest', 'create', asked, `a ${kind.kind} must be in a namespace`);
    }
    if (kind.scope === 'Namespaced') mustMatch('create', asked, 'namespace', given['namespace'], namespace);
    if (typeof given['resourceVersion'] === 'string' && given['resourceVersion'] !== '') {
      throw refuse('BadRequest', 'create', asked, 'metadata.resourceVersion must not be given');
    }
    this.#checkNamespace(asked);
  }

  #checkNamespace(asked: ObjectName): void {
    if (asked.kind.scope !== 'Namespaced') return;
    const found = this.#deps.cache.ofResource('namespaces').get(toKey('', asked.namespace));
    if (found === undefined) {
      throw refuse('NotFound', 'create', asked, `namespace "${asked.namespace}" not found; create it first`);
    }
    if (found.metadata.deletionTimestamp !== undefined) {
      const why = `namespace "${asked.namespace}" is being terminated`;
      const cause = { reason: 'NamespaceTerminating', message: why, field: 'metadata.namespace' };
      throw refuse('Forbidden', 'create', asked, why, [cause]);
    }
  }

  async #createNamed(
    object: ObjectName,
    valid: KubeObject,
    options: WriteOptions,
    track = (made: KubeObject) => trackCreated(object.kind, made, this.#changeOf(options)),
  ): Promise<KubeObject> {
    if (this.#deps.cache.of(object.kind).isClosing) {
      const why = 'its definition is being deleted, so nothing new can be made';
      throw refuse('MethodNotAllowed', 'create', object, why);
    }
    const given = {
      name: object.name,
      uid: randomUUID(),
      creationTimestamp: toTimestamp(this.#deps.clock.nowMs()),
    };
    const value = track(toCreated(valid, given));
    options.guard?.(undefined, value);
    if (this.find(object) !== undefined) throw alreadyExists(object);
    const causes = this.#deps.quotas.problems(object.kind, valid);
    if (causes.length > 0) throw invalid('create', object, causes);
    const provided = this.#provided(object);
    const done = this.#deps.quotas.admit(object);
    if (options.dryRun === true) {
      done();
      return deepFreeze(value);
    }
    return this.#store(object, 'created', value, 0, provided)
      .catch((error: unknown) => {
        if (isReason(error, 'Conflict')) throw new Stale();
        throw isReason(error, 'AlreadyExists') ? alreadyExists(object) : error;
      })
      .finally(done);
  }

  /** What was looked at here, where another controller may have changed it (store.ts). */
  #provided(object: ObjectName): ObjectWrite['provided'] {
    const { cache, objects, quotas } = this.#deps;
    if (!objects.isShared || object.kind.scope !== 'Namespaced') return undefined;
    const home = cache.ofResource('namespaces').get(toKey('', object.namespace));
    const fewerThan = quotas.most(object);
    return {
      ...(home === undefined ? {} : { home: revisionOf(home) }),
      ...(fewerThan === undefined ? {} : { fewerThan }),
    };
  }

  async #createGenerated(
    kind: Kind,
    namespace: string,
    prefix: string,
    valid: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> {
    for (let attempt = 1; ; attempt++) {
      const name = toGeneratedName(prefix, Math.random);
      const named = { ...valid, metadata: { ...valid.metadata, name } };
      // Some kinds derive other fields from the name.
      const object = kind.normalize ? kind.normalize(named) : named;
      try {
        return await this.#createNamed({ kind, namespace, name }, object, options);
      } catch (error) {
        if (!isReason(error, 'AlreadyExists') || attempt === maxNameTries) throw error;
      }
    }
  }

  /** Runs `attempt` on the newest state until nobody else was faster; `isPinned`: only once. */
  async #retry<T>(
    verb: Verb,
    object: ObjectName,
    attempt: () => Promise<T>,
    isPinned: () => boolean,
  ): Promise<T> {
    await object.kind.load?.();
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof Stale) {
          if (tries === maxTries || isPinned()) throw modified(verb, object);
        } else throw error;
      }
    }
  }

  update(object: ObjectName, input: unknown, options: WriteOptions = {}): Promise<KubeObject> {
    const fields = asObject('update', object, input);
    const wanted = metadataOf(fields)['resourceVersion'];
    return this.#retry(
      'update',
      object,
      async () => this.#apply('update', object, this.#current('update', object), fields, options),
      () => typeof wanted === 'string' && wanted !== '',
    );
  }

  patch(
    object: ObjectName,
    patch: { readonly type: PatchType; readonly body: unknown },
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    const asked = isPlainObject(patch.body) ? metadataOf(patch.body)['resourceVersion'] : undefined;
    return this.#retry(
      'patch',
      object,
      async () => {
        const current = this.#current('patch', object);
        const patched = applyPatch(object.kind, current, patch);
        return this.#apply('patch', object, current, asObject('patch', object, patched), options);
      },
      () => typeof asked === 'string',
    );
  }

  /** See Resources.apply. */
  async apply(
    object: ObjectName,
    body: unknown,
    options: ApplyOptions,
  ): Promise<{ readonly object: KubeObject; readonly created: boolean }> {
    const fields = asObject('patch', object, body);
    await object.kind.load?.();
    const { applied, warnings } = readApplied(object, fields, validatorOf(object.kind), options);
    for (const warning of warnings) options.onWarning?.(warning);
    return this.#retry(
      'patch',
      object,
      async () => {
        const current = this.find(object);
        return current === undefined
          ? { object: await this.#applyNew(object, applied, options), created: true }
          : { object: await this.#applyOver(object, current, applied, options), created: false };
      },
      () => applied.metadata.resourceVersion !== undefined,
    );
  }

  async #applyOver(
    object: ObjectName,
    current: KubeObject,
    applied: KubeObject,
    options: ApplyOptions,
  ): Promise<KubeObject> {
    this.#checkUpdate('patch', object, current, applied, options);
    const { fieldManager, force = false } = options;
    const apply = { ...this.#changeOf(options), manager: fieldManager, force };
    const result = applyTo(object, current, applied, apply);
    const track = (valid: KubeObject) => withManaged(valid, result.managedFields);
    return this.#apply('patch', object, current, result.object, options, track);
  }

  async #applyNew(object: ObjectName, applied: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const { kind, namespace } = object;
    const { resourceVersion, uid } = applied.metadata;
    if (options.subresource !== undefined) throw notFound('patch', object);
    if (resourceVersion !== undefined || uid !== undefined) {
      throw refuse('Conflict', 'patch', object, 'it is not there any more (uid or resourceVersion is given)');
    }
    this.#checkCreate(object, applied.metadata);
    const admitted = (await options.beforeCreate?.(applied)) ?? applied;
    const input = toCreateInput(kind, namespace, asObject('patch', object, admitted));
    const valid = this.#validate(kind, input, options);
    const apply = { ...this.#changeOf(options), manager: options.fieldManager, force: false };
    const track = (made: KubeObject) => trackApplied(kind, made, applied, apply);
    return this.#createNamed(object, valid, options, track).catch((error: unknown) => {
      throw isReason(error, 'AlreadyExists') ? new Stale() : error;
    });
  }

  modify(
    object: ObjectName,
    change: (current: KubeObject) => KubeObject | undefined,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    return this.#retry(
      'update',
      object,
      async () => {
        const current = this.#current('update', object);
        const changed = change(current);
        if (changed === undefined || changed === current) return current;
        return this.#apply('update', object, current, changed, options);
      },
      () => false,
    );
  }

  /** One try of an update of `current`; throws Stale when it is not the newest any more. */
  async #apply(
    verb: Verb,
    object: ObjectName,
    current: KubeObject,
    input: Fields,
    options: WriteOptions,
    track = (valid: KubeObject) =>
      trackUpdated(object.kind, current, valid, metadataOf(input)['managedFields'], this.#changeOf(options)),
  ): Promise<KubeObject> {
    this.#checkUpdate(verb, object, current, input, options);
    const candidate = toUpdateInput(object.kind, options.subresource, current, input);
    const valid = validUpdate(object.kind, current, candidate, (fields) =>
      this.#validate(object.kind, fields, options, current),
    );
    const causes = [
      ...immutableCauses(object.kind, current, valid),
      ...this.#deps.quotas.problems(object.kind, valid),
    ];
    if (causes.length > 0) throw invalid(verb, object, causes);
    const added = addedFinalizers(current, valid);
    if (added.length > 0) {
      const why = `it is being deleted, so finalizers cannot be added (${added.join(', ')})`;
      throw refuse('Forbidden', verb, object, why);
    }
    if (options.subresource === 'finalize') this.#checkFinalize(verb, object, valid);
    const stamped = options.stamp?.(current, valid) ?? valid;
    const updated = toUpdated(current, track(stamped));
    options.guard?.(current, updated);
    return this.#commit(object, current, updated, options.dryRun === true);
  }

  /** Who takes off the finalizer that stands for the contents would leave them in no namespace (namespaces.ts I1). */
  #checkFinalize(verb: Verb, object: ObjectName, valid: KubeObject): void {
    if (specFinalizers(object.kind, valid).includes(namespaceFinalizer)) return;
    const { cache } = this.#deps;
    const known = tellContents(contentsOf(cache, object.name));
    const told = [known, ...cache.unservedIn(object.name)].filter((one) => one !== '').join(', ');
    if (told === '') return;
    const why = `the finalizer ${namespaceFinalizer} stays while something is in it (${told}); delete that, or take its finalizers off`;
    throw refuse('Conflict', verb, object, why);
  }

  /** Writes what became of `current`; deletes it when nothing holds it any more. */
  async #commit(
    object: ObjectName,
    current: KubeObject,
    updated: KubeObject,
    dryRun: boolean,
  ): Promise<KubeObject> {
    if (updated === current) return current;
    if (dryRun) return deepFreeze(updated);
    const type = isReleased(object.kind, updated) ? 'deleted' : 'updated';
    return this.#store(object, type, updated, revisionOf(current)).catch((error: unknown) => {
      throw isReason(error, 'Conflict') || isReason(error, 'NotFound') ? new Stale() : error;
    });
  }

  #checkUpdate(
    verb: Verb,
    object: ObjectName,
    current: KubeObject,
    input: Fields,
    options: WriteOptions,
  ): void {
    const { kind } = object;
    if (
      options.subresource === 'status'
        ? !kind.hasStatus
        : options.subresource !== undefined && !kind.subresources.includes(options.subresource)
    ) {
      throw refuse('NotFound', verb, object, `${kind.plural} has no subresource ${options.subresource}`);
    }
    const given = metadataOf(input);
    mustMatch(verb, object, 'name', given['name'], object.name);
    mustMatch(verb, object, 'namespace', given['namespace'], object.namespace);
    const { uid, resourceVersion } = current.metadata;
    if (given['uid'] && given['uid'] !== uid) {
      const why = `it has uid ${uid}, not ${String(given['uid'])}: it was deleted and made again`;
      throw refuse('Conflict', verb, object, why);
    }
    const wanted = given['resourceVersion'];
    if (wanted && wanted !== resourceVersion) throw modified(verb, object);
  }

  delete(object: ObjectName, options: DeleteOptions = {}): Promise<KubeObject> {
    return this.#retry(
      'delete',
      object,
      async () => this.#deleteOnce(object, this.#current('delete', object), options),
      () => options.preconditions?.resourceVersion !== undefined,
    );
  }

  async #deleteOnce(object: ObjectName, current: KubeObject, options: DeleteOptions): Promise<KubeObject> {
    const { uid, resourceVersion } = options.preconditions ?? {};
    if (uid !== undefined && uid !== current.metadata.uid) {
      throw refuse('Conflict', 'delete', object, `its uid is ${current.metadata.uid}, not ${uid}`);
    }
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
      throw modified('delete', object);
    }
    if (isNamespaceKind(object.kind) && permanentNamespaces.includes(object.name)) {
      throw refuse('Forbidden', 'delete', object, 'this namespace may not be deleted');
    }
    options.guard?.(current);
    const timestamp = toTimestamp(this.#deps.clock.nowMs());
    const marked = toMarked(object.kind, current, options.propagationPolicy, timestamp);
    return this.#commit(object, current, marked, options.dryRun === true);
  }

  /** Writes without validation what a controller of this room decided; undefined: leave it. */
  async rewrite(
    object: ObjectName,
    change: (current: KubeObject) => KubeObject | undefined,
  ): Promise<KubeObject | undefined> {
    return this.#retry(
      'update',
      object,
      async () => {
        const current = this.find(object);
        const changed = current && change(current);
        if (current === undefined || changed === undefined) return current;
        const { managedFields } = changed.metadata;
        const tracked = trackUpdated(object.kind, current, changed, managedFields, this.#changeOf({}));
        return this.#commit(object, current, tracked, false);
      },
      () => false,
    );
  }
}

/** The object changed between reading and writing it. */
class Stale extends Error {}
