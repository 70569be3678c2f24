// Why somebody may, or may not: the controller's own answer, and the bindings and rules that lead there.
import { namespaces as namespaceKind } from '@drover/client/kinds';
import { Alert, Form, Grid, GridItem, Stack, StackItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useLive } from '../../api/live.ts';
import { askAbout } from '../../api/permissions.ts';
import { TextField } from '../../ui/fields.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { type Access, useAccess } from './facts.ts';
import { keyOf, parseWho, userNameOf, verbs, type Who } from './model.ts';
import { nameOf } from './object-row.tsx';
import { Ways } from './ways.tsx';

export interface Question {
  readonly who: Who;
  readonly verb: string;
  readonly group: string;
  /** With its subresource: nodes/shell. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

const usualResources = [
  'nodes',
  'nodes/shell',
  'commandruns',
  'filetransfers',
  'secrets',
  'users',
  'groups',
  'roles',
  'rolebindings',
  'enrollmenttokens',
];

const useQuestion = () => {
  const [who, setWho] = useParameter('who');
  const [verb, setVerb] = useParameter('verb');
  const [group, setGroup] = useParameter('group');
  const [resource, setResource] = useParameter('resource');
  const [namespace, setNamespace] = useParameter('namespace');
  const [name, setName] = useParameter('name');
  return {
    question: { who: parseWho(who), verb, group, resource, namespace, name },
    typed: who,
    set: {
      who: setWho,
      verb: setVerb,
      group: setGroup,
      resource: setResource,
      namespace: setNamespace,
      name: setName,
    },
  };
};

const Answer = ({ question, access }: { readonly question: Question; readonly access: Access }) => {
  const { t } = useTranslation();
  const { who, verb, group, namespace, name } = question;
  const [resource = '', subresource] = question.resource.split('/');
  const groups = access.model.groupsOf(who);
  const { data, error, refetch } = useQuery({
    queryKey: ['explain', question, groups],
    queryFn: ({ signal }) =>
      askAbout(
        { ...(who.kind === 'Group' ? {} : { user: userNameOf(who) }), groups },
        {
          verb,
          group,
          resource,
          ...(subresource === undefined ? {} : { subresource }),
          ...(namespace === '' ? {} : { namespace }),
          ...(name === '' ? {} : { name }),
        },
        signal,
      ),
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
  const words = { who: userNameOf(who), verb, what: question.resource };
  const where = namespace === '' ? t('access.everywhere') : t('access.inNamespace', { namespace });
  return (
    <Stack hasGutter>
      <StackItem>
        <Alert
          isInline
          variant={data.allowed ? 'success' : 'danger'}
          title={`${t(data.allowed ? 'access.explain.may' : 'access.explain.mayNot', words)} ${where}`}
        >
          {data.reason === '' ? null : t('access.explain.reason', { reason: data.reason })}
        </Alert>
      </StackItem>
      <StackItem>
        <Ways question={question} model={access.model} isAllowed={data.allowed} />
      </StackItem>
    </Stack>
  );
};

export const Explain = () => {
  const { t } = useTranslation();
  const access = useAccess();
  const { items: namespaces } = useLive(namespaceKind);
  const { question, typed, set } = useQuestion();
  const isWhole = typed !== '' && question.verb !== '' && question.resource !== '';
  return (
    <Stack hasGutter>
      <StackItem>
        <Form onSubmit={(event) => event.preventDefault()}>
          <Grid hasGutter md={6} xl={4}>
            <GridItem>
              <TextField
                label={t('access.explain.who')}
                help={t('access.explain.whoHelp')}
                value={typed}
                onChange={set.who}
                suggestions={access.model.subjects.map(keyOf)}
                isRequired
              />
            </GridItem>
            <GridItem>
              <TextField
                label={t('access.explain.verb')}
                help={t('access.explain.verbHelp')}
                value={question.verb}
                onChange={set.verb}
                suggestions={verbs}
                isRequired
              />
            </GridItem>
            <GridItem>
              <TextField
                label={t('access.explain.resource')}
                help={t('access.explain.resourceHelp')}
                value={question.resource}
                onChange={set.resource}
                suggestions={usualResources}
                isRequired
              />
            </GridItem>
            <GridItem>
              <TextField
                label={t('access.explain.group')}
                help={t('access.explain.groupHelp')}
                value={question.group}
                onChange={set.group}
                suggestions={['drover.dev', 'rbac.authorization.k8s.io', 'certificates.k8s.io']}
              />
            </GridItem>
            <GridItem>
              <TextField
                label={t('ui.namespace')}
                help={t('access.explain.namespaceHelp')}
                value={question.namespace}
                onChange={set.namespace}
                suggestions={namespaces.map(nameOf)}
              />
            </GridItem>
            <GridItem>
              <TextField
                label={t('access.explain.name')}
                help={t('access.explain.nameHelp')}
                value={question.name}
                onChange={set.name}
              />
            </GridItem>
          </Grid>
        </Form>
      </StackItem>
      <StackItem>
        {access.state === 'loading' ? <Loading /> : null}
        {access.state === 'failed' ? <Problem error={access.error} onRetry={access.retry} /> : null}
        {isWhole && (access.state === 'live' || access.state === 'offline') ? (
          <Answer question={question} access={access} />
        ) : null}
      </StackItem>
    </Stack>
  );
};
