// Which servers the controller is to sign in to, and with what. The key or password goes into a Secret and nowhere else.
import {
  ActionGroup,
  Alert,
  Card,
  CardBody,
  CardTitle,
  Content,
  FileUpload,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  Radio,
  TextInput,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useCanAll } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { LabelFields } from './label-fields.tsx';
import { enrolBySsh, type SshWish } from './ssh-enrolment.ts';

const first: SshWish = {
  ...{ hosts: '', user: 'root', port: '22', way: 'key', key: '', passphrase: '', password: '' },
  ...{ sudoPassword: '', labels: {} },
};

interface FieldsProps {
  readonly wish: SshWish;
  readonly set: (change: Partial<SshWish>) => void;
}

const Note = ({ children }: { readonly children: string }) => (
  <FormHelperText>
    <HelperText>
      <HelperTextItem>{children}</HelperTextItem>
    </HelperText>
  </FormHelperText>
);

type TextName = 'hosts' | 'user' | 'port' | 'passphrase' | 'password' | 'sudoPassword';

const Field = ({
  wish,
  set,
  name,
  type = 'text',
  note = '',
  isRequired = false,
}: FieldsProps & {
  readonly name: TextName;
  readonly type?: 'text' | 'password' | 'number';
  readonly note?: string;
  readonly isRequired?: boolean;
}) => {
  const { t } = useTranslation();
  return (
    <FormGroup label={t(`nodes.ssh.${name}`)} fieldId={`ssh-${name}`} isRequired={isRequired}>
      <TextInput
        id={`ssh-${name}`}
        type={type}
        isRequired={isRequired}
        autoComplete={type === 'password' ? 'new-password' : 'off'}
        value={wish[name]}
        onChange={(_event, text) => set({ [name]: text })}
      />
      {note === '' ? null : <Note>{note}</Note>}
    </FormGroup>
  );
};

const KeyFields = (props: FieldsProps) => {
  const { t } = useTranslation();
  const { wish, set } = props;
  return (
    <>
      <FormGroup label={t('nodes.ssh.keyText')} fieldId="ssh-key" isRequired>
        <FileUpload
          id="ssh-key"
          type="text"
          value={wish.key}
          aria-label={t('nodes.ssh.keyText')}
          browseButtonText={t('nodes.ssh.keyFile')}
          clearButtonText={t('nodes.ssh.clear')}
          allowEditingUploadedText
          onDataChange={(_event, key) => set({ key })}
          onTextChange={(_event, key) => set({ key })}
          onClearClick={() => set({ key: '' })}
        />
      </FormGroup>
      <Field {...props} name="passphrase" type="password" />
    </>
  );
};

const Credentials = (props: FieldsProps) => {
  const { t } = useTranslation();
  const { wish, set } = props;
  return (
    <>
      <FormGroup label={t('nodes.ssh.with')} role="radiogroup" fieldId="ssh-way">
        {(['key', 'password'] as const).map((way) => (
          <Radio
            key={way}
            id={`ssh-way-${way}`}
            name="ssh-way"
            label={t(`nodes.ssh.${way}`)}
            isChecked={wish.way === way}
            onChange={() => set({ way })}
          />
        ))}
        <Note>{t('nodes.ssh.secretNote')}</Note>
      </FormGroup>
      {wish.way === 'key' ? (
        <KeyFields {...props} />
      ) : (
        <Field {...props} name="password" type="password" isRequired />
      )}
      {wish.user === 'root' ? null : (
        <Field {...props} name="sudoPassword" type="password" note={t('nodes.ssh.sudoNote')} />
      )}
    </>
  );
};

const Labels = ({ wish, set }: FieldsProps) => {
  const { t } = useTranslation();
  return (
    <FormGroup label={t('nodes.tokens.labels')} role="group">
      <LabelFields
        labels={Object.entries(wish.labels)}
        onAdd={(key, value) => set({ labels: { ...wish.labels, [key]: value } })}
        onRemove={(key) =>
          set({ labels: Object.fromEntries(Object.entries(wish.labels).filter(([name]) => name !== key)) })
        }
      />
    </FormGroup>
  );
};

const isReady = ({ hosts, way, key, password }: SshWish): boolean =>
  hosts.trim() !== '' && (way === 'key' ? key.trim() : password) !== '';

export const SshForm = () => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [wish, setWish] = useState(first);
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const answers = useCanAll([can.enrolBySsh('default'), can.makeSecret('default'), can.makeTokens()]);
  const able = answers.find(({ allowed }) => !allowed) ?? { allowed: true, reason: '' };
  const begin = async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      const { metadata } = await enrolBySsh(wish);
      confirmDone(t('nodes.ssh.begun'));
      await navigate(paths.sshEnrollment(metadata.namespace ?? '', metadata.name ?? ''));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  const props = { wish, set: (change: Partial<SshWish>) => setWish({ ...wish, ...change }) };
  return (
    <Card>
      <CardTitle component="h2">{t('nodes.ssh.form')}</CardTitle>
      <CardBody>
        <Content component="p">{t('nodes.ssh.note')}</Content>
        <Form
          isWidthLimited
          onSubmit={(event) => {
            event.preventDefault();
            if (able.allowed && isReady(wish)) void begin();
          }}
        >
          {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
          <Field {...props} name="hosts" note={t('nodes.ssh.hostsNote')} isRequired />
          <Field {...props} name="user" />
          <Field {...props} name="port" type="number" />
          <Credentials {...props} />
          <Labels {...props} />
          <ActionGroup>
            <ActionButton able={able} type="submit" isLoading={isBusy} isDisabled={isBusy || !isReady(wish)}>
              {t('nodes.ssh.start')}
            </ActionButton>
          </ActionGroup>
        </Form>
      </CardBody>
    </Card>
  );
};
