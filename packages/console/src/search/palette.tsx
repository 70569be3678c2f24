// The command palette: what is typed, and the list of what it may mean. The focus stays in the text (ARIA combobox).
import { Content, Modal, ModalBody, ModalHeader, TextInput } from '@patternfly/react-core';
import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { ranked, type Target } from './rank.ts';
import { useTargets } from './targets.ts';

const listId = 'palette-results';
const optionId = (index: number): string => `palette-result-${index}`;

const Results = ({
  found,
  active,
  onOpen,
}: {
  readonly found: readonly Target[];
  readonly active: number;
  readonly onOpen: (target: Target) => void;
}) => {
  const { t } = useTranslation();
  return (
    <div
      id={listId}
      role="listbox"
      aria-label={t('search.results')}
      tabIndex={-1}
      style={{ maxHeight: '50vh', overflow: 'auto', marginTop: '0.5rem' }}
    >
      {found.map((target, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the text field
        <div
          key={target.key}
          id={optionId(index)}
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          className="drover-option"
          ref={(element) => {
            if (index === active) element?.scrollIntoView({ block: 'nearest' });
          }}
          onClick={() => onOpen(target)}
        >
          <span>{target.title}</span>
          <small>{target.kind}</small>
        </div>
      ))}
    </div>
  );
};

export const Palette = ({ onClose }: { readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const { targets, isLooking } = useTargets();
  const found = ranked(targets, text);
  const open = (target: Target | undefined): void => {
    if (target === undefined) return;
    onClose();
    void navigate(target.to);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') open(found[active]);
    else if (event.key === 'ArrowDown') setActive(Math.min(active + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setActive(Math.max(active - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <Modal isOpen variant="medium" position="top" onClose={onClose} aria-labelledby="palette-title">
      <ModalHeader title={t('search.title')} labelId="palette-title" />
      <ModalBody>
        <TextInput
          aria-label={t('search.placeholder')}
          placeholder={t('search.placeholder')}
          role="combobox"
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={found.length === 0 ? undefined : optionId(active)}
          autoFocus
          value={text}
          onChange={(_event, value) => {
            setText(value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
        <Results found={found} active={active} onOpen={open} />
        <Content component="small" aria-live="polite">
          {found.length > 0 ? t('search.hint') : isLooking ? t('search.looking') : t('search.nothing')}
        </Content>
      </ModalBody>
    </Modal>
  );
};
