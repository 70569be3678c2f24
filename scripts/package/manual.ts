// Owns what the package says of its commands: manual pages and completion, made from the commands themselves.

import {
  buildProgram,
  type CommandOutline,
  completionScripts,
  createSession,
  toCommandOutline,
} from '../../packages/cli/src/index.ts';
import { usage } from '../../packages/controller/src/config.ts';

/** man(7): a backslash and a leading dot or quote mean something there, and a bare "-" is no minus. */
const toRoff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');

const outline = async (): Promise<CommandOutline> =>
  toCommandOutline(await buildProgram(createSession(process), 'all'));

const toEntry = (term: string, text: string): string => `.TP\n.B ${toRoff(term)}\n${toRoff(text)}\n`;

const toSection = (command: CommandOutline): string => {
  if (command.subcommands.length > 0) return command.subcommands.map(toSection).join('');
  const options = command.options.map(({ flags, description }) => toEntry(flags, description));
  const words = command.arguments.filter(({ description }) => description !== '');
  const meanings = words.map(({ name, description }) => toEntry(name, description));
  return `.SS ${toRoff(command.usage)}\n${toRoff(command.summary)}.\n${[...meanings, ...options].join('')}`;
};

interface Page {
  readonly version: string;
  readonly timeSeconds: number;
}

const toHead = (name: string, section: number, about: string, { version, timeSeconds }: Page): string => {
  const day = new Date(timeSeconds * 1000).toISOString().slice(0, 10);
  return `.TH ${name.toUpperCase()} ${section} ${day} "Drover ${version}" "Drover"
.SH NAME
${name} \\- ${about}
`;
};

const toCommandPage = (
  program: CommandOutline,
  page: Page,
): string => `${toHead('drover', 1, 'manage whole servers: run commands, move files, and whatever the controller offers', page)}.SH SYNOPSIS
.B drover
.I command
[options]
.SH DESCRIPTION
drover talks to a controller: the one that \\-\\-context\\-file or \\-\\-context names, else the file that DROVER_CONTEXT
names, else the current context of ~/.config/drover/config.json, which drover login writes, else, for root, the controller
of this machine.
.SH COMMANDS
${program.subcommands.map(toSection).join('')}.SH EXIT STATUS
0: all ok. 1: something failed. 2: wrong usage. 3: the controller is not reachable or cannot be trusted.
.SH SEE ALSO
.BR drover\\-controller (8),
/usr/share/doc/drover\\-controller/user/
`;

/** The options, as --help has them, without the line of how it is started from the sources. */
const optionLines = usage.slice(usage.indexOf('\n') + 1);

const toControllerPage = (
  page: Page,
): string => `${toHead('drover-controller', 8, 'the controller of Drover', page)}.SH SYNOPSIS
.B systemctl enable \\-\\-now drover\\-controller
.br
.B drover\\-controller
[options]
.br
.B drover\\-controller verify\\-backup
.I file
[\\-\\-key\\-file FILE | \\-\\-passphrase\\-file FILE]
.br
.B drover\\-controller restore
.I file
\\-\\-data\\-dir DIR
[\\-\\-key\\-file FILE | \\-\\-passphrase\\-file FILE]
.SH DESCRIPTION
drover\\-controller serves the API and the console, and leads the agents of all servers. It runs as the service
drover\\-controller of the user drover; its options stand in /etc/drover/controller.conf. It stops in order on SIGTERM, SIGINT
and SIGHUP, and may be killed at any moment: what was acknowledged is kept.
.PP
To sign in for the first time, open the link that
.B drover user link admin
prints (as root, on this machine).
.SH OPTIONS
.EX
${toRoff(optionLines)}
.EE
.SH FILES
${toEntry('/etc/drover/controller.conf', 'options of the service')}${toEntry('/var/lib/drover-controller/data', 'everything that is kept; controller.log is in it')}${toEntry('/var/lib/drover-controller/data.key', 'the key of the secrets in it: keep a copy, apart from the backups')}.SH SEE ALSO
.BR drover (1),
/usr/share/doc/drover\\-controller/user/
`;

/** Path below /usr/share/man → page. */
export const manualsOf = async (page: Page): Promise<readonly (readonly [string, string])[]> => [
  ['man1/drover.1', toCommandPage(await outline(), page)],
  ['man8/drover-controller.8', toControllerPage(page)],
];

/** Path below / → script. Debian and the others look for those of zsh in different places. */
export const completionsOf = async (sort: 'deb' | 'rpm'): Promise<readonly (readonly [string, string])[]> => {
  const commands = await outline();
  const zsh = sort === 'deb' ? 'vendor-completions' : 'site-functions';
  const places: Readonly<Record<string, string>> = {
    bash: 'usr/share/bash-completion/completions/drover',
    zsh: `usr/share/zsh/${zsh}/_drover`,
    fish: 'usr/share/fish/vendor_completions.d/drover.fish',
  };
  return Object.entries(completionScripts).map(([shell, make]) => [places[shell] ?? '', make(commands)]);
};
