// Owns an informer of the JavaScript client of Kubernetes under watch: what it was told, and whether that was in order.
import {
  CoreV1Api,
  type Informer,
  KubeConfig,
  makeInformer,
  type ObjectCache,
  type V1ConfigMap,
  type V1ConfigMapList,
} from '@kubernetes/client-node';
import type { AdminContext } from './controller.ts';

const toKubeConfig = ({ address, caPem, token }: AdminContext): KubeConfig => {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'drover', server: address, caData: Buffer.from(caPem).toString('base64') }],
    users: [{ name: 'admin', token }],
    contexts: [{ name: 'drover', cluster: 'drover', user: 'admin' }],
    currentContext: 'drover',
  });
  return config;
};

/** By name, as the server sent them: the client makes dates of what it lists, and leaves what it watches as it is. */
const asSent = (objects: readonly V1ConfigMap[]): readonly V1ConfigMap[] => {
  const plain: V1ConfigMap[] = JSON.parse(JSON.stringify(objects).replaceAll('.000Z"', 'Z"'));
  return plain.sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1));
};

/** Follows the ConfigMaps of the namespace "default". */
export class Follower {
  readonly #informer: Informer<V1ConfigMap> & ObjectCache<V1ConfigMap>;
  readonly #list: () => Promise<V1ConfigMapList>;
  readonly #newest = new Map<string, number>();
  /** Versions of objects it was told of, one by one. */
  readonly versions = new Set<number>();
  readonly added = new Set<string>();
  readonly deleted = new Set<string>();
  /** Revision of each list that it asked for. */
  readonly lists: number[] = [];
  /** What must not happen: an older state after a newer one, a change of what is gone. */
  readonly wrong: string[] = [];

  constructor(context: AdminContext, labelSelector?: string) {
    const config = toKubeConfig(context);
    const api = config.makeApiClient(CoreV1Api);
    const selected = labelSelector === undefined ? {} : { labelSelector };
    this.#list = () => api.listNamespacedConfigMap({ namespace: 'default', ...selected });
    const list = async () => {
      const found = await this.#list();
      this.lists.push(Number(found.metadata?.resourceVersion));
      return found;
    };
    const path = '/api/v1/namespaces/default/configmaps';
    this.#informer = makeInformer(config, path, list, labelSelector);
    this.#informer.on('add', (object) => {
      this.added.add(object.metadata?.uid ?? '');
      this.#see('add', object);
    });
    this.#informer.on('update', (object) => this.#see('update', object));
    this.#informer.on('delete', (object) => this.deleted.add(object.metadata?.uid ?? ''));
    this.#informer.on('error', (error: unknown) => {
      if (!(error instanceof Error && error.name === 'AbortError')) this.wrong.push(String(error));
    });
  }

  #see(what: string, { metadata }: V1ConfigMap): void {
    const version = Number(metadata?.resourceVersion);
    const uid = metadata?.uid ?? '';
    const known = this.#newest.get(uid) ?? 0;
    if (version <= known) this.wrong.push(`${what} ${metadata?.name}: ${version} after ${known}`);
    if (this.deleted.has(uid)) this.wrong.push(`${what} ${metadata?.name}: it is gone`);
    this.#newest.set(uid, version);
    this.versions.add(version);
  }

  /** What it keeps, and what the server lists now. */
  async compare(): Promise<{
    readonly cached: readonly V1ConfigMap[];
    readonly listed: readonly V1ConfigMap[];
  }> {
    const { items } = await this.#list();
    return { cached: asSent(this.#informer.list()), listed: asSent(items) };
  }

  /** From where it stood when it was stopped, as after a broken connection. */
  start(): Promise<void> {
    return this.#informer.start();
  }

  stop(): Promise<void> {
    return this.#informer.stop();
  }
}
