// The screen of a recording with its buttons: play, pause, speed, and where it stands; all by keyboard too.
import {
  Button,
  Content,
  Flex,
  FlexItem,
  FormSelect,
  FormSelectOption,
  Stack,
  StackItem,
  Switch,
} from '@patternfly/react-core';
import { PauseIcon, PlayIcon, UndoIcon } from '@patternfly/react-icons';
import { type KeyboardEvent, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { download } from '../../ui/download.ts';
import { openScreen } from '../../ui/terminal.ts';
import { type Cast, withoutPauses } from './cast.ts';
import { Player, type PlayerState, speeds } from './player.ts';
import { toClock } from './words.ts';

const stepSeconds = 5;
const maxPauseSeconds = 2;

const stopped: PlayerState = { position: 0, isPlaying: false, speed: 1 };
const never = (): (() => void) => () => undefined;

/** What keys do. */
const keys: ReadonlyMap<string, (player: Player) => void> = new Map([
  [' ', (player) => player.toggle()],
  ['ArrowLeft', (player) => player.seek(player.snapshot().position - stepSeconds)],
  ['ArrowRight', (player) => player.seek(player.snapshot().position + stepSeconds)],
  ['ArrowUp', (player) => player.changeSpeed(1)],
  ['ArrowDown', (player) => player.changeSpeed(-1)],
  ['Home', (player) => player.seek(0)],
]);

const Controls = ({
  player,
  state,
  seconds,
}: {
  readonly player: Player;
  readonly state: PlayerState;
  readonly seconds: number;
}) => {
  const { t } = useTranslation();
  const { position, isPlaying, speed } = state;
  return (
    <Flex alignItems={{ default: 'alignItemsCenter' }}>
      <Button icon={isPlaying ? <PauseIcon /> : <PlayIcon />} onClick={() => player.toggle()}>
        {isPlaying ? t('audit.recordings.pause') : t('audit.recordings.start')}
      </Button>
      <Button variant="secondary" icon={<UndoIcon />} onClick={() => player.seek(0)}>
        {t('audit.recordings.restart')}
      </Button>
      <FlexItem flex={{ default: 'flex_1' }}>
        <input
          type="range"
          aria-label={t('audit.recordings.position')}
          aria-valuetext={toClock(position)}
          min={0}
          max={seconds}
          step="any"
          value={position}
          onChange={({ target }) => player.seek(Number(target.value))}
          style={{ width: '100%' }}
        />
      </FlexItem>
      <FlexItem>{`${toClock(position)} / ${toClock(seconds)}`}</FlexItem>
      <FlexItem>
        <FormSelect
          aria-label={t('audit.recordings.speed')}
          value={String(speed)}
          onChange={(_event, value) => player.setSpeed(speeds.find((one) => String(one) === value) ?? 1)}
        >
          {speeds.map((one) => (
            <FormSelectOption key={one} value={String(one)} label={`${one}×`} />
          ))}
        </FormSelect>
      </FlexItem>
    </Flex>
  );
};

/** The player of a recording, once its screen is there. */
const usePlayer = (cast: Cast, label: string) => {
  const host = useRef<HTMLDivElement>(null);
  const [player, setPlayer] = useState<Player>();
  // The screen is no part of React: it is made in the element once that is there, and goes with it.
  useEffect(() => {
    const { current } = host;
    if (current === null) return;
    let isGone = false;
    let close = (): void => undefined;
    const { columns, rows } = cast;
    void openScreen(current, { columns, rows, label }).then((screen) => {
      if (isGone) return screen.close();
      const made = new Player(cast, screen);
      close = () => {
        made.close();
        screen.close();
      };
      setPlayer(made);
    });
    return () => {
      isGone = true;
      setPlayer(undefined);
      close();
    };
  }, [cast, label]);
  const state = useSyncExternalStore(player?.subscribe ?? never, player?.snapshot ?? (() => stopped));
  return { host, player, state };
};

export const PlayerView = ({
  id,
  text,
  cast,
}: {
  readonly id: string;
  readonly text: string;
  readonly cast: Cast;
}) => {
  const { t } = useTranslation();
  const [skips, setSkips] = useState(true);
  const [shortened] = useState(() => withoutPauses(cast, maxPauseSeconds));
  const shown = skips ? shortened : cast;
  const { host, player, state } = usePlayer(shown, t('audit.recordings.player'));
  const onKeyDown = (event: KeyboardEvent): void => {
    const act = keys.get(event.key);
    if (player === undefined || act === undefined) return;
    event.preventDefault();
    act(player);
  };
  return (
    <Stack hasGutter>
      {/* What scrolls and takes keys must be reachable by keyboard (WCAG 2.1.1). */}
      <section
        ref={host}
        aria-label={t('audit.recordings.player')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
        onKeyDown={onKeyDown}
        style={{ overflowX: 'auto' }}
      />
      {player === undefined ? null : (
        <StackItem>
          <Controls player={player} state={state} seconds={shown.seconds} />
        </StackItem>
      )}
      <Content component="small">{t('audit.recordings.keys')}</Content>
      <Flex alignItems={{ default: 'alignItemsCenter' }}>
        <Switch
          id="skip-idle"
          label={t('audit.recordings.skipIdle')}
          isChecked={skips}
          onChange={(_event, isOn) => setSkips(isOn)}
        />
        <Button variant="link" onClick={() => download(`${id}.cast`, [text], 'application/x-asciicast')}>
          {t('audit.recordings.download')}
        </Button>
      </Flex>
    </Stack>
  );
};
