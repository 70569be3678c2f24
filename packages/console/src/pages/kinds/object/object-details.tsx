// What an object of any kind is and how it is: its metadata, its conditions, and all else by the kind's own schema.
import type { KubeObject } from '@drover/api';
import {
  Button,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  Label,
  LabelGroup,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useKinds } from '../../../api/openapi.ts';
import { paths } from '../../../paths.ts';
import { Age } from '../../../ui/age.tsx';
import { Facts } from '../../../ui/facts.tsx';
import type { Schemas } from '../schema/schema.ts';
import { Conditions, conditionsOf } from './conditions.tsx';
import { ValueTree } from './value-tree.tsx';

const Words = ({
  label,
  words,
}: {
  readonly label: string;
  readonly words: Readonly<Record<string, string>>;
}) => {
  const { t } = useTranslation();
  const entries = Object.entries(words);
  if (entries.length === 0) return <>{t('ui.none')}</>;
  return (
    <LabelGroup numLabels={20} aria-label={label}>
      {entries.map(([key, value]) => (
        <Label key={key} isCompact textMaxWidth="40ch">
          {value === '' ? key : `${key}=${value}`}
        </Label>
      ))}
    </LabelGroup>
  );
};

type Owner = NonNullable<KubeObject['metadata']['ownerReferences']>[number];

/** A link where the kind is served: owners are in the same namespace, or of cluster scope. */
const OwnerLink = ({ owner, namespace }: { readonly owner: Owner; readonly namespace: string }) => {
  const { data = [] } = useKinds();
  const [version = '', group = ''] = owner.apiVersion.split('/').reverse();
  const kind = data.find((one) => one.group === group && one.version === version && one.kind === owner.kind);
  const text = `${owner.kind} ${owner.name}`;
  if (kind === undefined) return <>{text}</>;
  return <Link to={paths.object(kind, kind.namespaced ? namespace : '', owner.name)}>{text}</Link>;
};

const About = ({ object }: { readonly object: KubeObject }) => {
  const { t } = useTranslation();
  const { metadata } = object;
  const { namespace = '', ownerReferences = [], finalizers = [] } = metadata;
  const facts: (readonly [string, ReactNode])[] = [
    ...(namespace === '' ? [] : [[t('ui.namespace'), namespace] as const]),
    [t('ui.created'), <Age key="age" at={metadata.creationTimestamp} />],
    [t('kinds.object.uid'), metadata.uid],
    [t('kinds.object.generation'), metadata.generation ?? t('ui.none')],
    [t('ui.labels'), <Words key="labels" label={t('ui.labels')} words={metadata.labels ?? {}} />],
    [
      t('kinds.object.annotations'),
      <Words key="annotations" label={t('kinds.object.annotations')} words={metadata.annotations ?? {}} />,
    ],
    ...(ownerReferences.length === 0
      ? []
      : [
          [
            t('kinds.object.owners'),
            <Stack key="owners">
              {ownerReferences.map((owner) => (
                <OwnerLink key={owner.uid} owner={owner} namespace={namespace} />
              ))}
            </Stack>,
          ] as const,
        ]),
    ...(finalizers.length === 0 ? [] : [[t('kinds.object.finalizers'), finalizers.join(', ')] as const]),
  ];
  return <Facts facts={facts} />;
};

const Part = ({
  title,
  action,
  children,
}: {
  readonly title: string;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}) => (
  <StackItem>
    <Card>
      <CardHeader {...(action === undefined ? {} : { actions: { actions: action } })}>
        <CardTitle component="h2">{title}</CardTitle>
      </CardHeader>
      <CardBody>{children}</CardBody>
    </Card>
  </StackItem>
);

const shownAbove = new Set(['apiVersion', 'kind', 'metadata']);

/** status.conditions are a table of their own. */
const partOf = (name: string, value: unknown): unknown => {
  if (name !== 'status' || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([field]) => field !== 'conditions'));
};

const Parts = ({
  object,
  schemas,
}: {
  readonly object: KubeObject;
  readonly schemas: Schemas | undefined;
}) => {
  const { t } = useTranslation();
  const [isRevealed, setRevealed] = useState(false);
  const isSecret = object.kind === 'Secret' && object.apiVersion === 'v1';
  return Object.entries(object)
    .filter(([name]) => !shownAbove.has(name))
    .map(([name, value]) => {
      const isHidden = isSecret && (name === 'data' || name === 'stringData');
      return (
        <Part
          key={name}
          title={name}
          action={
            isHidden ? (
              <Button variant="link" onClick={() => setRevealed(!isRevealed)}>
                {t(isRevealed ? 'kinds.object.conceal' : 'kinds.object.reveal')}
              </Button>
            ) : undefined
          }
        >
          <ValueTree
            value={partOf(name, value)}
            schemas={schemas}
            path={[name]}
            isHidden={isHidden && !isRevealed}
          />
        </Part>
      );
    });
};

export const ObjectDetails = ({
  object,
  schemas,
}: {
  readonly object: KubeObject;
  readonly schemas: Schemas | undefined;
}) => {
  const { t } = useTranslation();
  const conditions = conditionsOf(object);
  return (
    <Stack hasGutter>
      <Part title={t('kinds.object.about')}>
        <About object={object} />
      </Part>
      {conditions.length === 0 ? null : (
        <Part title={t('kinds.object.conditions')}>
          <Conditions conditions={conditions} />
        </Part>
      )}
      <Parts object={object} schemas={schemas} />
    </Stack>
  );
};
