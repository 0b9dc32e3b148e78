/* By what customers are compared: what the event tells that brings most, rules of one's own, traits. */

import { useTranslation } from 'react-i18next';
import { useDictionary, type Fault } from '../api';
import { useInfo } from '../info';
import { Labelled, TextField } from './controls';
import { named, useKnown } from './known';
import styles from './overlap.module.css';
import { faultAt, type Question } from './question';
import { stepsOf } from './steps';

const TRAITS = 12;

const listed = (text: string | undefined) => (text === undefined ? [] : stepsOf(text).map(one => one.text));

export function useLikeness(question: Question) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const known = useKnown();
  const told = useDictionary().data?.traits ?? [];
  const { read, ask } = question;
  const { usual } = known;
  const event = usual && named(usual.name);
  const sum = event && known.sums(event)[0];
  const name = usual ? format.event(usual.name) : '';
  const offered = event === undefined ? [] : [
    { rule: `count(${event}, 1y)`, label: t('likeness.often', { event: name }) },
    { rule: `since(${event})`, label: t('likeness.ago', { event: name }) },
    ...(sum ? [{ rule: `sum(${event}.${named(sum.name)}, 1y)`, label: t('likeness.sum', { event: name, value: format.fact(sum.name) }) }] : []),
  ];
  const untold = read('measures') === undefined && read('traits') === undefined;
  const measures = untold ? offered.map(one => one.rule) : listed(read('measures'));
  const traits = listed(read('traits'));
  const label = new Map(offered.map(one => [one.rule, one.label]));
  return {
    known, offered, measures, traits,
    ready: known.ready && measures.length + traits.length > 0,
    text: told.filter(trait => trait.type === 'text' || trait.type === 'bool').slice(0, TRAITS).map(trait => named(trait.name)),
    own: measures.filter(rule => !label.has(rule)),
    asked: { measures: measures.join(', ') || undefined, traits: traits.join(', ') || undefined },
    change: (to: { measures?: string[]; traits?: string[] }) => ask({
      measures: (to.measures ?? measures).join(', '), traits: (to.traits ?? traits).join(', '), customers: '',
    }),
    /* Of a measure or a trait. */
    label: (column: string) => label.get(column) ?? (traits.includes(column) ? format.fact(column.replaceAll('`', '')) : column),
    /* How a value of it is written. */
    shown: (value: unknown, type: string | undefined) => (value === null || value === undefined ? '–'
      : type === 'length' ? format.span(Number(value))
      : typeof value === 'number' && type !== 'money' ? format.number(Math.round(value * 100) / 100)
      : format.value(value, type)),
  };
}
export type Likeness = ReturnType<typeof useLikeness>;

export function LikenessControls({ of, error }: { of: Likeness; error: Error | null }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const own = of.own.join(', ');
  const wrong = (error as { fault?: Fault } | null)?.fault;
  /* The server names one of several. */
  const place = wrong?.text === undefined ? undefined : stepsOf(own).find(one => one.text === wrong.text);
  const fault = place && wrong ? { ...wrong, ...(wrong.column !== undefined && { column: wrong.column + place.from }) } : faultAt(error, 'measures', own);
  const toggle = (all: string[], one: string) => (all.includes(one) ? all.filter(other => other !== one) : [...all, one]);
  return (
    <fieldset className={styles.choose}>
      <legend>{t('likeness.by')}</legend>
      {of.offered.map(({ rule, label }) => (
        <label key={rule} title={rule}>
          <input type="checkbox" checked={of.measures.includes(rule)} onChange={() => of.change({ measures: toggle(of.measures, rule) })} />
          {label}
        </label>
      ))}
      {[...new Set([...of.text, ...of.traits])].map(trait => (
        <label key={trait}>
          <input type="checkbox" checked={of.traits.includes(trait)} onChange={() => of.change({ traits: toggle(of.traits, trait) })} />
          {format.fact(trait.replaceAll('`', ''))}
        </label>
      ))}
      <div className={styles.own}>
        <Labelled label={t('likeness.own')}>
          <TextField label={t('likeness.own')} value={own} placeholder="max(purchase.revenue, 1y)" fault={fault}
            onCommit={text => of.change({ measures: [...of.measures.filter(rule => !of.own.includes(rule)), ...listed(text)] })} />
        </Labelled>
      </div>
    </fieldset>
  );
}

/* What is wrong stands at the field of one's own rules. */
export const likenessFault = (of: Likeness, error: Error | null) => {
  const text = (error as { fault?: Fault } | null)?.fault?.text;
  return text !== undefined && of.own.includes(text);
};
