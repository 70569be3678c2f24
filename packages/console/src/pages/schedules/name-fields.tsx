// Name and namespace of what is being made.
import { useTranslation } from 'react-i18next';
import { TextField } from './fields.tsx';

export interface Names {
  readonly name: string;
  readonly namespace: string;
}

export const NameFields = ({
  names,
  onChange,
}: {
  readonly names: Names;
  readonly onChange: (names: Names) => void;
}) => {
  const { t } = useTranslation();
  return (
    <>
      <TextField
        id="name"
        label={t('schedules.name')}
        help={t('schedules.nameHelp')}
        isRequired
        value={names.name}
        onChange={(name) => onChange({ ...names, name })}
      />
      <TextField
        id="namespace"
        label={t('schedules.namespace')}
        isRequired
        value={names.namespace}
        onChange={(namespace) => onChange({ ...names, namespace })}
      />
    </>
  );
};
