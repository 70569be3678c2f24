// Labels as chips that can be taken away, and two fields to add one.
import {
  Button,
  Flex,
  FlexItem,
  HelperText,
  HelperTextItem,
  Label,
  LabelGroup,
  TextInput,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

export type Labels = Readonly<Record<string, string>>;

export const toLabelText = ([key, value]: readonly [string, string]): string =>
  value === '' ? key : `${key}=${value}`;

/** `note` of a label: beside it, e.g. how many nodes have it. */
export const LabelFields = ({
  labels,
  isFixed = () => false,
  noteOf = () => '',
  onAdd,
  onRemove,
}: {
  readonly labels: readonly (readonly [string, string])[];
  readonly isFixed?: (key: string) => boolean;
  readonly noteOf?: (label: readonly [string, string]) => string;
  readonly onAdd: (key: string, value: string) => void;
  readonly onRemove: (key: string, value: string) => void;
}) => {
  const { t } = useTranslation();
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const add = (): void => {
    if (key.trim() === '') return;
    onAdd(key.trim(), value.trim());
    setKey('');
    setValue('');
  };
  const onEnter = (event: React.KeyboardEvent): void => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    add();
  };
  return (
    <>
      <LabelGroup numLabels={100} aria-label={t('ui.labels')}>
        {labels.map((label) => (
          <Label
            key={toLabelText(label)}
            closeBtnAriaLabel={t('nodes.labels.remove', { label: toLabelText(label) })}
            {...(isFixed(label[0]) ? {} : { onClose: () => onRemove(...label) })}
          >
            {toLabelText(label)} {noteOf(label)}
          </Label>
        ))}
      </LabelGroup>
      {labels.some(([name]) => isFixed(name)) ? (
        <HelperText>
          <HelperTextItem>{t('nodes.labels.fixed')}</HelperTextItem>
        </HelperText>
      ) : null}
      <Flex alignItems={{ default: 'alignItemsFlexEnd' }} style={{ marginBlockStart: '1rem' }}>
        <FlexItem grow={{ default: 'grow' }}>
          <TextInput
            aria-label={t('nodes.labels.key')}
            placeholder={t('nodes.labels.key')}
            value={key}
            onKeyDown={onEnter}
            onChange={(_event, text) => setKey(text)}
          />
        </FlexItem>
        <FlexItem grow={{ default: 'grow' }}>
          <TextInput
            aria-label={t('nodes.labels.value')}
            placeholder={t('nodes.labels.value')}
            value={value}
            onKeyDown={onEnter}
            onChange={(_event, text) => setValue(text)}
          />
        </FlexItem>
        <FlexItem>
          <Button variant="secondary" onClick={add} isDisabled={key.trim() === ''}>
            {t('nodes.labels.add')}
          </Button>
        </FlexItem>
      </Flex>
    </>
  );
};
