/* Who began when, and what of them comes again, period by period. */

import { useTranslation } from 'react-i18next';
import type { By } from '../api';
import { useInfo } from '../info';
import { Button, Choice, Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { AgainstControl, againstOf, Differences } from './against';
import { useCohortCustomers, useCohorts, type Cohorts } from './answers';
import { CohortTable, shows, type Show } from './cohorttable';
import { Controls, Labelled, TextField } from './controls';
import heat from './heat.module.css';
import { useHere } from './here';
import { named, useKnown } from './known';
import { OnceMoreTable } from './oncemore';
import { Answered, ReportPage } from './page';
import { periodName } from './periods';
import { faultAt, useQuestion } from './question';
import { Who } from './who';

const steps: By[] = ['day', 'week', 'month', 'quarter', 'year'];

/* As the command line writes it: a row for each cell. */
const rows = ({ cohorts }: Cohorts) => [
  ['cohort', 'began', 'period', 'number', 'customers', 'events', 'value'],
  ...cohorts.flatMap(cohort => cohort.periods.map((cell, n) => [
    cohort.cohort, cohort.customers, cell.period, n, cell.customers, cell.events, cell.value ?? '',
  ])),
];

function useCohortQuestion() {
  const question = useQuestion();
  const { read, params } = question;
  const { lifecycle } = useInfo();
  const known = useKnown();
  const usual = known.usual && named(known.usual.name);
  const first = read('first') ?? usual;
  /* What a trait or a stage begins is no event that could come again. */
  const byEvent = first === undefined || !/^\s*(trait|stage)\./.test(first);
  const again = read('again') ?? (byEvent ? undefined : usual);
  const after = byEvent ? read('after') : undefined;
  const value = read('value');
  const by = steps.find(step => step === read('by')) ?? 'month';
  const repeat = read('repeat') === '1', cumulated = read('cumulated') === '1';
  const offered = shows.filter(one => value || (one !== 'value' && one !== 'each'));
  const show = offered.find(one => one === read('show')) ?? (value ? 'value' : 'share');
  return {
    question, known, byEvent, first, again, after, value, by, repeat, cumulated, offered, show,
    /* Everybody is there at first. */
    wholeAtFirst: !repeat && (!again || again === first) && (show === 'share' || show === 'customers'),
    asked: {
      ...params, lifecycle, first, after, again, value, by, repeat: repeat ? 1 : undefined, cumulated: cumulated ? 1 : undefined,
      ...againstOf(question),
    },
  };
}
type CohortQuestion = ReturnType<typeof useCohortQuestion>;

function CohortControls({ q, error }: { q: CohortQuestion; error: Error | null }) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const { question: { ask }, known } = q;
  const sums = known.sums(q.again ?? q.first ?? '').map(property => named(property.name));
  return (
    <Controls question={q.question} fields={['from', 'to', 'at', 'segment', 'when']} error={error}>
      <datalist id="begins">
        {known.events.map(event => <option key={event.name} value={named(event.name)} />)}
        {known.moments.map(trait => <option key={trait} value={trait} />)}
        {info.lifecycle.stages.map(stage => <option key={stage.name} value={`stage.${named(stage.name)}`} />)}
      </datalist>
      <datalist id="comes">
        {known.events.map(event => <option key={event.name} value={named(event.name)} />)}
      </datalist>
      <Labelled label={t('cohorts.first')}>
        <TextField label={t('cohorts.first')} value={q.first ?? ''} list="begins" title={t('cohorts.firstWhat')}
          onCommit={first => ask({ first })} fault={faultAt(error, 'first')} />
      </Labelled>
      {q.byEvent && (
        <Labelled label={t('cohorts.back')}>
          <TextField label={t('cohorts.back')} value={q.after ?? ''} placeholder="180d" title={t('cohorts.backWhat')}
            onCommit={after => ask({ after })} fault={faultAt(error, 'after')} />
        </Labelled>
      )}
      <Labelled label={t('cohorts.again')}>
        <TextField label={t('cohorts.again')} value={q.again ?? ''} list="comes" placeholder={q.byEvent ? t('cohorts.againSame') : undefined}
          onCommit={again => ask({ again })} fault={faultAt(error, 'again')} />
      </Labelled>
      <Labelled label={t('report.periods')}>
        <Select label={t('report.periods')} value={q.by}
          onChange={by => ask({ by: by === 'month' ? '' : by, rows: '', columns: '', cohort: '', period: '' })}
          options={steps.map(value => ({ value, label: t(`report.length.${value}`) }))} />
      </Labelled>
      <Labelled label={t('report.value')}>
        <Select label={t('report.value')} value={q.value ?? ''} onChange={value => ask({ value, show: '' })}
          options={[
            { value: '', label: t('report.valueNone') },
            ...[...new Set([...sums, ...(q.value ? [q.value] : [])])].map(value => ({ value, label: format.fact(value) })),
          ]} />
      </Labelled>
      <AgainstControl question={q.question} error={error} without={['cohort', 'period']} />
    </Controls>
  );
}

function CohortCustomers({ q, cohort, period }: { q: CohortQuestion; cohort: string; period: string | undefined }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const list = useCohortCustomers({ ...q.asked, against: undefined, against_segment: undefined, cohort, period });
  const began = t('who.began', { cohort: periodName(cohort, q.by, format, t) });
  const again = period && t(q.cumulated ? 'who.againUpTo' : 'who.againIn', {
    period: periodName(period, q.by, format, t),
  });
  return (
    <Who title={began} note={again} file={`cohort-${cohort}${period ? `-${period}` : ''}`}
      whose={list.data?.map(id => ({ id }))} error={list.error} retry={() => void list.refetch()}
      at={q.question.asked} onClose={() => q.question.ask({ cohort: '', period: '' })} />
  );
}

function Found({ q, answer }: { q: CohortQuestion; answer: Cohorts }) {
  const { t } = useTranslation();
  const here = useHere();
  const { read, ask } = q.question;
  if (answer.cohorts.length === 0) return <p className={heat.none} data-cohorts={0}>{t('cohorts.none')}</p>;
  return (
    <>
      <section aria-labelledby="cohorts">
        <div className={heat.head}>
          <h2 id="cohorts">{t('cohorts.title')}</h2>
          <div className={heat.tools}>
            <Choice<Show> label={t('report.show')} value={q.show} onChange={show => ask({ show })}
              options={q.offered.map(value => ({ value, label: t(`cohorts.shows.${value}`) }))} />
            <Button pressed={q.repeat} onClick={() => ask({ repeat: q.repeat ? '' : 1 })}>{t('cohorts.repeat')}</Button>
            {/* Everybody is there from the first period on: only what comes behind it adds up. */}
            <Button pressed={q.cumulated} onClick={() => ask({
              cumulated: q.cumulated ? '' : 1, ...(!q.cumulated && q.wholeAtFirst && { repeat: 1 }),
            })}>{t('cohorts.cumulated')}</Button>
            <SaveMenu file="cohorts" rows={() => rows(answer)} />
          </div>
        </div>
        <CohortTable answer={answer} show={q.show} wholeAtFirst={q.wholeAtFirst}
          type={q.known.typeOfSum(q.again ?? q.first ?? '', q.value)}
          cellLink={(cohort, period) => here({ cohort, period })}
          opened={{ cohort: read('cohort'), period: read('period') }} />
      </section>
      {answer.difference && (
        <Differences question={q.question} title={t('against.title')} note={t('against.note')} head={t(`cohorts.after.${q.by}`)} file="cohorts-against"
          rows={answer.difference.filter(of => !q.wholeAtFirst || of.number > 0).map(of => ({ name: String(of.number), of }))} />
      )}
      {answer.again_difference && (
        <Differences question={q.question} title={t('against.onceMore')} head={t('onceMore.times')} file="once-more-against"
          rows={answer.again_difference.map(of => ({ name: String(of.times), of }))} />
      )}
      {answer.again.length > 0 && <OnceMoreTable again={answer.again} />}
    </>
  );
}

export default function CohortsPage() {
  const { t } = useTranslation();
  const q = useCohortQuestion();
  const { read } = q.question;
  const answer = useCohorts(q.asked, q.first !== undefined);
  const cohort = read('cohort'), period = read('period');
  const shown = ['first', 'after', 'again', 'when', 'from', 'to', 'at', 'against'].some(name => faultAt(answer.error, name));
  return (
    <ReportPage note={t('cohorts.note')} keeps={{ report: 'cohorts', asked: q.asked, at: q.question.asked }}>
      <CohortControls q={q} error={answer.error} />
      {q.first === undefined && q.known.ready
        ? <p className={heat.none}>{t('report.choose')}</p>
        : <Answered query={answer} shown={shown} height={420}>
            {data => <Found q={q} answer={data} />}
          </Answered>}
      {cohort && answer.data && !answer.error && <CohortCustomers q={q} cohort={cohort} period={period} />}
    </ReportPage>
  );
}
