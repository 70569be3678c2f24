export { SshFailure, type SshProblem } from './failure.ts';
export { openSshHost, type SshHost, type SshLogin, type SshTarget, type SshTrust } from './host.ts';
export { type Enrolment, joinServer, type ServerJoin } from './join.ts';
export { knownName, parseKnownHosts } from './known-hosts.ts';
