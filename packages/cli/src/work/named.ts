// Owns how the commands about one existing run or transfer are told which.
import type { Command } from 'commander';
import type { WorkPlural } from './rows.ts';

export interface WorkNoun {
  readonly plural: WorkPlural;
  readonly noun: 'run' | 'transfer';
}

export interface NameOptions {
  readonly namespace: string;
  readonly quiet?: boolean;
  readonly output?: string;
  readonly detach?: boolean;
}

/** 'commandrun.drover.dev/x', as -o name prints it, means x. */
export const toName = (word: string): string => word.slice(word.lastIndexOf('/') + 1);

export const addNamespace = (command: Command): Command =>
  command.option('--namespace <name>', 'namespace of the object', 'default');
