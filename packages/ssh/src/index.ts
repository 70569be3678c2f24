export { SshFailure, type SshProblem } from './failure.ts';
export type { SshLogin, SshTarget, SshTrust } from './host.ts';
export { type Enrolment, type JoinStep, joinServer, type ServerJoin } from './join.ts';
