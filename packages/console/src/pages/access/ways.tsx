// The ways to an answer: the rules that allow what was asked, or else what the person has, and which roles would do.
import { Content, List, ListItem, Stack, StackItem, Title } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import type { Question } from './explain.tsx';
import { GrantList } from './grant-list.tsx';
import { type AccessModel, titleOf, waysTo } from './model.ts';
import { useRuleWords } from './rule-words.tsx';

const Part = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <StackItem>
    <Title headingLevel="h2" size="lg">
      {title}
    </Title>
    {children}
  </StackItem>
);

const RolesFor = ({ question, model }: { readonly question: Question; readonly model: AccessModel }) => {
  const { t } = useTranslation();
  const roles = model
    .rolesFor(question)
    .filter(
      ({ name, namespace }) => !name.startsWith('system:') && ['', question.namespace].includes(namespace),
    );
  if (roles.length === 0) return <>{t('access.explain.noRole')}</>;
  return (
    <>
      <Content component="p">{t('access.explain.rolesHelp')}</Content>
      <List>
        {roles.map(({ name, namespace }) => (
          <ListItem key={`${namespace}/${name}`}>
            <Link to={paths.access('roles', name)}>{name}</Link>
          </ListItem>
        ))}
      </List>
    </>
  );
};

export const Ways = ({
  question,
  model,
  isAllowed,
}: {
  readonly question: Question;
  readonly model: AccessModel;
  readonly isAllowed: boolean;
}) => {
  const { t } = useTranslation();
  const words = useRuleWords();
  const grants = model.grantsOf(question.who, question.namespace);
  const ways = waysTo(grants, question);
  const groups = model.groupsOf(question.who).join(', ');
  return (
    <Stack hasGutter>
      {ways.length === 0 ? null : (
        <Part title={t('access.explain.ways')}>
          <List isPlain isBordered>
            {ways.map(({ grant: { binding, through }, rule }) => (
              <ListItem key={`${binding.kind}/${binding.metadata.name}/${through}/${JSON.stringify(rule)}`}>
                <GrantList grants={[{ binding, through, rules: [rule] }]} />
                {t('access.explain.rule', { rule: words(rule) })}
              </ListItem>
            ))}
          </List>
        </Part>
      )}
      {isAllowed ? null : (
        <>
          <Part title={t('access.explain.has')}>
            <GrantList grants={grants} />
          </Part>
          <Part title={t('access.explain.wouldDo')}>
            <RolesFor question={question} model={model} />
          </Part>
        </>
      )}
      {question.who.kind === 'Group' ? null : (
        <Part title={t('access.tabs.groups')}>
          {t('access.explain.groups', { who: titleOf(question.who), groups })}
        </Part>
      )}
    </Stack>
  );
};
