// Owns what the store offers for small named values: 'ca-key', 'join-secret', 'installation-id' ...
export interface MetaStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  /** Only when it is `was` (undefined: not there): false when it is not. */
  replace(key: string, was: string | undefined, value: string): Promise<boolean>;
}
