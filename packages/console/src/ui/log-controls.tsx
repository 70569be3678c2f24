// What stands above a log: what is looked for in it, and how it is shown.
import { SearchInput, Switch, ToolbarItem } from '@patternfly/react-core';
import { type KeyboardEvent, memo, useId } from 'react';
import { useTranslation } from 'react-i18next';

interface LogControlsProps {
  readonly find: string;
  readonly onFind: (text: string) => void;
  /** More may come: it can be followed. */
  readonly isLive: boolean;
  readonly foundCount: number;
  /** Which of what was found is looked at. */
  readonly place: number;
  readonly onPlace: (place: number) => void;
  readonly isWrapped: boolean;
  readonly onWrap: (isWrapped: boolean) => void;
  readonly isFollowed: boolean;
  readonly onFollow: (isFollowed: boolean) => void;
}

/** Drawn anew when something of it changes, not with each line that arrives. */
export const LogControls = memo((props: LogControlsProps) => {
  const { find, onFind, foundCount, place, onPlace, isLive, isWrapped, onWrap, isFollowed, onFollow } = props;
  const { t } = useTranslation();
  const id = useId();
  const go = (step: number): void => {
    onFollow(false);
    onPlace(place + step);
  };
  return (
    <>
      <ToolbarItem>
        <SearchInput
          aria-label={t('ui.log.find')}
          placeholder={t('ui.log.find')}
          value={find}
          onChange={(_event, text) => {
            onPlace(0);
            onFollow(false);
            onFind(text);
          }}
          onClear={() => onFind('')}
          inputProps={{
            onKeyUp: ({ key, shiftKey }: KeyboardEvent) => {
              if (key === 'Enter') go(shiftKey ? -1 : 1);
            },
          }}
          {...(find === '' ? {} : { resultsCount: `${foundCount === 0 ? 0 : place + 1} / ${foundCount}` })}
          onNextClick={() => go(1)}
          onPreviousClick={() => go(-1)}
          resultsCountContext={` ${t('ui.log.places')}`}
          nextNavigationButtonAriaLabel={t('ui.log.next')}
          previousNavigationButtonAriaLabel={t('ui.log.previous')}
          resetButtonLabel={t('ui.clearFilter')}
        />
      </ToolbarItem>
      <ToolbarItem alignSelf="center">
        <Switch
          id={`${id}-wrap`}
          label={t('ui.log.wrap')}
          isChecked={isWrapped}
          onChange={(_event, isOn) => onWrap(isOn)}
        />
      </ToolbarItem>
      {isLive ? (
        <ToolbarItem alignSelf="center">
          <Switch
            id={`${id}-follow`}
            label={t('ui.log.follow')}
            isChecked={isFollowed}
            onChange={(_event, isOn) => onFollow(isOn)}
          />
        </ToolbarItem>
      ) : null}
    </>
  );
});
