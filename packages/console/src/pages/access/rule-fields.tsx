// A rule of a role, or a bound of a token, as it is typed: words with commas between.
import type { PolicyRule } from '@drover/api';
import { Button, Card, CardBody } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { TextField } from '../../ui/fields.tsx';

/** A rule as it is typed: words with commas between. */
export interface Draft {
  /** Of the row on the page. */
  readonly id: number;
  readonly verbs: string;
  readonly what: string;
  readonly groups: string;
  readonly names: string;
}

const core = 'core';
let lastId = 0;

export const toDraft = (rule: PolicyRule): Draft => ({
  id: ++lastId,
  verbs: rule.verbs.join(', '),
  what: (rule.nonResourceURLs ?? rule.resources ?? []).join(', '),
  groups: (rule.apiGroups ?? []).map((group) => group || core).join(', '),
  names: (rule.resourceNames ?? []).join(', '),
});

export const emptyDraft = (): Draft => ({
  id: ++lastId,
  verbs: 'get, list, watch',
  what: '',
  groups: core,
  names: '',
});

const words = (text: string): string[] =>
  text
    .split(/[\s,]+/)
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** What begins with a slash is a path, all else a resource. */
export const toRule = ({ verbs, what, groups, names }: Draft): PolicyRule => {
  const list = words(what);
  if (list.some((one) => one.startsWith('/')) || (list.length > 0 && groups.trim() === ''))
    return { verbs: words(verbs), nonResourceURLs: list };
  const resourceNames = words(names);
  return {
    verbs: words(verbs),
    apiGroups: words(groups).map((group) => (group === core ? '' : group)),
    resources: list,
    ...(resourceNames.length === 0 ? {} : { resourceNames }),
  };
};

/** False: it would be refused. */
export const isWhole = ({ verbs, what }: Draft): boolean => words(verbs).length > 0 && words(what).length > 0;

export const RuleFields = ({
  draft,
  onChange,
  onRemove,
}: {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly onRemove: () => void;
}) => {
  const { t } = useTranslation();
  const field = (key: 'verbs' | 'what' | 'groups' | 'names') => (
    <TextField
      label={t(`access.roles.fields.${key}`)}
      help={t(`access.roles.help.${key}`)}
      value={draft[key]}
      onChange={(value) => onChange({ ...draft, [key]: value })}
    />
  );
  return (
    <Card isCompact>
      <CardBody>
        {field('verbs')}
        {field('what')}
        {field('groups')}
        {field('names')}
        <Button variant="link" isDanger isInline onClick={onRemove}>
          {t('access.roles.removeRule')}
        </Button>
      </CardBody>
    </Card>
  );
};
