// How many nodes stand how; one press shows those.
import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { nodeStates } from './task-state.ts';
import { pageOf, type Work } from './work.ts';

export const StateFilter = ({ work, isInTable }: { readonly work: Work; readonly isInTable: boolean }) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [query] = useSearchParams();
  const chosen = isInTable ? (query.get('state') ?? '') : '';
  const counts = work.status?.counts;
  const shown = nodeStates.filter((state) => (counts?.[state] ?? 0) > 0 || state === chosen);
  const show = (state: string): void => {
    const wanted = isInTable ? Object.fromEntries(query) : {};
    const { state: _, ...others } = wanted;
    const next = state === chosen || state === '' ? others : { ...others, state };
    void navigate(pageOf(work, next));
  };
  if (counts === undefined || counts.total === 0) return null;
  return (
    <ToggleGroup aria-label={t('runs.byState')} isCompact style={{ flexWrap: 'wrap' }}>
      <ToggleGroupItem
        text={`${t('runs.allNodes')} ${counts.total}`}
        buttonId="state-all"
        isSelected={chosen === ''}
        onChange={() => show('')}
      />
      {shown.map((state) => (
        <ToggleGroupItem
          key={state}
          text={`${t(`runs.states.${state}`)} ${counts[state]}`}
          buttonId={`state-${state}`}
          isSelected={chosen === state}
          onChange={() => show(state)}
        />
      ))}
    </ToggleGroup>
  );
};
