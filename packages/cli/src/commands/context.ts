// drover context: which controllers are remembered, and which is current.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { contextsPath, loadContexts, saveContexts } from '../context/contexts.ts';
import { type Choice, resolveContext } from '../context/resolve.ts';
import { usageFailure } from '../failure.ts';
import { isDocument, parseOutputForm, printValue } from '../output/documents.ts';
import { toTable } from '../output/table.ts';
import type { Session } from '../session.ts';

interface OutputOptions {
  readonly output?: string;
}

const list = async (options: OutputOptions, session: Session): Promise<void> => {
  const form = parseOutputForm(options.output);
  const { current, contexts } = loadContexts(contextsPath(session.environment));
  const names = Object.keys(contexts).sort();
  if (form === 'name') session.out.write(names.map((name) => `${name}\n`).join(''));
  else if (isDocument(form))
    await printValue(
      session.out,
      form,
      names.map((name) => ({ name, current: name === current, address: contexts[name]?.address })),
    );
  else if (names.length === 0) session.note('no controllers remembered; see: drover login --help');
  else {
    const rows = names.map((name) => [name === current ? '*' : '', name, contexts[name]?.address ?? '']);
    session.out.write(`${toTable(['', 'Name', 'Address'], rows).lines.join('\n')}\n`);
  }
};

const use = (name: string, session: Session): void => {
  const path = contextsPath(session.environment);
  const known = loadContexts(path);
  if (!(name in known.contexts))
    throw usageFailure(
      `cannot use context ${name}: unknown`,
      `known contexts: ${Object.keys(known.contexts).sort().join(', ') || 'none'}`,
    );
  saveContexts(path, { ...known, current: name });
  session.out.write(`${name} is now current\n`);
};

interface SetOptions {
  readonly signingKey?: string | false;
}

const set = (name: string | undefined, { signingKey }: SetOptions, session: Session): void => {
  const path = contextsPath(session.environment);
  const known = loadContexts(path);
  const chosen = name ?? known.current;
  const context = known.contexts[chosen];
  if (context === undefined) throw usageFailure(`cannot change context ${chosen || '(none)'}: unknown`);
  if (signingKey === undefined)
    throw usageFailure('cannot change nothing: give --signing-key FILE or --no-signing-key');
  const { signingKey: _, ...rest } = context;
  const next = signingKey === false ? rest : { ...rest, signingKey: resolve(signingKey) };
  saveContexts(path, { ...known, contexts: { ...known.contexts, [chosen]: next } });
  session.out.write(
    `${chosen} ${signingKey === false ? 'does not sign' : `signs with ${resolve(signingKey)}`}\n`,
  );
};

const remove = (name: string, session: Session): void => {
  const path = contextsPath(session.environment);
  const { current, contexts } = loadContexts(path);
  if (!(name in contexts)) throw usageFailure(`cannot forget context ${name}: unknown`);
  const rest = Object.fromEntries(Object.entries(contexts).filter(([key]) => key !== name));
  saveContexts(path, { current: current === name ? '' : current, contexts: rest });
  session.out.write(`${name} forgotten\n`);
};

const show = async (options: OutputOptions, command: Command, session: Session): Promise<void> => {
  const form = parseOutputForm(options.output);
  const { endpoint, source } = resolveContext(command.optsWithGlobals<Choice>(), session.environment);
  const { X509Certificate, createHash } = await import('node:crypto');
  const ca = new X509Certificate(endpoint.caPem);
  const caPin = createHash('sha256').update(ca.raw).digest('hex');
  const { signingKey } = endpoint;
  const key = signingKey === undefined ? {} : { signingKey };
  const facts = { source, address: endpoint.address, caPin, caValidTo: ca.validTo, ...key };
  if (isDocument(form)) return printValue(session.out, form, facts);
  session.out.write(
    `Source:   ${source}\nAddress:  ${endpoint.address}\nCA pin:   ${caPin}\nCA until: ${ca.validTo}\n`,
  );
  if (signingKey !== undefined) session.out.write(`Signs by: ${signingKey}\n`);
};

export const define = (command: Command, session: Session): void => {
  const output = '-o, --output <form>';
  command
    .command('list')
    .description('List remembered controllers')
    .option(output, 'json, yaml or name')
    .action((options: OutputOptions) => list(options, session));
  command
    .command('use')
    .description('Make a remembered controller the current one')
    .argument('<name>')
    .action((name: string) => use(name, session));
  command
    .command('set')
    .description('Change a remembered controller')
    .argument('[name]', 'absent: the current one')
    .option('--signing-key <file>', 'sign every run and transfer with this key')
    .option('--no-signing-key', 'sign nothing unless --sign is given')
    .action((name: string | undefined, options: SetOptions) => set(name, options, session));
  const current = command
    .command('show')
    .description('Show which controller commands talk to, and why')
    .option(output, 'json or yaml');
  current.action((options: OutputOptions) => show(options, current, session));
  command
    .command('forget')
    .description('Forget a remembered controller')
    .argument('<name>')
    .action((name: string) => remove(name, session));
};
