// A map of keys that people choose: one row for each, one more, one less.
import { Button, Flex, FlexItem, TextInput } from '@patternfly/react-core';
import { MinusCircleIcon, PlusCircleIcon } from '@patternfly/react-icons';
import { type ComponentType, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { innerSchema, shapeOf, skeleton } from '../schema/schema.ts';
import { type FieldProps, isFields } from './form-hands.ts';
import { GroupFrame } from './group-frame.tsx';

/** Given to the map when the field is left: half a key is none. */
const KeyInput = ({
  label,
  value,
  taken,
  isReadOnly,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly taken: readonly string[];
  readonly isReadOnly: boolean;
  readonly onChange: (key: string) => void;
}) => {
  const { t } = useTranslation();
  const [typed, setTyped] = useState<string>();
  const isTaken = typed !== undefined && typed !== value && taken.includes(typed);
  const leave = (): void => {
    setTyped(undefined);
    if (typed !== undefined && typed !== value && typed !== '' && !isTaken) onChange(typed);
  };
  return (
    <TextInput
      aria-label={isTaken ? `${label}: ${t('kinds.form.duplicate', { key: typed })}` : label}
      validated={isTaken ? 'error' : 'default'}
      placeholder={t('kinds.form.key')}
      value={typed ?? value}
      {...(isReadOnly ? { readOnlyVariant: 'default' as const } : {})}
      onChange={(_event, next) => setTyped(next.trim())}
      onBlur={leave}
    />
  );
};

/** A key that the map has not: a number is added to it. */
const freeKey = (taken: readonly string[]): string => {
  for (let number = 1; ; number += 1) if (!taken.includes(`key-${number}`)) return `key-${number}`;
};

export const MapField = ({ Field, ...props }: FieldProps & { readonly Field: ComponentType<FieldProps> }) => {
  const { t } = useTranslation();
  const { hands, name, path, schema, value } = props;
  const values = isFields(value) ? value : {};
  const keys = Object.keys(values);
  const inner = innerSchema(hands.schemas, schema);
  const isPlain = shapeOf(inner) === 'text';
  const remove = (key: string): void => hands.set(keys.length === 1 ? path : [...path, key], undefined);
  const fieldOf = (key: string, index: number) =>
    isPlain ? (
      <TextInput
        aria-label={t('kinds.form.valueOf', { name, number: index + 1 })}
        placeholder={t('kinds.form.value')}
        value={String(values[key] ?? '')}
        {...(hands.isReadOnly ? { readOnlyVariant: 'default' as const } : {})}
        onChange={(_event, typed) => hands.set([...path, key], typed)}
      />
    ) : (
      <Field hands={hands} name={key} path={[...path, key]} schema={inner} value={values[key]} isRequired />
    );
  return (
    <GroupFrame {...props} isSet={keys.length > 0}>
      {() => (
        <>
          {keys.map((key, index) => (
            <Flex
              // A row stays where it is while its key is typed anew.
              // biome-ignore lint/suspicious/noArrayIndexKey: see above
              key={index}
              flexWrap={{ default: 'nowrap' }}
              alignItems={{ default: 'alignItemsFlexStart' }}
            >
              <FlexItem flex={{ default: 'flex_1' }}>
                <KeyInput
                  label={t('kinds.form.keyOf', { name, number: index + 1 })}
                  value={key}
                  taken={keys}
                  isReadOnly={hands.isReadOnly}
                  onChange={(next) => hands.rename(path, key, next)}
                />
              </FlexItem>
              <FlexItem flex={{ default: isPlain ? 'flex_1' : 'flex_3' }}>{fieldOf(key, index)}</FlexItem>
              {hands.isReadOnly ? null : (
                <Button
                  variant="plain"
                  aria-label={t('kinds.form.remove', { name: key })}
                  icon={<MinusCircleIcon />}
                  onClick={() => remove(key)}
                />
              )}
            </Flex>
          ))}
          {hands.isReadOnly ? null : (
            <div>
              <Button
                variant="link"
                icon={<PlusCircleIcon />}
                onClick={() => hands.set([...path, freeKey(keys)], skeleton(hands.schemas, inner) ?? '')}
              >
                {t('kinds.form.add', { name })}
              </Button>
            </div>
          )}
        </>
      )}
    </GroupFrame>
  );
};
