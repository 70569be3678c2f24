// drover certificate: client certificates by which you, kubectl and programs of yours sign in.
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseSeconds } from '../output/units.ts';
import { makeCertificateRequest } from '../people/certificate-request.ts';
import { showCredentials } from '../people/credential-table.ts';
import { checkNew } from '../platform/new-file.ts';
import type { Session } from '../session.ts';

interface CreateOptions {
  readonly expires: string;
  readonly group: readonly string[];
  readonly out?: string;
}

const collect = (value: string, all: readonly string[]): string[] => [...all, value];

/** What everybody is in anyway needs no naming. */
const everybody = 'system:authenticated';

const create = async (name: string, options: CreateOptions, command: Command, session: Session) => {
  const stem = options.out ?? name;
  const files = { key: `${stem}.key`, certificate: `${stem}.crt` };
  for (const file of [files.key, files.certificate]) await checkNew(file);
  const expiresSeconds = parseSeconds(options.expires, '--expires');
  const client = session.connect(command);
  const { username, groups } = await client.whoAmI();
  const named = options.group.length > 0 ? options.group : groups.filter((group) => group !== everybody);
  const { keyPem, requestPem } = makeCertificateRequest(username, named);
  const wish = { request: requestPem, description: name, expiresSeconds };
  const { certificate, id, expiresAt } = await client.createCertificate(wish);
  await writeFile(files.key, keyPem, { mode: 0o600, flag: 'wx', flush: true });
  await writeFile(files.certificate, certificate, { flag: 'wx', flush: true });
  session.note(`Certificate ${id} of ${username}, until ${expiresAt}; for kubectl:`);
  session.out.write(
    `kubectl config set-credentials ${username} --embed-certs --client-certificate=${files.certificate} --client-key=${files.key}\n`,
  );
};

export const define = (command: Command, session: Session): void => {
  const make = command
    .command('create')
    .description('Make a key and a certificate of yours; the key stays on this machine')
    .argument('<name>', 'what it is for; <name>.key and <name>.crt are written')
    .option('--expires <time>', 'valid for this long; a year (365d) at most', '90d')
    .option('--group <name>', 'only in this group of yours; may be repeated; absent: in all', collect, [])
    .option('--out <path>', 'write <path>.key and <path>.crt instead');
  make.action((name: string, options: CreateOptions) => create(name, options, make, session));
  const list = command
    .command('list')
    .description('List your certificates')
    .option('-o, --output <form>', 'json, yaml or name');
  list.action(async (options: { readonly output?: string }) => {
    const items = await session.connect(list).ownCredentials('certificate');
    await showCredentials(session, 'certificate', items, options.output);
  });
  const end = command
    .command('revoke')
    .description('Make certificates of yours useless at once')
    .argument('<id...>');
  end.action(async (ids: string[]) => {
    for (const id of ids) {
      await session.connect(end).revokeOwn('certificate', id);
      session.out.write(`${id} revoked\n`);
    }
  });
};
