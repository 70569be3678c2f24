// Owns turning the commands into data, for the reference page and for completion.
import type { Command } from 'commander';

export interface CommandOutline {
  /** Words behind 'drover', e.g. ['node', 'add']. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly usage: string;
  readonly subcommands: readonly CommandOutline[];
  readonly options: readonly {
    readonly flags: string;
    readonly description: string;
    readonly long: string;
  }[];
  readonly arguments: readonly { readonly name: string; readonly description: string }[];
}

const isEmptyDefault = (value: unknown): boolean =>
  value === undefined || value === false || (Array.isArray(value) && value.length === 0);

/** Everything that `command` and what is below it offers; the options that every command has are left out. */
export const toCommandOutline = (command: Command, above: readonly string[] = []): CommandOutline => {
  const words = above.length === 0 && command.parent === null ? [] : [...above, command.name()];
  return {
    words,
    summary: command.description(),
    usage: ['drover', ...words, command.usage()].join(' '),
    subcommands: command.commands
      .filter((child) => child.name() !== 'help')
      .map((child) => toCommandOutline(child, words)),
    options: command.options
      .filter((option) => option.long !== '--context' && option.long !== '--context-file')
      .map((option) => ({
        flags: option.flags,
        long: option.long ?? option.flags,
        description: isEmptyDefault(option.defaultValue)
          ? option.description
          : `${option.description} (default: ${String(option.defaultValue)})`,
      })),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
    })),
  };
};
