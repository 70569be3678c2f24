// The menu of filters that were saved under a name, in this browser.
import {
  Button,
  Divider,
  Dropdown,
  DropdownItem,
  DropdownList,
  Form,
  FormGroup,
  MenuToggle,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type NodeFilter, useSavedFilters } from './node-filters.ts';

const SaveDialog = ({
  onSave,
  onClose,
}: {
  readonly onSave: (name: string) => void;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const save = (): void => {
    onSave(name.trim());
    onClose();
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="save-filter">
      <ModalHeader title={t('nodes.filters.save')} labelId="save-filter" />
      <ModalBody>
        <Form
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== '') save();
          }}
        >
          <FormGroup label={t('ui.name')} fieldId="filter-name" isRequired>
            <TextInput
              id="filter-name"
              value={name}
              onChange={(_event, text) => setName(text)}
              isRequired
              autoFocus
            />
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button onClick={save} isDisabled={name.trim() === ''}>
          {t('ui.save')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {t('ui.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
};

export const SavedFilters = ({
  filter,
  isSet,
  onChoose,
}: {
  readonly filter: NodeFilter;
  readonly isSet: boolean;
  readonly onChoose: (filter: NodeFilter) => void;
}) => {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const [isSaving, setSaving] = useState(false);
  const { saved, save, forget } = useSavedFilters();
  return (
    <>
      <Dropdown
        isOpen={isOpen}
        onOpenChange={setOpen}
        onSelect={() => setOpen(false)}
        toggle={(ref) => (
          <MenuToggle ref={ref} isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {t('nodes.filters.saved')}
          </MenuToggle>
        )}
      >
        <DropdownList>
          {saved.map(({ name, ...wanted }) => (
            <DropdownItem key={name} onClick={() => onChoose(wanted)}>
              {name}
            </DropdownItem>
          ))}
          {saved.length === 0 ? <DropdownItem isDisabled>{t('nodes.filters.none')}</DropdownItem> : null}
          <Divider component="li" />
          <DropdownItem onClick={() => setSaving(true)} isDisabled={!isSet}>
            {t('nodes.filters.save')}
          </DropdownItem>
          {saved.map(({ name }) => (
            <DropdownItem key={`forget ${name}`} isDanger onClick={() => forget(name)}>
              {t('nodes.filters.forget', { name })}
            </DropdownItem>
          ))}
        </DropdownList>
      </Dropdown>
      {isSaving ? (
        <SaveDialog onSave={(name) => save({ name, ...filter })} onClose={() => setSaving(false)} />
      ) : null}
    </>
  );
};
