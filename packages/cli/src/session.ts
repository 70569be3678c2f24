// Owns what every command is given: where to print, what the user chose, and the connection when it needs one.
// I1: a command opens at most one connection, and main.ts closes it however the command ends.
import { type Client, createClient } from '@drover/client';
import type { Command } from 'commander';
import { type Choice, resolveContext } from './context/resolve.ts';
import { type Sink, toSink } from './output/terminal.ts';

export interface Session {
  readonly out: Sink;
  /** Words for the person: progress, summaries, warnings. */
  readonly err: Sink;
  readonly input: NodeJS.ReadStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The connection to the controller that the command's options choose. */
  readonly connect: (command: Command) => Client;
  /** The file of the key that the context signs with, if it does. */
  readonly signingKey: (command: Command) => string | undefined;
  readonly note: (line: string) => void;
  readonly warn: (line: string) => void;
  readonly setExitCode: (code: number) => void;
  readonly exitCode: () => number;
  readonly close: () => void;
}

export const createSession = (proc: NodeJS.Process): Session => {
  const out = toSink(proc.stdout, proc.env);
  const err = toSink(proc.stderr, proc.env);
  const contextOf = (command: Command) =>
    resolveContext(command.optsWithGlobals<Choice>(), proc.env).endpoint;
  let client: Client | undefined;
  let code = 0;
  return {
    out,
    err,
    input: proc.stdin,
    environment: proc.env,
    connect: (command) => {
      client ??= createClient(contextOf(command));
      return client;
    },
    signingKey: (command) => contextOf(command).signingKey,
    note: (line) => err.write(`${line}\n`),
    warn: (line) => err.write(`${err.paint('yellow', 'warning:')} ${line}\n`),
    setExitCode: (next) => {
      code = next;
    },
    exitCode: () => code,
    close: () => client?.close(),
  };
};

/** A command file exports one of these; it adds arguments, options and the action to its command. */
export type Define = (command: Command, session: Session) => void;
