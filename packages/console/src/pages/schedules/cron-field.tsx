// When it runs: the five fields of cron and a time zone, with what they say in words and the next five times.
import { nextTimes, timesProblem } from '@drover/api/schedule-times';
import {
  Button,
  Content,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  List,
  ListItem,
  TextInput,
} from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { nowMs } from '../../ui/clock.ts';
import { toCronWords } from './cron-words.ts';

const examples = ['*/15 * * * *', '@hourly', '30 2 * * *', '0 6 * * 1-5', '0 0 1 * *'];
const zones: readonly string[] = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((z) => z !== 'UTC')];

/** 4 January 1970 was a Sunday. */
const dayName = (day: number, language: string): string =>
  new Intl.DateTimeFormat(language, { weekday: 'long', timeZone: 'UTC' }).format((3 + day) * 86_400_000);

/** What a valid schedule says. */
export const useCronWords = (schedule: string): string => {
  const { t, i18n } = useTranslation();
  const words = toCronWords(schedule);
  if (words.kind !== 'weekly') return t(`schedules.words.${words.kind}`, { ...words });
  const days = words.days.map((day) => dayName(day, i18n.language));
  return t('schedules.words.weekly', {
    time: words.time,
    days: new Intl.ListFormat(i18n.language).format(days),
  });
};

/** The next five times of a valid schedule, by the clock of its zone. */
export const NextTimes = ({
  schedule,
  timeZone,
}: {
  readonly schedule: string;
  readonly timeZone: string;
}) => {
  const { t, i18n } = useTranslation();
  const format = new Intl.DateTimeFormat(i18n.language, {
    dateStyle: 'full',
    timeStyle: 'short',
    timeZone,
  });
  return (
    <List isPlain aria-label={t('schedules.nextTimes')}>
      {nextTimes(schedule, timeZone, nowMs(), 5).map((ms) => (
        <ListItem key={ms}>
          <time dateTime={new Date(ms).toISOString()}>{format.format(ms)}</time>
        </ListItem>
      ))}
    </List>
  );
};

const Meaning = (props: { readonly schedule: string; readonly timeZone: string }) => {
  const { t } = useTranslation();
  const words = useCronWords(props.schedule);
  return (
    <FormGroup label={t('schedules.nextTimes')} role="group" fieldId="next-times">
      <Content component="p" aria-live="polite">
        {words}
      </Content>
      <NextTimes {...props} />
    </FormGroup>
  );
};

export const CronField = ({
  schedule,
  timeZone,
  onChange,
}: {
  readonly schedule: string;
  readonly timeZone: string;
  readonly onChange: (when: { readonly schedule: string; readonly timeZone: string }) => void;
}) => {
  const { t } = useTranslation();
  const problem = schedule === '' ? undefined : timesProblem(schedule, timeZone);
  return (
    <>
      <FormGroup label={t('schedules.schedule')} isRequired fieldId="schedule">
        <TextInput
          id="schedule"
          isRequired
          value={schedule}
          validated={problem === undefined ? 'default' : 'error'}
          aria-describedby="schedule-help"
          onChange={(_event, text) => onChange({ schedule: text, timeZone })}
        />
        <FormHelperText>
          <HelperText id="schedule-help">
            <HelperTextItem variant={problem === undefined ? 'default' : 'error'}>
              {problem?.message ?? t('schedules.scheduleHelp')}
            </HelperTextItem>
          </HelperText>
          {t('schedules.examples')}:{' '}
          {examples.map((example) => (
            <Button
              key={example}
              variant="link"
              isInline
              style={{ marginInlineEnd: '1rem' }}
              onClick={() => onChange({ schedule: example, timeZone })}
            >
              {example}
            </Button>
          ))}
        </FormHelperText>
      </FormGroup>
      <FormGroup label={t('schedules.timeZone')} fieldId="time-zone">
        <FormSelect
          id="time-zone"
          value={timeZone}
          onChange={(_event, zone) => onChange({ schedule, timeZone: zone })}
        >
          {(zones.includes(timeZone) ? zones : [timeZone, ...zones]).map((zone) => (
            <FormSelectOption key={zone} value={zone} label={zone} />
          ))}
        </FormSelect>
      </FormGroup>
      {problem === undefined && schedule !== '' ? <Meaning schedule={schedule} timeZone={timeZone} /> : null}
    </>
  );
};
