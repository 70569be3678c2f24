// How servers join: a token and the line to paste, and who arrives by it; or over SSH, by the controller.
import type { EnrollmentToken } from '@drover/api';
import { enrollmentTokens } from '@drover/client/kinds';
import {
  Alert,
  Card,
  CardBody,
  CardTitle,
  ClipboardCopy,
  ClipboardCopyVariant,
  Content,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { Arrivals } from './arrivals.tsx';
import { SshForm } from './ssh-form.tsx';
import { TokenForm } from './token-form.tsx';
import { TokenList } from './token-list.tsx';

/** The line holds the secret: it is in the answer to the creation only, and never in the address. */
const PastedLine = ({ token }: { readonly token: EnrollmentToken }) => {
  const { t } = useTranslation();
  return (
    <Stack hasGutter>
      <StackItem>
        <Alert isInline variant="info" title={t('nodes.add.once')} />
      </StackItem>
      <StackItem>
        <ClipboardCopy
          isReadOnly
          isCode
          isExpanded
          variant={ClipboardCopyVariant.expansion}
          hoverTip={t('ui.copy')}
          clickTip={t('ui.copied')}
          textAriaLabel={t('nodes.add.line')}
          toggleAriaLabel={t('nodes.add.whole')}
        >
          {token.status?.joinCommand ?? ''}
        </ClipboardCopy>
      </StackItem>
    </Stack>
  );
};

const Made = ({ made, name }: { readonly made: EnrollmentToken | undefined; readonly name: string }) => {
  const { t } = useTranslation();
  return (
    <Card>
      <CardTitle component="h2">{t('nodes.add.paste')}</CardTitle>
      <CardBody>
        <Stack hasGutter>
          <StackItem>
            {made?.metadata.name === name ? (
              <PastedLine token={made} />
            ) : (
              <Content component="p">{t('nodes.add.gone', { name })}</Content>
            )}
          </StackItem>
          <StackItem>
            <Arrivals token={name} />
          </StackItem>
        </Stack>
      </CardBody>
    </Card>
  );
};

const ByLine = () => {
  const { t } = useTranslation();
  const [name, setName] = useParameter('token');
  const [made, setMade] = useState<EnrollmentToken>();
  const { items, state, error, retry } = useLive(enrollmentTokens);
  const onMade = (token: EnrollmentToken): void => {
    setMade(token);
    setName(token.metadata.name ?? '');
  };
  return (
    <Stack hasGutter>
      <StackItem>
        <TokenForm onMade={onMade} />
      </StackItem>
      {name === '' ? null : (
        <StackItem>
          <Made made={made} name={name} />
        </StackItem>
      )}
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('nodes.tokens.title')}</CardTitle>
          <CardBody>
            {state === 'loading' ? (
              <Loading />
            ) : state === 'failed' ? (
              <Problem error={error} onRetry={retry} />
            ) : (
              <TokenList tokens={items} onShow={setName} />
            )}
          </CardBody>
        </Card>
      </StackItem>
    </Stack>
  );
};

export const AddNodes = () => {
  const { t } = useTranslation();
  const { way = '' } = useParams();
  const title = t('shell.pages.nodes');
  return (
    <>
      <PageHead
        title={t('shell.pages.addNodes')}
        description={t('nodes.add.description')}
        crumbs={[{ title, link: <Link to={paths.nodes()}>{title}</Link> }]}
      />
      <PageTabs
        label={t('shell.pages.addNodes')}
        active={way}
        tabs={[
          { key: '', title: t('nodes.add.byLine'), to: paths.addNodes(), show: () => <ByLine /> },
          { key: 'ssh', title: t('nodes.add.overSsh'), to: paths.addNodes('ssh'), show: () => <SshForm /> },
        ]}
      />
    </>
  );
};
