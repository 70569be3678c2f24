// Owns the form in which operators sign what they ask of nodes (docs/protocol.md section 7).
// I1: nothing of a task that matters is outside the payload: it holds the task as the agent gets it, member by member,
//     scripts and input by their sha256. The agent compares (agent/drover_agent.py, section policy).
// I2: nodes are told by their names, folded: which they are is decided by who signs, not by whoever passes it on.
import { foldNodeSet } from '../node-set/index.ts';
import { isEqualJson, isPlainObject } from '../patch/json.ts';

/** Label of nodes that do only what was signed; its value is 'required'. Kept by the controller from the node's facts. */
export const signingLabel = 'drover.dev/signing';

/** A command or transfer in the agent's words; scripts and input are hex sha256, '' for none. */
export interface Asked {
  readonly timeoutMs?: number;
  readonly command?: Readonly<Record<string, unknown>>;
  readonly push?: Readonly<Record<string, unknown>>;
  readonly pull?: Readonly<Record<string, unknown>>;
  readonly update?: { readonly sha256: string };
}

/** The fields of a CommandRun's or FileTransfer's spec that end up in a task, defaults filled in. */
export interface AskingSpec {
  readonly timeoutSeconds: number;
  readonly argv?: readonly string[];
  readonly script?: { readonly interpreter: readonly string[]; readonly source: string };
  readonly user?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly maxOutputBytes?: number;
  readonly direction?: 'Push' | 'Pull';
  readonly manifest?: string;
  readonly path?: string;
  readonly mode?: string;
  readonly owner?: string;
  readonly check?: boolean;
}

const toInner = (spec: AskingSpec, sha256: (text: string) => string): Omit<Asked, 'timeoutMs'> => {
  const { direction, manifest = '', path = '', mode = '', owner = '', check = false } = spec;
  if (direction === 'Pull') return { pull: { path, check } };
  if (direction === 'Push') return { push: { manifest, path, mode, owner, check } };
  const hash = (text: string | undefined) => (text === undefined || text === '' ? '' : sha256(text));
  const { argv = [], script, user = '', cwd = '', env = {}, stdin, maxOutputBytes = 0 } = spec;
  return {
    command: {
      argv: script?.interpreter ?? argv,
      script: hash(script?.source),
      user,
      cwd,
      env,
      input: hash(stdin),
      maxOutputBytes,
    },
  };
};

/** What a spec asks of each node, in the form that is signed. `sha256`: hex, of a text's UTF-8. */
export const toAsked = (spec: AskingSpec, sha256: (text: string) => string): Asked => ({
  timeoutMs: spec.timeoutSeconds * 1000,
  ...toInner(spec, sha256),
});

export interface RequestFrame {
  /** 32 hexadecimal digits that were never used before. */
  readonly id: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly nodes: readonly string[];
}

/** The text whose UTF-8 is signed. */
export const toPayload = ({ nodes, ...frame }: RequestFrame, asked: Asked): string =>
  JSON.stringify({ version: 1, ...frame, nodes: foldNodeSet(nodes), ...asked });

/** A payload as an object; undefined when it is none. Who must be sure of it checks the signature, too. */
export const parsePayload = (payload: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(payload);
    return isPlainObject(value) && value['version'] === 1 ? value : undefined;
  } catch {
    return undefined;
  }
};

const frameFields = new Set(['version', 'id', 'issuedAtMs', 'expiresAtMs', 'nodes']);

/** The members in which what is asked is not what was signed, inner ones as 'command.argv'. */
export const askedDifferences = (
  asked: Asked,
  request: Readonly<Record<string, unknown>>,
): readonly string[] => {
  const signed = Object.fromEntries(Object.entries(request).filter(([name]) => !frameFields.has(name)));
  const names = [...new Set([...Object.keys(asked), ...Object.keys(signed)])].sort();
  return names.flatMap((name) => {
    const one: unknown = Reflect.get(asked, name);
    const two = signed[name];
    if (isEqualJson(one, two)) return [];
    if (!isPlainObject(one) || !isPlainObject(two)) return [name];
    return [...new Set([...Object.keys(one), ...Object.keys(two)])]
      .sort()
      .filter((inner) => !isEqualJson(one[inner], two[inner]))
      .map((inner) => `${name}.${inner}`);
  });
};
