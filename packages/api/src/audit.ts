// Owns the rows of the audit trail and the chain that joins them (docs/adr/0006-chain-of-the-audit-trail.md).
// I1: hash = sha256(prev + canonical JSON of the row without prev and hash), in lower-case hex; prev is the hash of
//     the row before, and `chainStart` for the first one. Row numbers have no gaps.
// I2: a row never holds a secret: no token, no environment, input or script of a command, no data of an object, unless a
//     policy copies it into an annotation.

/** Nodes that something was asked for, or was done on. */
export interface AuditNodes {
  /** As asked: a node-set, a label selector, or the run that is repeated. */
  readonly asked?: string;
  /** As resolved: a folded node-set. */
  readonly set?: string;
  /** Of all of them, also when `set` is one of several rows. */
  readonly count?: number;
}

/** What happened, before it is given its place in the chain. */
export interface AuditEntry {
  /** RFC 3339 with milliseconds, UTC. */
  readonly time: string;
  readonly requestId?: string;
  /** '' when nobody known. */
  readonly user: string;
  /** Who really asked, acting as `user`; groups are then those of `user`, and the credential is theirs. */
  readonly impersonator?: string;
  readonly groups?: readonly string[];
  /** How they proved who they are: 'token/<id>', 'session/<id>', 'link/<id>', 'enrollmenttoken/<name>', 'certificate'. */
  readonly credential?: string;
  readonly verb: string;
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** sha256 of the object as it was stored; absent for Secrets. */
  readonly objectSha256?: string;
  readonly address?: string;
  readonly userAgent?: string;
  readonly nodes?: AuditNodes;
  /** Command line, with what looks like a secret masked. */
  readonly argv?: readonly string[];
  readonly recording?: string;
  readonly dryRun?: boolean;
  readonly decision: 'allow' | 'deny';
  /** HTTP code; absent where there is none. */
  readonly code?: number;
  readonly reason?: string;
  /** What policies noted: `<policy>/<key>`, and which were not kept (validation.policy.admission.k8s.io/validation_failure). */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface AuditRow extends AuditEntry {
  readonly seq: number;
}

export interface AuditRecord extends AuditRow {
  readonly prev: string;
  readonly hash: string;
}

/** Where a chain stands: the number and hash of its last row. */
export interface ChainPoint {
  readonly seq: number;
  readonly hash: string;
}

export const chainStart: ChainPoint = { seq: 0, hash: '0'.repeat(64) };

export interface AuditFilter {
  /** Also what they did as somebody else. */
  readonly user?: string;
  readonly verb?: string;
  /** 'nodes', 'commandruns.drover.dev', 'nodes/shell'. */
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly node?: string;
  /** RFC 3339; inclusive. */
  readonly since?: string;
  /** RFC 3339; exclusive. */
  readonly until?: string;
  readonly denied?: boolean;
}

/** Where a chain is broken: the first row that is not as it was written. */
export interface ChainProblem {
  readonly seq: number;
  readonly why: string;
}

/** JSON with the keys of every object in order and nothing between: equal values have equal texts. */
export const toCanonicalJson = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => toCanonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // On the way of every change: one pass, no arrays of pairs.
  const fields = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key];
    if (field === undefined) continue;
    text += `${text === '' ? '{' : ','}${quoted(key)}:${toCanonicalJson(field)}`;
  }
  return text === '' ? '{}' : `${text}}`;
};

/** Names of fields in quotes; those of rows are few. */
const quotedNames = new Map<string, string>();
const maxQuotedNames = 1_000;

const quoted = (name: string): string => {
  const known = quotedNames.get(name);
  if (known !== undefined) return known;
  const text = JSON.stringify(name);
  if (quotedNames.size < maxQuotedNames) quotedNames.set(name, text);
  return text;
};

/** The first thing that is wrong with `record` where the row before it is `before`; undefined when it follows. */
export const chainProblem = (
  before: ChainPoint,
  record: AuditRecord,
  sha256: (text: string) => string,
): ChainProblem | undefined => {
  const { prev, hash, ...row } = record;
  const next = before.seq + 1;
  if (row.seq > next) return { seq: next, why: `row ${next} was removed or moved` };
  if (row.seq < next) return { seq: row.seq, why: `row ${row.seq} stands in the place of row ${next}` };
  if (sha256(prev + toCanonicalJson(row)) !== hash)
    return { seq: row.seq, why: `row ${row.seq} was changed` };
  if (prev === before.hash) return undefined;
  if (before.seq === 0) return { seq: row.seq, why: `row ${row.seq} is not the first of this trail` };
  // The row itself is as it was written, so the one before it is not.
  return { seq: before.seq, why: `row ${before.seq} was replaced` };
};
