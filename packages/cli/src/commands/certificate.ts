// drover certificate: client certificates by which you, kubectl and programs of yours sign in.
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { Client } from '@drover/client';
import type { Command } from 'commander';
import { parseSeconds } from '../output/units.ts';
import { askForCertificate } from '../people/ask-certificate.ts';
import { makeCertificateRequest } from '../people/certificate-request.ts';
import { showCredentials } from '../people/credential-table.ts';
import { checkNew } from '../platform/new-file.ts';
import type { Session } from '../session.ts';

interface CreateOptions {
  readonly expires: string;
  readonly group: readonly string[];
  readonly for?: string;
  readonly out?: string;
}

const collect = (value: string, all: readonly string[]): string[] => [...all, value];

/** What everybody is in anyway needs no naming. */
const everybody = 'system:authenticated';

/** Those that a service account is in; of others nothing is known here. */
const groupsOfOther = (user: string): readonly string[] => {
  const namespace = /^system:serviceaccount:([^:]+):[^:]+$/.exec(user)?.[1];
  return namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
};

interface Wanted {
  readonly name: string;
  readonly expiresSeconds: number;
  readonly groups: readonly string[];
}

/** One's own is made at once; one of somebody else is asked for, and approved. */
const sign = async (client: Client, { name, expiresSeconds, groups }: Wanted, other: string | undefined) => {
  if (other !== undefined) {
    const { keyPem, requestPem } = makeCertificateRequest(
      other,
      groups.length > 0 ? groups : groupsOfOther(other),
    );
    return {
      keyPem,
      user: other,
      certPem: await askForCertificate(client, { requestPem, name, expiresSeconds }),
    };
  }
  const { username, groups: all } = await client.whoAmI();
  const named = groups.length > 0 ? groups : all.filter((group) => group !== everybody);
  const { keyPem, requestPem } = makeCertificateRequest(username, named);
  const wish = { request: requestPem, description: name, expiresSeconds };
  return { keyPem, user: username, certPem: (await client.createCertificate(wish)).certificate };
};

const create = async (name: string, options: CreateOptions, command: Command, session: Session) => {
  const stem = options.out ?? name;
  const files = { key: `${stem}.key`, certificate: `${stem}.crt` };
  for (const file of [files.key, files.certificate]) await checkNew(file);
  const expiresSeconds = parseSeconds(options.expires, '--expires');
  const wanted = { name, expiresSeconds, groups: options.group };
  const { keyPem, user, certPem } = await sign(session.connect(command), wanted, options.for);
  await writeFile(files.key, keyPem, { mode: 0o600, flag: 'wx', flush: true });
  await writeFile(files.certificate, certPem, { flag: 'wx', flush: true });
  const { fingerprint256, validToDate } = new X509Certificate(certPem);
  const id = fingerprint256.replaceAll(':', '').toLowerCase();
  session.note(
    `Certificate ${id} of ${user}, until ${validToDate.toISOString().replace('.000', '')}; for kubectl:`,
  );
  session.out.write(
    `kubectl config set-credentials ${name} --embed-certs --client-certificate=${files.certificate} --client-key=${files.key}\n`,
  );
};

export const define = (command: Command, session: Session): void => {
  const make = command
    .command('create')
    .description('Make a key and a certificate; the key stays on this machine')
    .argument('<name>', 'what it is for; <name>.key and <name>.crt are written')
    .option('--expires <time>', 'valid for this long; a year (365d) at most', '90d')
    .option(
      '--group <name>',
      'only in this group of theirs; may be repeated; absent: in all of yours',
      collect,
      [],
    )
    .option('--for <user>', 'of somebody else, or of system:serviceaccount:NAMESPACE:NAME: you approve it')
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
