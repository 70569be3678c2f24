// Owns what can be done to one or many nodes: run, cordon, labels, update of the agent, delete. Lists and pages share it.
import type { Node } from '@drover/api';
import { annotation } from '@drover/api/enrolment';
import { foldNodeSet } from '@drover/api/node-set';
import { nodes as nodeKind } from '@drover/client/kinds';
import { Checkbox, Content, Stack, StackItem } from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client } from '../../api/client.ts';
import { forEachOf } from '../../api/many.ts';
import { useCanAll } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { ActionMenu, type MenuAction } from '../../ui/action-menu.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { LabelEditor } from './label-editor.tsx';
import { nameOf } from './node-columns.tsx';

const notThere = { allowed: false, reason: '' };

const change = (names: readonly string[], body: object): Promise<void> =>
  forEachOf(names, (name) => client.patch(nodeKind, name, { type: 'merge', body }));

/** What will be lost, and whether the agents are to remove themselves first. */
const Loss = ({
  names,
  onUninstall,
}: {
  readonly names: string;
  readonly onUninstall: (is: boolean) => void;
}) => {
  const { t } = useTranslation();
  const [isUninstalled, setUninstalled] = useState(false);
  return (
    <Stack hasGutter>
      <StackItem>
        <Content component="p">{t('nodes.delete.lost', { names })}</Content>
      </StackItem>
      <StackItem>
        <Checkbox
          id="uninstall"
          label={t('nodes.delete.uninstall')}
          description={t('nodes.delete.uninstallNote')}
          isChecked={isUninstalled}
          onChange={(_event, is) => {
            setUninstalled(is);
            onUninstall(is);
          }}
        />
      </StackItem>
    </Stack>
  );
};

const remove = async (names: readonly string[], isUninstalled: boolean): Promise<void> => {
  const note = {
    metadata: { annotations: { [annotation.uninstall]: 'true' } },
    spec: { unschedulable: true },
  };
  if (isUninstalled) await change(names, note);
  await forEachOf(names, (name) => client.delete(nodeKind, name));
};

/** `onGone` after they were deleted. */
export const NodeActions = ({
  nodes,
  title,
  onGone,
}: {
  readonly nodes: readonly Node[];
  readonly title: string;
  readonly onGone?: () => void;
}): ReactNode => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Confirmation>();
  const [isLabelling, setLabelling] = useState(false);
  const names = nodes.map(nameOf);
  const folded = foldNodeSet(names);
  const [one] = names;
  const [running = notThere, editing = notThere, updating = notThere, deleting = notThere] = useCanAll([
    can.runCommands('default'),
    names.length === 1 && one !== undefined ? can.editNode(one) : can.editNodes(),
    can.updateAgent(one ?? '*'),
    names.length === 1 && one !== undefined ? can.deleteNode(one) : can.deleteNodes(),
  ]);
  const ask = (action: 'cordon' | 'uncordon' | 'update', run: () => Promise<unknown>): void =>
    setAsked({
      title: t(`nodes.${action}.ask`, { names: folded, count: names.length }),
      body: t(`nodes.${action}.means`),
      action: t(`nodes.${action}.do`),
      isDanger: false,
      run: async () => {
        await run();
        confirmDone(t(`nodes.${action}.done`, { count: names.length }));
      },
    });
  const askToDelete = (): void => {
    let isUninstalled = false;
    const onUninstall = (is: boolean): void => {
      isUninstalled = is;
    };
    setAsked({
      title: t('nodes.delete.ask', { count: names.length }),
      body: <Loss names={folded} onUninstall={onUninstall} />,
      action: t('ui.delete'),
      run: async () => {
        await remove(names, isUninstalled);
        confirmDone(t('nodes.delete.done', { count: names.length }));
        onGone?.();
      },
    });
  };
  const cordon = (unschedulable: boolean) => () => change(names, { spec: { unschedulable } });
  const update = () => forEachOf(names, (name) => client.updateAgent(name));
  const actions: readonly MenuAction[] = [
    { key: 'labels', title: t('nodes.labels.edit'), able: editing, run: () => setLabelling(true) },
    { key: 'cordon', title: t('nodes.cordon.do'), able: editing, run: () => ask('cordon', cordon(true)) },
    {
      key: 'uncordon',
      title: t('nodes.uncordon.do'),
      able: editing,
      run: () => ask('uncordon', cordon(false)),
    },
    { key: 'update', title: t('nodes.update.do'), able: updating, run: () => ask('update', update) },
    { key: 'delete', title: t('ui.delete'), able: deleting, isDanger: true, run: askToDelete },
  ];
  return (
    <>
      <ActionButton
        variant="secondary"
        able={running}
        isDisabled={names.length === 0}
        onClick={() => void navigate(paths.newRun(folded))}
      >
        {t('nodes.runOn')}
      </ActionButton>
      <ActionMenu title={title} actions={actions} isDisabled={names.length === 0} />
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
      {isLabelling ? <LabelEditor nodes={nodes} onClose={() => setLabelling(false)} /> : null}
    </>
  );
};
