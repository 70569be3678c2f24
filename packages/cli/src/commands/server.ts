// drover server: how the controller is, what is wrong with it, and its stop.
import type { Check } from '@drover/api';
import type { Command } from 'commander';
import { isDocument, parseOutputForm, printValue } from '../output/documents.ts';
import { type DoctorOptions, exitCodeOf, findOut } from '../server/doctor.ts';
import { toStatusLines } from '../server/status-lines.ts';
import type { Session } from '../session.ts';
import { defineDrain } from './server-drain.ts';

const status = async (
  options: { readonly output?: string },
  command: Command,
  session: Session,
): Promise<void> => {
  const form = parseOutputForm(options.output);
  const found = await session.connect(command).serverStatus();
  if (isDocument(form)) await printValue(session.out, form, found);
  else session.out.write(`${toStatusLines(found).join('\n')}\n`);
};

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

const printChecks = (checks: readonly Check[], { out }: Session): void => {
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, verdict, message, remedy } of checks) {
    const todo = remedy === undefined ? '' : `\n${' '.repeat(width + 8)}-> ${remedy}`;
    out.write(
      `${out.paint(colours[verdict], verdict.padEnd(4))}  ${name.padEnd(width)}  ${message}${todo}\n`,
    );
  }
};

const doctor = async (options: DoctorOptions, command: Command, session: Session): Promise<void> => {
  const form = parseOutputForm(options.output);
  const findings = await findOut(options, command, session);
  if (isDocument(form)) await printValue(session.out, form, findings);
  else printChecks(findings.checks, session);
  session.setExitCode(exitCodeOf(findings));
};

const output = ['-o, --output <form>', 'json or yaml, for programs'] as const;

export const define = (command: Command, session: Session): void => {
  const show = command
    .command('status')
    .description(
      'Show version, store, disk, nodes, load, backups, certificates and audit trail of the controller',
    )
    .option(...output);
  show.action((options: { readonly output?: string }) => status(options, show, session));
  const examine = command
    .command('doctor')
    .description('Say what is wrong with the controller and what to do, also when it does not answer')
    .option('--data-dir <dir>', 'look at this data directory too (on the machine of the controller)')
    .option(
      '--store <url>',
      'and at the PostgreSQL database that the controller is started with (or in DROVER_STORE)',
    )
    .option('--port <n>', 'its port for people and programs, where it is not 7443')
    .option('--agent-port <n>', 'its port for agents, where it is not 7444')
    .option('--secrets-key-file <file>', 'the key of the secrets, where it was moved')
    .option('--secrets-passphrase-file <file>', 'or the passphrase in this file')
    .option(...output)
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing is wrong (warnings are not), 1 something is, 3 the controller does not answer and nothing else was found.',
    );
  examine.action((options: DoctorOptions) => doctor(options, examine, session));
  defineDrain(command, session);
};
