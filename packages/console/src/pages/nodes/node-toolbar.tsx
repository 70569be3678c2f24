// The filters above the node list.
import {
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  TextInput,
  ToolbarItem,
} from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Filter } from '../../ui/filter.tsx';
import { type NodeFilter, nodeStates } from './node-filters.ts';
import { SavedFilters } from './saved-filters.tsx';

export const NodeFilterItems = ({
  filter,
  isSet,
  problem,
  onChange,
}: {
  readonly filter: NodeFilter;
  readonly isSet: boolean;
  /** Why the label selector cannot be read. */
  readonly problem: string;
  readonly onChange: (change: Partial<NodeFilter>) => void;
}) => {
  const { t } = useTranslation();
  return (
    <>
      <ToolbarItem>
        <Filter
          label={t('nodes.filterLabel')}
          value={filter.words}
          onChange={(words) => onChange({ words })}
        />
      </ToolbarItem>
      <ToolbarItem>
        <TextInput
          aria-label={t('nodes.filters.labels')}
          placeholder={t('nodes.filters.labelsExample')}
          value={filter.labels}
          validated={problem === '' ? 'default' : 'error'}
          onChange={(_event, labels) => onChange({ labels })}
        />
        {problem === '' ? null : (
          <HelperText isLiveRegion>
            <HelperTextItem variant="error">{problem}</HelperTextItem>
          </HelperText>
        )}
      </ToolbarItem>
      <ToolbarItem>
        <FormSelect
          aria-label={t('nodes.filters.state')}
          value={filter.state}
          onChange={(_event, state) => onChange({ state })}
        >
          <FormSelectOption value="" label={t('nodes.filters.everyState')} />
          {nodeStates.map((state) => (
            <FormSelectOption key={state} value={state} label={t(`nodes.${state}`)} />
          ))}
        </FormSelect>
      </ToolbarItem>
      <ToolbarItem>
        <SavedFilters filter={filter} isSet={isSet} onChoose={onChange} />
      </ToolbarItem>
    </>
  );
};
