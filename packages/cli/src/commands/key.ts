// drover key: the keys by which people sign what they ask of nodes (docs/user/signing.md).
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { isDocument, parseOutputForm, printValue } from '../output/documents.ts';
import { askNewPassphrase, createAsk } from '../platform/ask.ts';
import type { Session } from '../session.ts';
import { createKeyFile, defaultKeyPath, loadKeyFile, type SigningKey } from '../signing/key-file.ts';

const load = (path: string, session: Session): Promise<SigningKey> =>
  loadKeyFile(path, () => createAsk(session).secret(`Passphrase of ${path}: `));

interface CreateOptions {
  readonly out?: string;
  readonly passphrase: boolean;
}

const create = async (options: CreateOptions, session: Session): Promise<void> => {
  const path = options.out ?? defaultKeyPath(session.environment);
  const passphrase = options.passphrase ? await askNewPassphrase(session, createAsk(session)) : '';
  const { id } = createKeyFile(path, passphrase);
  session.out.write(`${id} is in ${path}\n`);
};

interface ShowOptions {
  readonly key?: string;
  readonly name?: string;
  readonly output?: string;
}

const show = async (options: ShowOptions, session: Session): Promise<void> => {
  const form = parseOutputForm(options.output);
  const path = options.key ?? defaultKeyPath(session.environment);
  const { id, publicKey } = await load(path, session);
  const signer = { name: options.name ?? userInfo().username, key: publicKey };
  if (form === 'name') session.out.write(`${id}\n`);
  else if (isDocument(form)) await printValue(session.out, form, { ...signer, keyId: id });
  else {
    session.note(`${id}; its line for "signers" in the policy of a node:`);
    session.out.write(`${JSON.stringify(signer)}\n`);
  }
};

const sign = async (file: string, options: ShowOptions, session: Session): Promise<void> => {
  const { addSignature, describeRequest } = await import('../signing/countersign.ts');
  const path = options.key ?? defaultKeyPath(session.environment);
  for (const line of await describeRequest(file)) session.note(line);
  const count = await addSignature(file, await load(path, session));
  session.out.write(`${file} has ${count} ${count === 1 ? 'signature' : 'signatures'}\n`);
};

export const define = (command: Command, session: Session): void => {
  command
    .command('create')
    .description('Make a key of your own; it never leaves this machine')
    .option('--out <file>', 'put it there; absent: beside the remembered controllers')
    .option('--no-passphrase', 'do not ask for a passphrase to keep it under')
    .action((options: CreateOptions) => create(options, session));
  command
    .command('show')
    .description('Show the public half, as the policy of a node wants it')
    .option('--key <file>', 'of this key; absent: of the one that create made')
    .option('--name <name>', 'your name in the policy; absent: who you are on this machine')
    .option('-o, --output <form>', 'json, yaml or name (its id)')
    .action((options: ShowOptions) => show(options, session));
  command
    .command('sign')
    .description('Add your signature to what another has signed (--sign-to), after showing what it is')
    .argument('<file>')
    .option('--key <file>', 'with this key; absent: with the one that create made')
    .action((file: string, options: ShowOptions) => sign(file, options, session));
};
