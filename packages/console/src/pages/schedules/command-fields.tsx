// What is to run: a command line or a script, as whom, on which nodes.
import type { RunTemplate } from '@drover/api';
import { FormGroup, Radio } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TextField } from './fields.tsx';
import { toLine, toWords } from './words.ts';

/** What a form holds of a RunTemplate; the server fills in the rest. */
export type RunDraft = Partial<RunTemplate>;

const kinds = ['argv', 'script'] as const;

const without = <T extends object, K extends keyof T>(object: T, key: K): Omit<T, K> => {
  const { [key]: _, ...rest } = object;
  return rest;
};

const withNodes = (run: RunDraft, nodeSet: string): RunDraft => {
  if (nodeSet !== '') return { ...run, targets: { ...run.targets, nodeSet } };
  const targets = without(run.targets ?? {}, 'nodeSet');
  return targets.labelSelector === undefined ? without(run, 'targets') : { ...run, targets };
};

const Line = ({ run, onChange }: { readonly run: RunDraft; readonly onChange: (run: RunDraft) => void }) => {
  const { t } = useTranslation();
  // What is being typed: blanks and quotes that make no word yet must stay.
  const [line, setLine] = useState(toLine(run.argv ?? []));
  return (
    <TextField
      id="argv"
      label={t('schedules.argv')}
      help={t('schedules.argvHelp')}
      isRequired
      value={line}
      onChange={(text) => {
        setLine(text);
        onChange({ ...run, argv: [...toWords(text)] });
      }}
    />
  );
};

export const CommandFields = ({
  run,
  onChange,
  areNodesRequired,
}: {
  readonly run: RunDraft;
  readonly onChange: (run: RunDraft) => void;
  readonly areNodesRequired: boolean;
}) => {
  const { t } = useTranslation();
  const kind = run.script === undefined ? 'argv' : 'script';
  const choose = (to: (typeof kinds)[number]): void =>
    onChange(
      to === 'argv'
        ? { ...without(run, 'script'), argv: [] }
        : { ...without(run, 'argv'), script: { interpreter: ['/bin/sh'], source: '' } },
    );
  return (
    <>
      <FormGroup role="radiogroup" isInline label={t('schedules.kind')} fieldId="command-kind">
        {kinds.map((one) => (
          <Radio
            key={one}
            id={`command-${one}`}
            name="command-kind"
            label={t(`schedules.${one}`)}
            isChecked={kind === one}
            onChange={() => choose(one)}
          />
        ))}
      </FormGroup>
      {run.script === undefined ? (
        <Line run={run} onChange={onChange} />
      ) : (
        <TextField
          id="script"
          label={t('schedules.script')}
          help={t('schedules.scriptHelp')}
          isRequired
          rows={6}
          value={run.script.source}
          onChange={(source) =>
            onChange({ ...run, script: { interpreter: ['/bin/sh'], ...run.script, source } })
          }
        />
      )}
      <TextField
        id="nodes"
        label={t('schedules.targets')}
        help={`${t('schedules.targetsHelp')}${areNodesRequired ? '' : ` ${t('schedules.targetsOptional')}`}`}
        isRequired={areNodesRequired}
        value={run.targets?.nodeSet ?? ''}
        onChange={(nodeSet) => onChange(withNodes(run, nodeSet))}
      />
      <TextField
        id="user"
        label={t('schedules.user')}
        help={t('schedules.userHelp')}
        value={run.user ?? ''}
        onChange={(user) => onChange(user === '' ? without(run, 'user') : { ...run, user })}
      />
      <TextField
        id="timeout"
        label={t('schedules.timeout')}
        type="number"
        value={String(run.timeoutSeconds ?? 3600)}
        onChange={(seconds) => onChange({ ...run, timeoutSeconds: Number(seconds) })}
      />
    </>
  );
};
