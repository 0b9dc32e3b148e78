/* Who stays and who goes, period by period, and the rate made of it by a formula that is named. */

import { useTranslation } from 'react-i18next';
import type { By } from '../api';
import { useInfo } from '../info';
import { Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { churnFormulas, fates, useChurn, useChurnCustomers, type Churn } from './answers';
import { Controls, Labelled, TextField } from './controls';
import heat from './heat.module.css';
import { useHere } from './here';
import { named, useKnown } from './known';
import bars from './oncemore.module.css';
import { Answered, ReportPage } from './page';
import styles from './paths.module.css';
import { periodName } from './periods';
import { faultAt, useQuestion } from './question';
import { Who } from './who';

const steps: By[] = ['day', 'week', 'month', 'quarter', 'year'];

function useChurnQuestion() {
  const question = useQuestion();
  const { read, params } = question;
  const { lifecycle } = useInfo();
  const known = useKnown();
  const active = read('active') ?? (known.usual && named(known.usual.name));
  const sums = known.sums(active ?? '').map(property => named(property.name));
  const by = steps.find(step => step === read('by')) ?? 'month';
  const value = read('value');
  const offered = churnFormulas.filter(one => value !== undefined || (one !== 'gross' && one !== 'net'));
  return {
    question, known, active, sums, by, value, offered,
    formula: offered.find(one => one === read('formula')) ?? 'start',
    asked: { ...params, lifecycle, active, by, value },
  };
}
type ChurnQuestion = ReturnType<typeof useChurnQuestion>;

function ChurnControls({ q, error }: { q: ChurnQuestion; error: Error | null }) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const { ask } = q.question;
  return (
    <Controls question={q.question} fields={['from', 'to', 'at', 'segment', 'when']} error={error}>
      <datalist id="active">
        {q.known.events.map(event => <option key={event.name} value={named(event.name)} />)}
        {info.lifecycle.stages.map(stage => <option key={stage.name} value={`stage.${named(stage.name)}`} />)}
      </datalist>
      <Labelled label={t('churn.active')}>
        <TextField label={t('churn.active')} value={q.active ?? ''} list="active" title={t('churn.activeWhat')}
          onCommit={active => ask({ active, value: '' })} fault={faultAt(error, 'active')} />
      </Labelled>
      <Labelled label={t('report.periods')}>
        <Select label={t('report.periods')} value={q.by} onChange={by => ask({ by: by === 'month' ? '' : by })}
          options={steps.map(value => ({ value, label: t(`report.length.${value}`) }))} />
      </Labelled>
      <Labelled label={t('report.value')}>
        <Select label={t('report.value')} value={q.value ?? ''} onChange={value => ask({ value, formula: '' })}
          options={[
            { value: '', label: t('report.valueNone') },
            ...[...new Set([...q.sums, ...(q.value ? [q.value] : [])])].map(value => ({ value, label: format.fact(value) })),
          ]} />
      </Labelled>
      <Labelled label={t('churn.formula')}>
        <Select label={t('churn.formula')} value={q.formula}
          onChange={formula => ask({ formula: formula === 'start' ? '' : formula })}
          options={q.offered.map(value => ({ value, label: t(`churn.formulas.${value}`) }))} />
      </Labelled>
    </Controls>
  );
}

function Found({ q, answer }: { q: ChurnQuestion; answer: Churn }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const here = useHere();
  const { periods } = answer;
  if (periods.length === 0) return <p className={heat.none} data-periods={0}>{t('churn.none')}</p>;
  /* Only stages tell of those who came and left in between. */
  const shown = fates.filter(fate => fate !== 'passed' || periods.some(period => period.passed > 0));
  const percent = (share: number) => `${Math.min(Math.max(share, 0), 1) * 100}%`;
  return (
    <section aria-labelledby="churn" data-periods={periods.length}>
      <div className={heat.head}>
        <h2 id="churn">{t('churn.title')}</h2>
        <SaveMenu file="churn" rows={() => [
          ['period', 'start', ...fates, 'end', ...q.offered],
          ...periods.map(period => [
            period.period, period.start, ...fates.map(fate => period[fate]), period.end,
            ...q.offered.map(formula => period.rates[formula]?.retention ?? ''),
          ]),
        ]} />
      </div>
      <p className={styles.note}>{t(`churn.how.${q.formula}`)}</p>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="churn">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t(`report.length.${q.by}`)}</th>
              <th scope="col">{t('churn.retention')}</th>
              <th scope="col">{t('churn.churn')}</th>
              <th scope="col">{t('churn.start')}</th>
              {shown.map(fate => <th key={fate} scope="col">{t(`churn.fates.${fate}`)}</th>)}
              <th scope="col">{t('churn.end')}</th>
              <th scope="col">{t('report.interval')}</th>
              <th scope="col" className={styles.bar} aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {periods.toReversed().map(period => {
              const rate = period.rates[q.formula];
              return (
                <tr key={period.period} data-period={period.period} data-retention={rate?.retention}>
                  <th scope="row" className={styles.period}>{periodName(period.period, q.by, format, t)}</th>
                  <td className={bars.share}>{rate ? format.percent(rate.retention) : '–'}</td>
                  <td>{rate ? format.percent(rate.churn) : '–'}</td>
                  <td>{format.number(period.start)}</td>
                  {shown.map(fate => (
                    <td key={fate} data-fate={fate}>{period[fate] > 0
                      ? <Link to={here({ period: period.period, who: fate })}>{format.number(period[fate])}</Link> : '0'}</td>
                  ))}
                  <td>{format.number(period.end)}</td>
                  <td className={bars.wide}>{rate?.low !== undefined && rate.high !== undefined
                    && `${format.percent(rate.low)} – ${format.percent(rate.high)}`}</td>
                  <td className={styles.bar} aria-hidden="true">
                    <div className={bars.track}>
                      {rate && <i style={{ left: percent(rate.low ?? 0), width: percent((rate.high ?? rate.retention) - (rate.low ?? 0)) }} />}
                      {rate && <b style={{ left: percent(rate.retention) }} />}
                    </div>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Customers({ q, period, who }: { q: ChurnQuestion; period: string; who: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const fate = fates.find(one => one === who);
  const list = useChurnCustomers({ ...q.asked, period, who });
  return (
    <Who title={fate ? t(`churn.fates.${fate}`) : who} note={periodName(period, q.by, format, t)} file={`churn-${period}-${who}`}
      whose={list.data?.map(id => ({ id }))} error={list.error} retry={() => void list.refetch()}
      at={q.question.asked} onClose={() => q.question.ask({ period: '', who: '' })} />
  );
}

export default function ChurnPage() {
  const { t } = useTranslation();
  const q = useChurnQuestion();
  const answer = useChurn(q.asked, q.active !== undefined);
  const period = q.question.read('period'), who = q.question.read('who');
  const shown = ['active', 'when', 'from', 'to', 'at'].some(name => faultAt(answer.error, name));
  return (
    <ReportPage note={t('churn.note')} keeps={{ report: 'churn', asked: q.asked, at: q.question.asked }}>
      <ChurnControls q={q} error={answer.error} />
      {q.known.ready && q.active === undefined ? <p className={heat.none}>{t('report.choose')}</p>
        : <Answered query={answer} shown={shown} height={420}>{data => <Found q={q} answer={data} />}</Answered>}
      {period && who && answer.data && !answer.error && <Customers q={q} period={period} who={who} />}
    </ReportPage>
  );
}
