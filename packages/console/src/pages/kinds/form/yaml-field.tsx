// A field that may be anything: asked for as a small YAML text. What cannot be read waits here until it can.
import { TextArea } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { contentOf, parseText, yamlAt } from '../yaml/document.ts';
import { isSame } from '../yaml/merge.ts';
import { FieldFrame } from './field-frame.tsx';
import { type FieldProps, idOf } from './form-hands.ts';

export const YamlField = (props: FieldProps) => {
  const { t } = useTranslation();
  const { hands, path, schema, value } = props;
  const [typed, setTyped] = useState<string>();
  const here = typed === undefined ? undefined : parseText(typed);
  const [error] = here?.errors ?? [];
  const isHeld =
    here !== undefined && (error !== undefined || isSame(contentOf(here) ?? undefined, value ?? undefined));
  // What was typed is shown as it was typed as long as it says what the object has.
  const text = isHeld && typed !== undefined ? typed : yamlAt(hands.text, path);
  const change = (next: string): void => {
    setTyped(next);
    if (next.trim() === '') hands.set(path, undefined);
    else if (parseText(next).errors.length === 0) hands.setYaml(path, next);
  };
  return (
    <FieldFrame
      {...props}
      schema={{
        ...schema,
        description: t('kinds.form.asYaml', { description: schema.description ?? '' }).trim(),
      }}
      more={error === undefined ? [] : [t('kinds.form.noYaml', { why: error.message.split('\n')[0] ?? '' })]}
    >
      <TextArea
        id={idOf(path)}
        className="drover-code"
        rows={Math.min(12, Math.max(2, text.split('\n').length))}
        resizeOrientation="vertical"
        readOnly={hands.isReadOnly}
        aria-describedby={`${idOf(path)}-help`}
        value={text}
        onChange={(_event, next) => change(next)}
      />
    </FieldFrame>
  );
};
