// Choosing files or a folder by a button, or dropping them.
import { type DragEvent, type ReactNode, useRef, useState } from 'react';
import { ActionButton, type Allowed } from '../../ui/action-button.tsx';
import { fromDrop, fromField } from './choose.ts';
import type { Chosen } from './content.ts';

interface ChooseProps {
  readonly able?: Allowed | undefined;
  readonly onChoose: (chosen: readonly Chosen[]) => void;
}

const ChooseButton = ({
  title,
  isFolder,
  able,
  onChoose,
}: ChooseProps & { readonly title: string; readonly isFolder: boolean }) => {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={field}
        type="file"
        hidden
        multiple
        aria-label={title}
        {...(isFolder ? { webkitdirectory: '' } : {})}
        onChange={({ target }) => {
          onChoose(fromField(target.files));
          // The same may be chosen once more.
          target.value = '';
        }}
      />
      <ActionButton able={able} variant="secondary" onClick={() => field.current?.click()}>
        {title}
      </ActionButton>
    </>
  );
};

export const ChooseButtons = ({
  filesTitle,
  folderTitle,
  ...props
}: ChooseProps & { readonly filesTitle: string; readonly folderTitle: string }) => (
  <>
    <ChooseButton {...props} title={filesTitle} isFolder={false} />
    <ChooseButton {...props} title={folderTitle} isFolder />
  </>
);

/** Whatever is in it, files may be dropped on it. */
export const DropPlace = ({ able, onChoose, children }: ChooseProps & { readonly children: ReactNode }) => {
  const [isOver, setOver] = useState(false);
  const mayDrop = able === undefined || able.allowed;
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    if (mayDrop) void fromDrop(event.dataTransfer).then(onChoose);
  };
  return (
    // Dropping is a way for those who have a mouse; the buttons are for all.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(mayDrop);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
      style={{
        outline: isOver ? '2px dashed var(--pf-t--global--border--color--clicked)' : 'none',
        outlineOffset: 4,
      }}
    >
      {children}
    </div>
  );
};
