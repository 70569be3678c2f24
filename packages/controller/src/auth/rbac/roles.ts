// Owns which rules somebody has: bindings and roles as they are now, indexed by who they name.
// I1: the index is remade when a role or binding has changed since, and never otherwise; so it is never stale.
// I2: what is remembered per person and namespace is bounded: the oldest is forgotten.
// I3: a binding whose role does not exist gives nothing, and that is told.
import {
  type ClusterRole,
  clusterRoleBindingKind,
  clusterRoleKind,
  type KubeObject,
  type PolicyRule,
  type RoleBinding,
  roleBindingKind,
  roleKind,
  subjectKey,
} from '@drover/api';
import type { Resources } from '../../resources/resources.ts';
import { createRuleIndex, type RuleIndex } from './rule-index.ts';

/** Who asks, as bindings name people. */
export interface Subject {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Rules that somebody has, and what could not be found for them. */
export interface Grant {
  readonly index: RuleIndex;
  readonly missing: readonly string[];
}

export interface Roles {
  /** What the subject may in this namespace and everywhere; '' is everywhere only. */
  grantOf(subject: Subject, namespace: string): Grant;
  /** Namespaces in which a binding names the user or one of the groups; '' for all namespaces. */
  scopesOf(subject: Subject): readonly string[];
  /** Rules of a role by name; undefined: there is none. */
  rulesOf(ref: RoleBinding['roleRef'], namespace: string): readonly PolicyRule[] | undefined;
}

export type RoleReader = Pick<Resources, 'find' | 'list' | 'revision'>;

const kinds = [roleKind, clusterRoleKind, roleBindingKind, clusterRoleBindingKind] as const;
const maxGrants = 4_096;

// Stored objects have been validated by the schema of their kind.
const asBinding = (object: KubeObject): RoleBinding => object as unknown as RoleBinding;
const asRole = (object: KubeObject): ClusterRole => object as unknown as ClusterRole;

type BindingsBySubject = ReadonlyMap<string, readonly RoleBinding[]>;

/** Keys are subjects, and the namespace of the binding after a NUL ('' for all namespaces). */
const indexBindings = (resources: RoleReader): BindingsBySubject => {
  const found = new Map<string, RoleBinding[]>();
  for (const kind of [clusterRoleBindingKind, roleBindingKind]) {
    for (const object of resources.list(kind).items) {
      const binding = asBinding(object);
      const namespace = binding.metadata.namespace ?? '';
      for (const subject of binding.subjects ?? []) {
        const key = `${subjectKey(subject)}\0${namespace}`;
        const known = found.get(key);
        if (known === undefined) found.set(key, [binding]);
        else known.push(binding);
      }
    }
  }
  return found;
};

export const createRoles = (resources: RoleReader): Roles => {
  let seen = '';
  let bindings: BindingsBySubject = new Map();
  const grants = new Map<string, Grant>();

  const refresh = (): void => {
    const now = kinds.map((kind) => resources.revision(kind)).join(' ');
    if (now === seen) return;
    seen = now;
    bindings = indexBindings(resources);
    grants.clear();
  };

  const rulesOf: Roles['rulesOf'] = ({ kind, name }, namespace) => {
    const object =
      kind === 'Role' ? resources.find(roleKind, namespace, name) : resources.find(clusterRoleKind, '', name);
    return object === undefined ? undefined : (asRole(object).rules ?? []);
  };

  const collect = (subject: Subject, namespace: string): Grant => {
    const keys = [`User:${subject.name}`, ...subject.groups.map((group) => `Group:${group}`)];
    const scopes = namespace === '' ? [''] : ['', namespace];
    const own = scopes.flatMap((scope) => keys.flatMap((key) => bindings.get(`${key}\0${scope}`) ?? []));
    const rules = new Set<PolicyRule>();
    const missing = new Set<string>();
    for (const { roleRef } of own) {
      const found = rulesOf(roleRef, namespace);
      if (found === undefined)
        missing.add(`${roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io "${roleRef.name}" not found`);
      for (const rule of found ?? []) rules.add(rule);
    }
    return { index: createRuleIndex([...rules]), missing: [...missing] };
  };

  return {
    rulesOf,
    scopesOf: (subject) => {
      refresh();
      const keys = new Set([`User:${subject.name}`, ...subject.groups.map((group) => `Group:${group}`)]);
      const parts = [...bindings.keys()].map((key) => key.split('\0'));
      return [...new Set(parts.filter(([who = '']) => keys.has(who)).map(([, namespace = '']) => namespace))];
    },
    grantOf: (subject, namespace) => {
      refresh();
      const key = `${namespace}\0${subject.name}\0${subject.groups.join('\0')}`;
      const known = grants.get(key);
      if (known !== undefined) return known;
      const made = collect(subject, namespace);
      grants.set(key, made);
      const [oldest] = grants.keys();
      if (grants.size > maxGrants && oldest !== undefined) grants.delete(oldest);
      return made;
    },
  };
};
