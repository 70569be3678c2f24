// Fields that two people changed, side by side, and which of both is to stand.
import { Content, Flex, FlexItem, Radio, Stack, StackItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { toYaml } from '../yaml/editable.ts';
import { toFieldPath } from '../yaml/field-path.ts';
import type { Conflict } from '../yaml/merge.ts';

export type Choice = 'mine' | 'theirs';

const sides = ['mine', 'theirs'] as const;

const One = ({
  conflict,
  choice,
  onChoose,
}: {
  readonly conflict: Conflict;
  readonly choice: Choice | undefined;
  readonly onChoose: (choice: Choice) => void;
}) => {
  const { t } = useTranslation();
  const field = toFieldPath(conflict.path);
  const textOf = (value: unknown): string =>
    value === undefined ? t('kinds.edit.absent') : toYaml(value).trimEnd();
  return (
    <fieldset aria-label={t('kinds.edit.conflictField', { field })} style={{ border: 'none', padding: 0 }}>
      <strong>{field}</strong>
      <Content component="small">{t('kinds.edit.before', { value: textOf(conflict.base) })}</Content>
      <Flex alignItems={{ default: 'alignItemsFlexStart' }}>
        {sides.map((side) => (
          <FlexItem key={side} flex={{ default: 'flex_1' }}>
            <Radio
              id={`${field}-${side}`}
              name={field}
              label={t(`kinds.edit.${side}`)}
              isChecked={choice === side}
              onChange={() => onChoose(side)}
              body={<code className="drover-code">{textOf(conflict[side])}</code>}
            />
          </FlexItem>
        ))}
      </Flex>
    </fieldset>
  );
};

export const Conflicts = ({
  conflicts,
  choices,
  onChoose,
}: {
  readonly conflicts: readonly Conflict[];
  readonly choices: readonly (Choice | undefined)[];
  readonly onChoose: (index: number, choice: Choice) => void;
}) => (
  <Stack hasGutter>
    {conflicts.map((conflict, index) => (
      <StackItem key={toFieldPath(conflict.path)}>
        <One conflict={conflict} choice={choices[index]} onChoose={(choice) => onChoose(index, choice)} />
      </StackItem>
    ))}
  </Stack>
);
