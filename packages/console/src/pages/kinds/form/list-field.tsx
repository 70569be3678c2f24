// A list: its items one below the other, one more, one less.
import { Button, Flex, FlexItem } from '@patternfly/react-core';
import { MinusCircleIcon, PlusCircleIcon } from '@patternfly/react-icons';
import type { ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { innerSchema, skeleton } from '../schema/schema.ts';
import type { FieldProps } from './form-hands.ts';
import { GroupFrame } from './group-frame.tsx';

export const ListField = ({
  Field,
  ...props
}: FieldProps & { readonly Field: ComponentType<FieldProps> }) => {
  const { t } = useTranslation();
  const { hands, name, path, schema, value } = props;
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const inner = innerSchema(hands.schemas, schema);
  const remove = (index: number): void =>
    // An empty list where there was none before says something else than no list.
    hands.set(items.length === 1 ? path : [...path, index], undefined);
  return (
    <GroupFrame {...props} isSet={items.length > 0}>
      {() => (
        <>
          {items.map((item, index) => {
            const title = t('kinds.form.item', { name, number: index + 1 });
            return (
              // Items have no identity but their place.
              <Flex
                // biome-ignore lint/suspicious/noArrayIndexKey: see above
                key={index}
                flexWrap={{ default: 'nowrap' }}
                alignItems={{ default: 'alignItemsFlexStart' }}
              >
                <FlexItem grow={{ default: 'grow' }}>
                  <Field
                    hands={hands}
                    name={title}
                    path={[...path, index]}
                    schema={inner}
                    value={item}
                    isRequired
                  />
                </FlexItem>
                {hands.isReadOnly ? null : (
                  <Button
                    variant="plain"
                    aria-label={t('kinds.form.remove', { name: title })}
                    icon={<MinusCircleIcon />}
                    onClick={() => remove(index)}
                  />
                )}
              </Flex>
            );
          })}
          {hands.isReadOnly ? null : (
            <div>
              <Button
                variant="link"
                icon={<PlusCircleIcon />}
                onClick={() => hands.set([...path, items.length], skeleton(hands.schemas, inner) ?? '')}
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
