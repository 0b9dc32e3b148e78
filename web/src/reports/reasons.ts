/* What a measure says of a customer, in the reader's words; the server's rules are those of engine/features.c. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';

export interface Reason { measure: string; value: number | null; odds: number; words: string }

const LENGTH = String.raw`(\d+[a-z]+)`, EVENT = '(.+?)';
/* The rule, what of it is named, and the words. The first that fits is meant. */
const rules = [
  [/^since\(any\)$/, [], 'seen', 'days'],
  [/^age\(any\)$/, [], 'first', 'days'],
  [new RegExp(`^count\\(any, ${LENGTH}\\)$`), ['length'], 'events', 'number'],
  [new RegExp(`^distinct\\(any\\.day, ${LENGTH}\\)$`), ['length'], 'days', 'number'],
  [new RegExp(`^distinct\\(any\\.channel, ${LENGTH}\\)$`), ['length'], 'channels', 'number'],
  [new RegExp(`^count\\(ticket_opened, ${LENGTH}\\)$`), ['length'], 'help', 'number'],
  [/^last\(survey_answered\.score\)$/, [], 'survey', 'number'],
  [/^kinds of events$/, [], 'kinds', 'number'],
  [/^time in stage$/, [], 'inStage', 'days'],
  [/^moves$/, [], 'moves', 'number'],
  [new RegExp(`^count\\(${EVENT}, ${LENGTH}\\) - count\\(.+\\)$`), ['event', 'length'], 'trend', 'number'],
  [new RegExp(`^count\\(${EVENT}, ${LENGTH}\\)$`), ['event', 'length'], 'lately', 'number'],
  [/^since\((.+)\)$/, ['event'], 'since', 'days'],
  [/^count\((.+)\)$/, ['event'], 'count', 'number'],
  [/^sum\(.+, 1y\)$/, [], 'money', 'money'],
] as const;

export function useReason() {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  return ({ measure, value, words }: Reason) => {
    if (info.lifecycle.stages.some(stage => stage.name === measure))
      return t(value ? 'propensity.reasons.stage' : 'propensity.reasons.notStage', { stage: format.stage(measure) });
    for (const [pattern, names, key, unit] of rules) {
      const found = measure.match(pattern);
      if (!found) continue;
      const part = (name: string) => found[(names as readonly string[]).indexOf(name) + 1] ?? '';
      const event = part('event'), length = part('length');
      const given = { event: format.event(event.replaceAll('`', '')), length: length && format.length(length) };
      if (value === null) return t(`propensity.reasons.none.${unit === 'days' || key === 'survey' ? key : 'since'}`, given);
      return t(`propensity.reasons.${key}`, {
        ...given, n: unit === 'days' ? format.days(Math.round(value)) : unit === 'money' ? format.value(value, 'money') : format.number(value),
      });
    }
    return words;
  };
}
