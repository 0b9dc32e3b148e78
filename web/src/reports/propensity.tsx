/* Who will leave, and to whom something will come: first how such a guess turned out, then one customer, and why. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { customerLink } from '../links';
import { Choice, Select } from '../ui/controls';
import { Figure } from '../ui/figure';
import { Link } from '../ui/page';
import { question as asking } from './answers';
import { Controls, Labelled, TextField } from './controls';
import heat from './heat.module.css';
import { named, useKnown } from './known';
import bars from './oncemore.module.css';
import styles from './overlap.module.css';
import { Answered, ReportPage } from './page';
import cards from './personas.module.css';
import { faultAt, useQuestion } from './question';
import { useReason, type Reason } from './reasons';
import { TenthsChart } from './tenths';

const withins = ['30d', '60d', '90d', '180d', '365d'], ways = ['logistic', 'xgboost'] as const;

/* A number that there is not is null. */
interface Score { auc: number | null; auc_error: number | null; log_loss: number | null; log_loss_error: number | null; brier: number | null }
interface Tenth { customers: number; expected: number; came: number; lift: number | null }
interface Propensity {
  target: string; churn: boolean; within: string; held_against: string; customers: number; came: number; tenths: Tenth[];
  learnt: { moments: string[]; rows: number; did: number; is_part: boolean };
  models: (Score & { with: (typeof ways)[number] })[]; best: (typeof ways)[number];
  recency: Pick<Score, 'auc' | 'auc_error'>; same_for_all: Pick<Score, 'log_loss' | 'log_loss_error' | 'brier'>; beats_recency: boolean;
  customer?: { id: string; share: number; reasons: Reason[] };
}

function usePropensityQuestion() {
  const question = useQuestion();
  const { read } = question;
  const known = useKnown();
  const target = read('target') ?? (known.usual && named(known.usual.name));
  const churn = read('asked') !== 'comes' && !target?.startsWith('stage:');
  const value = target === undefined ? undefined : known.sums(target)[0];
  return {
    question, known, target, churn, within: read('within') ?? '90d', way: ways.find(one => one === read('with')),
    asked: {
      target, churn: churn ? 1 : undefined, within: read('within') ?? '90d', with: ways.find(one => one === read('with')),
      value: value && named(value.name), measures: read('measures'), at: question.asked, segment: read('segment'), when: read('when'),
    },
  };
}
type PropensityQuestion = ReturnType<typeof usePropensityQuestion>;

function PropensityControls({ q, error }: { q: PropensityQuestion; error: Error | null }) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const { read, ask } = q.question;
  return (
    <Controls question={q.question} fields={['at', 'segment', 'when']} error={error}>
      <datalist id="targets">
        {q.known.events.map(event => <option key={event.name} value={named(event.name)} />)}
        {info.lifecycle.stages.map(stage => <option key={stage.name} value={`stage:${stage.name}`} />)}
      </datalist>
      <Labelled label={t('propensity.asked')}>
        <Choice label={t('propensity.asked')} value={q.churn ? 'leaves' : 'comes'}
          onChange={asked => ask({ asked: asked === 'leaves' ? '' : asked, ...(asked === 'leaves' && read('target')?.startsWith('stage:') && { target: '' }) })}
          options={(['leaves', 'comes'] as const).map(value => ({ value, label: t(`propensity.${value}`) }))} />
      </Labelled>
      <Labelled label={t('propensity.target')}>
        <TextField label={t('propensity.target')} value={q.target ?? ''} list="targets" title={t('propensity.targetWhat')}
          onCommit={target => ask({ target })} fault={faultAt(error, 'target', q.target)} />
      </Labelled>
      <Labelled label={t('propensity.within')}>
        <Select label={t('propensity.within')} value={q.within} onChange={within => ask({ within: within === '90d' ? '' : within })}
          options={[...new Set([...withins, q.within])].map(value => ({ value, label: format.length(value) }))} />
      </Labelled>
      <Labelled label={t('propensity.with')}>
        <Select label={t('propensity.with')} value={q.way ?? ''} onChange={way => ask({ with: way })}
          options={[{ value: '', label: t('propensity.better') }, ...ways.map(value => ({ value, label: t(`propensity.ways.${value}`) }))]} />
      </Labelled>
      <Labelled label={t('propensity.measures')}>
        <TextField label={t('propensity.measures')} value={read('measures') ?? ''} placeholder="distinct(purchase.sku, 1y)"
          onCommit={measures => ask({ measures })} fault={faultAt(error, 'measures')} />
      </Labelled>
    </Controls>
  );
}

function HowWell({ answer }: { answer: Propensity }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const three = (n: number | null) => (n === null ? '–' : format.number(Number(n.toFixed(3))));
  const bounds = (of: number | null, error: number | null, most: number): [number, number] | null =>
    (of === null || error === null ? null : [Math.max(0, of - 1.96 * error), Math.min(most, of + 1.96 * error)]);
  const written = (between: [number, number] | null) => (between ? `${three(between[0])} – ${three(between[1])}` : '–');
  const percent = (share: number) => `${share * 100}%`;
  const rows: (Score & { name: string; key: string })[] = [
    ...answer.models.map(model => ({ ...model, key: model.with, name: t(`propensity.ways.${model.with}`) })),
    { ...answer.recency, log_loss: null, log_loss_error: null, brier: null, key: 'recency', name: t('propensity.ways.recency') },
    { ...answer.same_for_all, auc: null, auc_error: null, key: 'same', name: t('propensity.ways.same') },
  ];
  return (
    <section className={styles.section} aria-labelledby="how-well">
      <h2 id="how-well">{t('propensity.howWell')}</h2>
      <p>{t('propensity.aucWhat')}</p>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="how-well">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('propensity.with')}</th>
              <th scope="col">{t('propensity.auc')}</th><th scope="col">{t('report.interval')}</th>
              <th scope="col" title={t('propensity.logLossWhat')}>{t('propensity.logLoss')}</th><th scope="col">{t('report.interval')}</th>
              <th scope="col" title={t('propensity.brierWhat')}>{t('propensity.brier')}</th>
              <th className={styles.bar} aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {rows.map(row => {
              const between = bounds(row.auc, row.auc_error, 1);
              return (
                <tr key={row.key} data-way={row.key} data-auc={row.auc ?? ''} data-log-loss={row.log_loss ?? ''}>
                  <th scope="row">{row.name}{row.key === answer.best && answer.models.length > 1 && <> <small>{t('propensity.taken')}</small></>}</th>
                  <td className={row.key === answer.best ? styles.close : undefined}>{three(row.auc)}</td>
                  <td>{written(between)}</td>
                  <td className={row.key === answer.best ? styles.close : undefined}>{three(row.log_loss)}</td>
                  <td>{written(bounds(row.log_loss, row.log_loss_error, Infinity))}</td>
                  <td>{three(row.brier)}</td>
                  <td className={styles.bar} aria-hidden="true">
                    {between && (
                      <div className={bars.track}>
                        <u style={{ left: '50%' }} />
                        <i style={{ left: percent(between[0]), width: percent(between[1] - between[0]) }} />
                        <b style={{ left: percent(row.auc!) }} />
                      </div>
                    )}
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

function Found({ q, answer }: { q: PropensityQuestion; answer: Propensity }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { tenths, learnt } = answer;
  const came = tenths.map(tenth => (tenth.customers ? tenth.came / tenth.customers : null));
  const lift = (n: number | null) => (n === null ? '–' : `× ${format.number(Math.round(n * 100) / 100)}`);
  const rows = () => [
    ['tenth', 'customers', 'expected', 'came', 'lift'],
    ...tenths.map((tenth, i) => [i + 1, tenth.customers, tenth.expected, tenth.came, tenth.lift ?? '']),
  ];
  const table = (
    <table>
      <thead>
        <tr>
          <th scope="col">{t('tenths.one')}</th><th scope="col">{t('list.customers')}</th><th scope="col">{t('propensity.expected')}</th>
          <th scope="col">{t('propensity.came')}</th><th scope="col">{t('propensity.lift')}</th>
        </tr>
      </thead>
      <tbody>
        {tenths.map((tenth, i) => (
          <tr key={i} data-tenth={`${tenth.expected} ${tenth.came}`}>
            <th scope="row">{i + 1}</th><td>{format.number(tenth.customers)}</td><td>{format.percent(tenth.expected)}</td>
            <td>{format.share(tenth.came, tenth.customers)}</td><td>{lift(tenth.lift)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
  return (
    <div data-held={answer.customers} data-came={answer.came}>
      <section className={styles.section}>
        <Figure file="propensity-hold-out" rows={rows} table={table}
          title={t(q.churn ? 'propensity.left' : 'propensity.did', {
            n: format.number(answer.came), of: format.number(answer.customers), length: format.length(answer.within), day: format.day(answer.held_against),
          })}
          note={<>
            <b className={answer.beats_recency ? undefined : cards.beaten} data-beats={answer.beats_recency}>
              {t(answer.beats_recency ? 'propensity.beats' : 'propensity.beaten')}</b>{' '}
            {t('propensity.learnt', { n: format.number(learnt.rows), moments: learnt.moments.length, did: format.number(learnt.did) })}
            {learnt.is_part && ` ${t('propensity.part')}`}
          </>}
          chart={ref => (
            <TenthsChart ref={ref} written={format.rate} axis={t('tenths.axis')} label={t('propensity.calibrationChart')}
              is={{ name: t('propensity.came'), data: came }}
              beside={{ name: t('propensity.expected'), data: tenths.map(tenth => (tenth.customers ? tenth.expected : null)) }} />
          )} />
      </section>
      <section className={styles.section}>
        <Figure file="propensity-lift" rows={rows} table={table} title={t('propensity.liftTitle', { lift: lift(tenths[0]?.lift ?? null) })}
          note={t('propensity.liftWhat')}
          chart={ref => (
            <TenthsChart ref={ref} written={n => `× ${format.number(Math.round(n * 100) / 100)}`} axis={t('tenths.axis')} label={t('propensity.liftChart')}
              is={{ name: t('propensity.lift'), data: tenths.map(tenth => tenth.lift) }}
              beside={{ name: t('propensity.same'), data: tenths.map(() => 1) }} />
          )} />
      </section>
      <HowWell answer={answer} />
    </div>
  );
}

function OneCustomer({ q }: { q: PropensityQuestion }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const reason = useReason();
  const id = q.question.read('customer');
  const answer = useQuery({ ...asking<Propensity>('/api/propensity', { ...q.asked, customer: id }, id !== undefined), placeholderData: keepPreviousData });
  const one = id !== undefined && !answer.error && !answer.isPlaceholderData ? answer.data?.customer : undefined;
  const greatest = Math.max(1e-9, ...(one?.reasons ?? []).map(each => Math.abs(each.odds)));
  return (
    <section className={styles.section} aria-labelledby="one">
      <h2 id="one">{t('propensity.one')}</h2>
      <div className={styles.own}>
        <Labelled label={t('list.customer')}>
          <TextField label={t('list.customer')} value={id ?? ''} onCommit={customer => q.question.ask({ customer })}
            fault={answer.error && id !== undefined ? { code: 'input', message: answer.error.message } : undefined} />
        </Labelled>
      </div>
      {one && (
        <div data-propensity-of={one.id} data-share={one.share}>
          <h3><Link to={customerLink(one.id, q.question.asked)} className={cards.count}>{one.id}</Link></h3>
          <p>{t(q.churn ? 'propensity.willLeave' : 'propensity.willCome', { share: format.percent(one.share), length: format.length(q.within) })}</p>
          <p className={cards.small}>{t('propensity.why')}</p>
          <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="one">
            <table className={styles.table}>
              <thead>
                <tr><th scope="col">{t('propensity.reason')}</th><th scope="col">{t('propensity.odds')}</th><th className={styles.bar} aria-hidden="true" /></tr>
              </thead>
              <tbody>
                {one.reasons.map(each => (
                  <tr key={each.measure} data-reason={each.measure} data-odds={each.odds}>
                    <th scope="row" title={each.measure}>{reason(each)}</th>
                    <td>{each.odds > 0 ? '+' : each.odds < 0 ? '−' : ''}{format.number(Math.abs(Math.round(each.odds * 100) / 100))}</td>
                    <td className={styles.bar} aria-hidden="true"><i style={{ width: `${Math.abs(each.odds) / greatest * 100}%` }} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      )}
    </section>
  );
}

export default function PropensityPage() {
  const { t } = useTranslation();
  const q = usePropensityQuestion();
  const enabled = q.target !== undefined && q.known.ready;
  const answer = useQuery({ ...asking<Propensity>('/api/propensity', q.asked, enabled), placeholderData: keepPreviousData });
  const shown = ['target', 'measures', 'when', 'at'].some(name => faultAt(answer.error, name, name === 'target' ? q.target : undefined));
  return (
    <ReportPage note={t('propensity.note')} keeps={enabled ? { report: 'propensity', asked: q.asked, at: q.question.asked } : undefined}>
      <PropensityControls q={q} error={answer.error} />
      {q.known.ready && !enabled ? <p className={heat.none} data-held={0}>{t('report.choose')}</p>
        : answer.error && !shown ? <p className={heat.none} role="alert">{t('propensity.untold', { why: answer.error.message })}</p>
        : <Answered query={answer} shown={shown} height={420}>{data => <><Found q={q} answer={data} /><OneCustomer q={q} /></>}</Answered>}
    </ReportPage>
  );
}
