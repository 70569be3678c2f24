// The terminal of a node: as whom, opened when asked for, and again after it ended.
import type { Node } from '@drover/api';
import {
  Alert,
  Button,
  Content,
  Flex,
  FlexItem,
  Label,
  Stack,
  StackItem,
  TextInput,
} from '@patternfly/react-core';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useCan } from '../../api/permissions.ts';
import type { ShellEnd } from '../../api/shell.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { Loading } from '../../ui/states.tsx';
import { nameOf } from './node-columns.tsx';
import { nodeState } from './node-state.tsx';

const TerminalView = lazy(async () => ({ default: (await import('./terminal-view.tsx')).TerminalView }));

type Session =
  | { readonly state: 'closed' }
  /** `count`: each terminal is another one. */
  | { readonly state: 'opening' | 'open'; readonly count: number; readonly user: string }
  | { readonly state: 'ended'; readonly count: number; readonly user: string; readonly end: ShellEnd };

const Ended = ({ end }: { readonly end: ShellEnd }) => {
  const { t } = useTranslation();
  const words =
    end.exit === undefined
      ? t('nodes.terminal.cut')
      : end.reason === ''
        ? t('nodes.terminal.exited', { code: end.exit })
        : end.reason;
  return (
    <Alert isInline variant={end.exit === 0 ? 'info' : 'warning'} title={words}>
      {end.exit === undefined ? end.reason || t('nodes.terminal.cutNote') : null}
    </Alert>
  );
};

export const NodeTerminal = ({ node }: { readonly node: Node }) => {
  const { t } = useTranslation();
  const name = nameOf(node);
  const [user, setUser] = useParameter('user');
  const [session, setSession] = useState<Session>({ state: 'closed' });
  const able = useCan(can.openShell(name));
  const isReady = ['ready', 'paused'].includes(nodeState(node));
  const count = session.state === 'closed' ? 0 : session.count;
  const isOpen = session.state === 'opening' || session.state === 'open';
  const open = (): void => setSession({ state: 'opening', count: count + 1, user });
  return (
    <Stack hasGutter>
      <StackItem>
        <Content component="p">
          {t('nodes.terminal.recorded')} <Link to={paths.recordings()}>{t('shell.pages.recordings')}</Link>
        </Content>
        <Flex alignItems={{ default: 'alignItemsCenter' }}>
          <FlexItem>
            <TextInput
              aria-label={t('nodes.terminal.user')}
              placeholder={t('nodes.terminal.user')}
              value={user}
              isDisabled={isOpen}
              onChange={(_event, text) => setUser(text)}
            />
          </FlexItem>
          <FlexItem>
            <ActionButton
              able={isReady ? able : { allowed: false, reason: t('nodes.terminal.notReady') }}
              isDisabled={isOpen}
              onClick={open}
            >
              {t(session.state === 'ended' ? 'nodes.terminal.again' : 'nodes.terminal.open')}
            </ActionButton>
          </FlexItem>
          {isOpen ? (
            <>
              <FlexItem>
                <Button variant="secondary" onClick={() => setSession({ state: 'closed' })}>
                  {t('ui.close')}
                </Button>
              </FlexItem>
              <FlexItem>
                <Label status={session.state === 'open' ? 'success' : 'info'}>
                  {t(`nodes.terminal.${session.state}State`)}
                </Label>
              </FlexItem>
            </>
          ) : null}
        </Flex>
      </StackItem>
      {session.state === 'ended' ? (
        <StackItem>
          <Ended end={session.end} />
        </StackItem>
      ) : null}
      {session.state === 'closed' ? null : (
        <StackItem>
          <Suspense fallback={<Loading />}>
            <TerminalView
              key={session.count}
              node={name}
              user={session.user}
              onOpen={() => setSession({ state: 'open', count: session.count, user: session.user })}
              onEnd={(end) => setSession({ state: 'ended', count: session.count, user: session.user, end })}
            />
          </Suspense>
        </StackItem>
      )}
    </Stack>
  );
};
