// Never edited once released: a change is a new numbered migration.
export const initial = `
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- One row per revision; the newest row of a key is its present state.
CREATE TABLE object_log (
  revision INTEGER PRIMARY KEY,
  resource TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  uid TEXT NOT NULL,
  type TEXT NOT NULL,
  value TEXT NOT NULL
);
CREATE INDEX object_key ON object_log (resource, namespace, name, revision);

CREATE TABLE work (seq INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, spec TEXT NOT NULL);
CREATE TABLE task (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  work INTEGER NOT NULL,
  node TEXT NOT NULL,
  position INTEGER NOT NULL,
  state TEXT NOT NULL,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  timeout_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  sent_at_ms INTEGER NOT NULL DEFAULT 0,
  started_at_ms INTEGER NOT NULL DEFAULT 0,
  finished_at_ms INTEGER NOT NULL DEFAULT 0,
  journal_id TEXT NOT NULL DEFAULT '',
  done_bytes INTEGER NOT NULL DEFAULT 0,
  total_bytes INTEGER NOT NULL DEFAULT 0,
  message TEXT NOT NULL DEFAULT '',
  change INTEGER NOT NULL,
  exit_code INTEGER NOT NULL DEFAULT 0,
  result TEXT,
  stdout_sha256 BLOB,
  stderr_sha256 BLOB
);
CREATE INDEX task_work ON task (work, position);
CREATE INDEX task_change ON task (work, change);
CREATE INDEX task_count ON task (work, state, exit_code);
CREATE INDEX task_live ON task (node, state) WHERE finished_at_ms = 0;

CREATE TABLE output (
  cursor INTEGER PRIMARY KEY,
  work INTEGER NOT NULL,
  task INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  start INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  data BLOB NOT NULL
);
CREATE INDEX output_work ON output (work);
CREATE INDEX output_task ON output (task, stream, start);

CREATE TABLE agent (
  node TEXT PRIMARY KEY,
  serial TEXT NOT NULL,
  machine_id TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  journal_id TEXT NOT NULL,
  agent_version TEXT NOT NULL,
  agent_sha256 TEXT NOT NULL,
  python_version TEXT NOT NULL,
  connected INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  facts TEXT NOT NULL,
  heartbeat TEXT
);

CREATE TABLE certificate (
  serial TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  public_key_sha256 TEXT NOT NULL,
  not_before_ms INTEGER NOT NULL,
  not_after_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER NOT NULL
);
CREATE INDEX certificate_subject ON certificate (subject);
CREATE TABLE credential (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  sha256 TEXT NOT NULL UNIQUE,
  user TEXT NOT NULL,
  description TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
);

CREATE TABLE blob (
  sha256 TEXT PRIMARY KEY,
  size_bytes INTEGER NOT NULL,
  chunk_size_bytes INTEGER NOT NULL,
  chunks BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL
);
CREATE TABLE upload (id TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, created_at_ms INTEGER NOT NULL);
`;
