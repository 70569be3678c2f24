export type { AuditApi, AuditPage, AuditQuery, AuditVerdict } from './audit.ts';
export { type Client, createClient } from './client.ts';
export type { BlobIndex, Content, Upload } from './content.ts';
export type { DiscoveredKind, Discovery } from './discovery.ts';
export { type Endpoint, type Http, isUnreachable, toOrigin } from './http.ts';
export * from './kinds.ts';
export type { NodeFacts, NodesApi, NodeTask, NodeTaskEvent } from './nodes.ts';
export type {
  CallOptions,
  ListOf,
  ListOptions,
  ObjectOptions,
  Objects,
  PatchType,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './objects.ts';
export type {
  ApiTokenWish,
  CredentialInfo,
  CredentialKind,
  OwnAccount,
  PasskeyInfo,
  PeopleApi,
} from './people.ts';
export { type ResumeOptions, resumed } from './resume.ts';
export type { ObjectRow, RowsApi } from './rows.ts';
export type { ShellEnd, ShellOptions, Terminal } from './shell.ts';
export { watchStanding } from './standing.ts';
export type { RecordingInfo, SystemApi } from './system.ts';
export type { Call, Transport } from './transport.ts';
export type {
  Fold,
  FoldedGroup,
  LogChunk,
  ResultsEvent,
  ResultsFilter,
  ResultsPage,
  Task,
  TaskCounts,
  TaskResult,
  Work,
  WorkApi,
  WorkReference,
} from './work.ts';
