// How many nodes stand how; one press shows those.
import type { CommandRun } from '@drover/api';
import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { paths } from '../../paths.ts';
import { nameOf, namespaceOf } from './run.ts';
import { nodeStates } from './task-state.ts';

export const StateFilter = ({
  run,
  isInTable,
}: {
  readonly run: CommandRun;
  readonly isInTable: boolean;
}) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [query] = useSearchParams();
  const chosen = isInTable ? (query.get('state') ?? '') : '';
  const counts = run.status?.counts;
  const shown = nodeStates.filter((state) => (counts?.[state] ?? 0) > 0 || state === chosen);
  const show = (state: string): void => {
    const wanted = isInTable ? Object.fromEntries(query) : {};
    const { state: _, ...others } = wanted;
    const next = state === chosen || state === '' ? others : { ...others, state };
    void navigate(paths.run(namespaceOf(run), nameOf(run), '', next));
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
