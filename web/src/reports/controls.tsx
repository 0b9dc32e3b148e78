/* The row of controls that reports share: which time, of whom, broken down by what. */

import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useDictionary, type Fault } from '../api';
import { useInfo } from '../info';
import { dayOf, isDay, isMoment } from '../time';
import { Button, Field, Select, type Option } from '../ui/controls';
import { faultAt, ruleName, useDraft, type Common, type Question } from './question';
import styles from './reports.module.css';

const SETTLE_MS = 700;       /* a date is typed in parts */

/* What is wrong, and the place in the text. */
export function FaultHere({ fault, text }: { fault: Fault; text: string }) {
  const line = text.split('\n')[(fault.line ?? 1) - 1] ?? '';
  return (
    <>
      {fault.message}
      {fault.column !== undefined && (
        <span className={styles.caret} aria-hidden="true">
          {`${line}\n${' '.repeat(Math.max(0, fault.column - 1))}^`}
        </span>
      )}
    </>
  );
}

/* `wide`: it takes a line of its own on a narrow page, or as much as there is always. */
export function Labelled({ label, wide, children }: {
  label: string; wide?: 'narrow' | 'always'; children: ReactNode;
}) {
  return (
    <div className={styles.labelled} data-wide={wide}>
      <span aria-hidden="true">{label}</span>
      {children}
    </div>
  );
}

/* Text that counts when one leaves it or presses Enter; what is wrong with it stands below. */
export function TextField(props: {
  label: string; value: string; onCommit: (value: string) => void; fault?: Fault;
  placeholder?: string; list?: string; title?: string;
}) {
  const { value, onCommit, fault, ...rest } = props;
  const { text, set, done } = useDraft(value, onCommit);
  return (
    <Field {...rest} code value={text} onChange={set} onDone={done}
      error={fault && text === value ? <FaultHere fault={fault} text={value} /> : undefined} />
  );
}

export function DateField(props: {
  label: string; value: string; onCommit: (day: string) => void; fault?: Fault; title?: string;
}) {
  const { info } = useInfo();
  const { value, onCommit, fault, ...rest } = props;
  const { text, set, done } = useDraft(value, onCommit);
  const whole = text === '' || (isDay(text) && text >= '1900');
  const commit = () => { if (whole) done(); };
  useEffect(() => {
    const timer = setTimeout(commit, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const day = isDay(text) ? text : isMoment(text) ? dayOf(text, info.workspace.timezone) : '';
  return (
    <Field {...rest} type="date" value={day} onChange={set} onDone={commit}
      error={fault && text === value ? fault.message : undefined} />
  );
}

/* What everybody can be broken down by; a report adds what its own events have. */
export function useTraitOptions() {
  const { t } = useTranslation();
  const { format } = useInfo();
  const known = useDictionary().data;
  const option = (prefix: string, name: string, label: string): Option =>
    ({ value: `${prefix}${name}`, label });
  return [
    { group: t('report.traits'), items: (known?.traits ?? []).filter(trait => trait.type !== 'list')
      .map(trait => option('trait.', ruleName(trait.name), format.fact(trait.name))) },
    { group: t('report.acquisition'), items: (['channel', 'source', 'medium', 'campaign', 'referrer', 'page'] as const)
      .map(name => option('acquisition.', name, t(`acquisition.${name}`))) },
  ].filter(group => group.items.length > 0);
}

/* `fields` are those that the report understands; `children` its own, in front of them, and `end` what
 * is done with the answer. */
export function Controls({ question, fields, error, by, children, end }: {
  question: Question;
  fields: Common[];
  error: Error | null;
  by?: (Option | { group: string; items: Option[] })[];
  children?: ReactNode;
  end?: ReactNode;
}) {
  const { t } = useTranslation();
  const { info, format, lastDay } = useInfo();
  const { read, ask } = question;
  const has = (name: Common) => fields.includes(name);
  const set = fields.filter(name => name !== 'by' && read(name) !== undefined);
  const given = read('by') ?? '';
  const known = (by ?? []).flatMap(one => ('items' in one ? one.items : [one]));
  const day = (name: 'from' | 'to' | 'at', title?: string) => has(name) && (
    <Labelled label={t(`report.${name}`)}>
      <DateField label={t(`report.${name}`)} title={title} fault={faultAt(error, name, read(name))}
        value={read(name) ?? (name === 'at' ? lastDay : '')}
        onCommit={value => ask({ [name]: name === 'at' && value === lastDay ? '' : value })} />
    </Labelled>
  );
  return (
    <div className={styles.controls} role="group" aria-label={t('report.question')}>
      {children}
      {day('from')}
      {day('to', t('report.toWhat'))}
      {day('at', t('report.atWhat'))}
      {has('segment') && (
        <Labelled label={t('report.segment')}>
          <Select label={t('report.segment')} value={read('segment') ?? ''}
            onChange={segment => ask({ segment })}
            options={[
              { value: '', label: t('report.everybody') },
              ...info.segments.map(one => ({ value: one.name, label: format.segment(one.name) })),
              ...[read('segment')].filter(name => name && !info.segments.some(one => one.name === name))
                .map(name => ({ value: name!, label: name! })),
            ]} />
        </Labelled>
      )}
      {has('by') && (
        <Labelled label={t('report.by')}>
          <Select label={t('report.by')} value={given} onChange={value => ask({ by: value })}
            options={[
              { value: '', label: t('report.byNothing') },
              ...(given && !known.some(one => one.value === given) ? [{ value: given, label: given }] : []),
              ...(by ?? []),
            ]} />
        </Labelled>
      )}
      {has('when') && (
        <Labelled label={t('report.when')} wide="always">
          <TextField label={t('report.when')} value={read('when') ?? ''} placeholder={t('report.whenLike')}
            onCommit={when => ask({ when })} fault={faultAt(error, 'when', read('when'))} />
        </Labelled>
      )}
      {set.length > 0 && (
        <Button onClick={() => ask(Object.fromEntries(set.map(name => [name, ''])))}>{t('report.clear')}</Button>
      )}
      {end && <div className={styles.end}>{end}</div>}
    </div>
  );
}
