/**
 * The contract between the controller and its agents, in any language.
 *
 * One TLS connection with mutual certificates, dialled by the agent. On it both sides call each other:
 * Thrift binary protocol (strict), framed transport, frames of at most 16 MiB. CALL and ONEWAY messages go to
 * the receiver's service (Agent on the agent, Controller on the controller); REPLY and EXCEPTION messages answer
 * the receiver's own calls by sequence id. Times are milliseconds since 1970-01-01 UTC.
 *
 * Wire tables for TypeScript and Python are generated from this file: npm run gen.
 */
namespace py drover
namespace js drover

/** Refusal of a call. code is from a closed list: bad-request, unknown, busy, refused, internal. */
exception Problem {
  1: string code
  2: string text
}

struct CommandSpec {
  1: list<string> argv
  /** When not empty: written to a file whose path is appended to argv. */
  2: binary script
  /** Empty: the agent's own user. */
  3: string user
  4: string cwd
  5: map<string, string> env
  6: binary input
  7: i64 maxOutputBytes
}

struct PushSpec {
  /** sha256 (hex) of the manifest; manifest and content are fetched over HTTPS from the same address. */
  1: string manifest
  2: string path
  3: string mode
  4: string owner
  5: bool check
}

struct PullSpec {
  1: string path
  2: bool check
}

/** ECDSA P-256 with SHA-256 over a payload: r and s, 32 bytes each. keyId: SHA256:<base64 of the sha256 of the key's DER>. */
struct Signature {
  1: string keyId
  2: binary signature
}

/** What operators have signed (docs/protocol.md section 7): JSON that says what is asked, of whom and until when. */
struct SignedRequest {
  1: binary payload
  2: list<Signature> signatures
}

/** Exactly one of command, push and pull is set. */
struct Task {
  1: string id
  2: i64 timeoutMs
  /** Must not be started after this time (0: never expires). */
  3: i64 expiresAtMs
  4: optional CommandSpec command
  5: optional PushSpec push
  6: optional PullSpec pull
  /** For nodes whose policy names signers. */
  7: optional SignedRequest signed
}

/** stream: 1 stdout, 2 stderr. offset counts the bytes of that stream; chunks of a stream come in order. */
struct OutputChunk {
  1: string taskId
  2: i16 stream
  3: i64 offset
  4: i64 timeMs
  5: binary data
}

struct TaskStarted {
  1: string taskId
  2: i64 timeMs
}

/** Progress of a transfer. */
struct TaskProgress {
  1: string taskId
  2: i64 doneBytes
  3: i64 totalBytes
}

struct TaskResult {
  1: string taskId
  /** exited, signalled, timed-out, cancelled, never-started or lost (packages/api/src/work.ts). */
  2: string outcome
  3: i32 exitCode
  4: i32 signal
  /** In words, for people; empty when there is nothing to add. */
  5: string reason
  6: i64 startedAtMs
  7: i64 finishedAtMs
  8: i64 userMs
  9: i64 systemMs
  10: i64 maxRssKib
  /** Whole length of each stream as the command wrote it, and how much of it was dropped at the cap. */
  11: i64 stdoutBytes
  12: i64 stderrBytes
  13: i64 stdoutDropped
  14: i64 stderrDropped
  /** Processes of the task still alive after it was killed; 0 is the proof of a clean cancel. */
  15: i32 survivors
  /** JSON of a transfer's outcome (docs/protocol.md), else empty. */
  16: string detail
}

/** state: accepted, running or finished. */
struct KnownTask {
  1: string taskId
  2: string state
}

struct Hello {
  1: string agentVersion
  /** sha256 (hex) of the agent file that is running. */
  2: string agentSha256
  3: string pythonVersion
  4: string machineId
  5: string bootId
  /** Made once with the journal; a new one means that the journal was lost. */
  6: string journalId
  /** Made at each start of the agent process. */
  7: string processId
  8: list<KnownTask> tasks
  /** JSON object of facts (docs/protocol.md). */
  9: string facts
}

struct Welcome {
  1: i64 serverTimeMs
  2: i32 heartbeatSeconds
  /** Results the controller already has: the agent may forget them. */
  3: list<string> forget
  /** Renew the certificate once it is older than this share of its life, in per cent. */
  4: i32 renewAtPercent
  /** host:port of every controller of the fleet, to be kept; empty: the one that was joined. Absent: nothing is known. */
  5: optional list<string> controllers
}

struct Heartbeat {
  1: i64 timeMs
  2: double load1
  3: i64 memoryTotalKib
  4: i64 memoryAvailableKib
  5: i64 cpuBusyPermille
  6: i64 diskFreeKib
  7: i64 uptimeSeconds
  8: i32 runningTasks
}

struct ShellSpec {
  1: string streamId
  2: string user
  3: i32 columns
  4: i32 rows
  5: list<string> argv
}

/** A newer agent file. signature: ECDSA P-256 with SHA-256 over the file by the release key, DER. */
struct AgentRelease {
  1: string version
  2: string sha256
  3: binary signature
  4: i64 sizeBytes
  /** For nodes whose policy names signers. */
  5: optional SignedRequest signed
}

service Agent {
  /** Returns once every task is in the journal on disk. A known id is not started again. */
  void start(1: list<Task> tasks) throws (1: Problem problem)
  /** Kills the tasks' process trees; the outcome comes as a result. */
  void cancel(1: list<string> taskIds) throws (1: Problem problem)
  void openShell(1: ShellSpec shell) throws (1: Problem problem)
  /** Answers when the bytes have been written to the terminal: at most 256 KiB may be unanswered. */
  void shellInput(1: string streamId, 2: binary data) throws (1: Problem problem)
  void resizeShell(1: string streamId, 2: i32 columns, 3: i32 rows) throws (1: Problem problem)
  void closeShell(1: string streamId) throws (1: Problem problem)
  /** Fetch /agent/<sha256> over HTTPS, verify, start it, go back to the old one if it does not connect. */
  void update(1: AgentRelease release) throws (1: Problem problem)
  /** Stop the service and remove every trace of the agent. */
  void uninstall() throws (1: Problem problem)
  /**
   * The controller is about to stop: end the connection at a time of your choice within so many milliseconds, and connect
   * to the next controller without the usual wait. Who does not know this word is cut off later.
   */
  oneway void leave(1: i32 withinMs)
  void ping() throws (1: Problem problem)
}

service Controller {
  /** First call on a connection. Refused (Problem code refused) for a cloned or revoked identity. */
  Welcome hello(1: Hello hello) throws (1: Problem problem)
  /**
   * Answers once everything in it is durable. The agent keeps what is unanswered and sends it again after a
   * reconnect; the controller drops what it already has. At most 1 MiB of output may be unanswered.
   */
  void report(1: list<OutputChunk> output, 2: list<TaskStarted> started, 3: list<TaskProgress> progress,
              4: list<TaskResult> results) throws (1: Problem problem)
  void facts(1: string json) throws (1: Problem problem)
  oneway void heartbeat(1: Heartbeat heartbeat)
  /** Answers at once. By any answer an agent that knows several controllers learns that this one is not frozen or cut off. */
  void ping() throws (1: Problem problem)
  /** PKCS#10 in PEM; answers with the certificate in PEM. The session goes on. */
  string renew(1: string request) throws (1: Problem problem)
  void shellOutput(1: string streamId, 2: binary data) throws (1: Problem problem)
  void shellClosed(1: string streamId, 2: i32 exitCode, 3: string reason) throws (1: Problem problem)
}
