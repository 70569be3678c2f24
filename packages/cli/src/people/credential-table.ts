// Owns how sessions, API tokens and certificates are listed.
import type { CredentialInfo, CredentialKind } from '@drover/client';
import { isDocument, parseOutputForm, printValue } from '../output/documents.ts';
import { toTable } from '../output/table.ts';
import type { Session } from '../session.ts';

const ruleWords = ({ rules, namespaces }: CredentialInfo): string => {
  const about = (rules ?? []).map(
    ({ verbs, resources, nonResourceURLs }) =>
      `${verbs.join(',')}:${(resources ?? nonResourceURLs ?? []).join(',')}`,
  );
  const where = namespaces === undefined ? [] : [`in ${namespaces.join(',')}`];
  return [...about, ...where].join(' ') || 'all of its owner';
};

const columns = {
  session: ['Id', 'From', 'By', 'Since', 'Last used', 'Expires'],
  token: ['Id', 'Description', 'May', 'Last used', 'Expires'],
  certificate: ['Id', 'Description', 'Groups', 'Last used', 'Expires'],
} as const;

const timeOf = (time: string | null): string => time ?? 'never';

const rightsOf = (kind: 'token' | 'certificate', one: CredentialInfo): string =>
  kind === 'token' ? ruleWords(one) : one.groups?.join(',') || '-';

const rowOf = (kind: CredentialKind, one: CredentialInfo): readonly string[] =>
  kind === 'session'
    ? [
        one.current ? `${one.id} *` : one.id,
        one.address ?? '-',
        one.method ?? '-',
        timeOf(one.createdAt),
        timeOf(one.lastUsedAt),
        timeOf(one.expiresAt),
      ]
    : [one.id, one.description || '-', rightsOf(kind, one), timeOf(one.lastUsedAt), timeOf(one.expiresAt)];

export const showCredentials = async (
  session: Session,
  kind: CredentialKind,
  items: readonly CredentialInfo[],
  output: string | undefined,
): Promise<void> => {
  const form = parseOutputForm(output);
  if (form === 'name') session.out.write(items.map((item) => `${item.id}\n`).join(''));
  else if (isDocument(form)) await printValue(session.out, form, items);
  else if (items.length === 0) session.note(`no ${kind}s found`);
  else {
    const { lines } = toTable(
      columns[kind],
      items.map((item) => rowOf(kind, item)),
    );
    session.out.write(`${lines.join('\n')}\n`);
  }
};
