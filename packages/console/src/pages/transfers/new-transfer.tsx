// Composing a transfer: which way, what, where; what it would change; and off it goes.
import type { FileTransfer } from '@drover/api';
import {
  ActionGroup,
  Alert,
  Button,
  Form,
  FormSection,
  Grid,
  PageSection,
  Title,
  ToggleGroup,
  ToggleGroupItem,
} from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { BytesProgress } from '../../ui/bytes-progress.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { TextField } from '../../ui/field.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { FleetOptions, Half, WishTextField } from '../work/fleet-options.tsx';
import { More } from '../work/more.tsx';
import { TargetFields } from '../work/target-fields.tsx';
import { emptyWish, type WishField } from '../work/wish.ts';
import { ChangeGroups } from './change-groups.tsx';
import { ChosenItems } from './chosen-items.tsx';
import { type Draft, transferDraft } from './draft.ts';
import { useComposer, type Words } from './use-composer.tsx';
import type { Going } from './use-send.ts';

interface FieldsProps {
  readonly draft: Draft;
  readonly set: (change: Partial<Draft>) => void;
  readonly problems: Words;
}

const fleetOptions: readonly WishField[] = [
  'timeout',
  'name',
  'width',
  'maxFailures',
  'batches',
  'pause',
  'gate',
  'offline',
  'expire',
];

const Direction = ({ draft, set }: FieldsProps) => {
  const { t } = useTranslation();
  return (
    <ToggleGroup aria-label={t('transfers.way')}>
      {(['push', 'pull'] as const).map((direction) => (
        <ToggleGroupItem
          key={direction}
          text={t(`transfers.directions.${direction}`)}
          buttonId={`direction-${direction}`}
          isSelected={draft.direction === direction}
          onChange={() => set({ direction })}
        />
      ))}
    </ToggleGroup>
  );
};

const PathFields = ({ draft, set, problems }: FieldsProps) => {
  const { t } = useTranslation();
  const isPush = draft.direction === 'push';
  return (
    <>
      <TextField
        id="transfer-path"
        label={t(isPush ? 'transfers.destination' : 'transfers.source')}
        isCode
        isRequired
        value={draft.path}
        onChange={(path) => set({ path })}
        placeholder={isPush ? '/srv/' : '/var/log/syslog'}
        help={t(isPush ? 'transfers.help.destination' : 'transfers.help.source')}
        problem={problems.path}
      />
      {isPush ? (
        <Grid hasGutter>
          {(['mode', 'owner'] as const).map((name) => (
            <Half key={name}>
              <TextField
                id={`transfer-${name}`}
                label={t(`transfers.${name}`)}
                value={draft[name]}
                onChange={(value) => set({ [name]: value })}
                placeholder={name === 'mode' ? '0644' : 'root:root'}
                help={t(`transfers.help.${name}`)}
                problem={problems[name]}
              />
            </Half>
          ))}
        </Grid>
      ) : null}
    </>
  );
};

const OnItsWay = ({ going, onCancel }: { readonly going: Going; readonly onCancel: () => void }) => {
  const { t } = useTranslation();
  const { name, stage, ...bytes } = going;
  return (
    <BytesProgress
      title={`${name}: ${t(`transfers.onNode.stages.${stage}`)}`}
      {...bytes}
      onCancel={onCancel}
    />
  );
};

const Checked = ({ transfers }: { readonly transfers: readonly FileTransfer[] }) => {
  const { t } = useTranslation();
  return (
    <section aria-label={t('transfers.wouldChange')}>
      {transfers.map((transfer) => (
        <div key={transfer.metadata.uid}>
          <Title headingLevel="h2">{`${t('transfers.wouldChange')} ${transfer.spec.path}`}</Title>
          <ChangeGroups transfer={transfer} />
        </div>
      ))}
    </section>
  );
};

const Composer = ({ initial }: { readonly initial: Draft }) => {
  const { t } = useTranslation();
  const { fields, items, setItems, sender, checks, send, asked, onAnswered } = useComposer(initial);
  const { draft, problems } = fields;
  const able = useCan(can.moveFiles(draft.namespace));
  const isPush = draft.direction === 'push';
  return (
    <Form
      isWidthLimited
      maxWidth="60rem"
      onSubmit={(event) => {
        event.preventDefault();
        void send(false);
      }}
    >
      <Direction {...fields} />
      <FormSection title={t('transfers.whatAndWhere')} titleElement="h2">
        {isPush ? (
          <ChosenItems items={items} onChange={setItems} draft={draft} problem={problems.items} />
        ) : null}
        <PathFields {...fields} />
      </FormSection>
      <FormSection title={t('transfers.onWhich')} titleElement="h2">
        <TargetFields {...fields} signBy={`drover ${draft.direction} --sign`} />
      </FormSection>
      <More
        title={t('transfers.options')}
        isUsed={fleetOptions.some((field) => draft[field] !== emptyWish[field])}
      >
        <Grid hasGutter>
          <WishTextField {...fields} name="timeout" placeholder="1d" />
          <WishTextField {...fields} name="name" placeholder={`${draft.direction}-...`} />
        </Grid>
        <FleetOptions {...fields} />
      </More>
      {sender.refusal === undefined ? null : <Alert isInline variant="danger" title={sender.refusal.title} />}
      {sender.going === undefined ? null : <OnItsWay going={sender.going} onCancel={sender.cancel} />}
      {checks.length === 0 ? null : <Checked transfers={checks} />}
      <ActionGroup>
        <ActionButton able={able} type="submit" isLoading={sender.isBusy} isDisabled={sender.isBusy}>
          {t(`transfers.ways.${draft.direction}`)}
        </ActionButton>
        {isPush ? (
          <ActionButton
            able={able}
            variant="secondary"
            isDisabled={sender.isBusy}
            onClick={() => void send(true)}
          >
            {t('transfers.seeChanges')}
          </ActionButton>
        ) : null}
        <Button variant="link" component={(props) => <Link {...props} to={paths.transfers()} />}>
          {t('ui.cancel')}
        </Button>
      </ActionGroup>
      <Confirm asked={asked} onClose={onAnswered} />
    </Form>
  );
};

export const NewTransfer = () => {
  const { t } = useTranslation();
  const [nodes] = useParameter('nodes');
  const [direction] = useParameter('direction');
  const title = t('shell.pages.files');
  const draft = transferDraft.load();
  const initial: Draft = {
    ...draft,
    ...(nodes === '' ? {} : { nodes }),
    ...(direction === 'push' || direction === 'pull' ? { direction } : {}),
  };
  return (
    <>
      <PageHead
        title={t('shell.pages.newTransfer')}
        crumbs={[{ title, link: <Link to={paths.transfers()}>{title}</Link> }]}
      />
      <PageSection hasBodyWrapper={false} isFilled>
        <Composer initial={initial} />
      </PageSection>
    </>
  );
};
