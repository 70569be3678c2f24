// Owns which npm packages run: what the controller's packages depend on, as the lock file has it, and nothing else.

interface LockEntry {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** `packages` of package-lock.json: path → entry. */
export type LockedPackages = Readonly<Record<string, LockEntry>>;

/** Where Node.js finds `name` from the package at `path`; undefined when the lock has it nowhere above. */
const toFound = (locked: LockedPackages, path: string, name: string): string | undefined => {
  const parts = path.split('/');
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const above = parts.slice(0, depth);
    if (above.at(-1) === 'node_modules') continue;
    const candidate = [...above, 'node_modules', name].join('/');
    if (locked[candidate] !== undefined) return candidate;
  }
  return undefined;
};

/**
 * Paths of all npm packages that the workspaces at `roots` need, sorted, without those named and what they alone need. Optional
 * ones are left out: they are native parts, built on the machine that installs them. @throws Error when the lock lacks one.
 */
export const toProduction = (
  locked: LockedPackages,
  roots: readonly string[],
  without: readonly string[] = [],
): readonly string[] => {
  const found = new Set<string>();
  const follow = (path: string): void => {
    for (const name of Object.keys(locked[path]?.dependencies ?? {})) {
      if (name.startsWith('@drover/') || without.includes(name)) continue; // workspaces of ours are roots
      const at = toFound(locked, path, name);
      if (at === undefined)
        throw new Error(`cannot package ${path}: package-lock.json has no ${name}; run npm install`);
      if (found.has(at)) continue;
      found.add(at);
      follow(at);
    }
  };
  for (const root of roots) follow(root);
  return [...found].sort();
};
