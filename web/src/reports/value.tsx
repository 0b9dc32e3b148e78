/* What customers will buy and bring: first how such forecasts turned out, then the forecast, the model, and one
 * customer. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { customerLink } from '../links';
import { Select } from '../ui/controls';
import { Figure, SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { question as asking } from './answers';
import { Controls, Labelled, TextField } from './controls';
import { Fits } from './fits';
import heat from './heat.module.css';
import { named, useKnown } from './known';
import styles from './overlap.module.css';
import { Answered, ReportPage } from './page';
import { faultAt, useQuestion, useReportLink } from './question';
import cards from './personas.module.css';
import { TenthsChart } from './tenths';
import { ValueBy } from './valueby';
import { Moves } from './valuemoves';

const models = ['nbd', 'bg-nbd', 'mbg-nbd', 'pareto-nbd', 'bg-cnbd-k', 'mbg-cnbd-k'] as const;
const aheads = ['30d', '90d', '180d', '365d', '730d'], holdOuts = ['30d', '60d', '90d', '180d', '365d'];
const guesses = ['model', 'last_time', 'cells'] as const;
type Guess = (typeof guesses)[number];

interface Fit {
  customers: number; parameters: Record<string, number>; standard_errors: Record<string, number | null>;
  log_likelihood: number; boundary: string | null; converged: boolean;
}
export interface Sure {
  expected_purchases_low?: number | null; expected_purchases_high?: number | null;
  expected_value_low?: number | null; expected_value_high?: number | null;
}
export interface Tenth extends Sure {
  customers: number; alive: number; expected_purchases: number; expected_value?: number | null;
  purchases?: number; value?: number | null;
}
interface Off { mean_error: number; root_error: number; sum: number }
export interface Value extends Fit {
  model: string; repeaters: number; purchases: number; until: string; unit: 'day' | 'week' | 'month';
  spending?: Fit & { without_money: number }; tried?: Record<string, { log_likelihood: number }>;
  ahead_days: number; untold?: number; tenths: Tenth[]; all?: Tenth;
  hold_out_days?: number; came?: number; by_model?: Off; by_last_time?: Off; by_cells?: Off;
  nearest?: { mean_error: Guess; root_error: Guess };
  customer?: Sure & {
    alive_low: number | null; alive_high: number | null;
    no_purchase: number; purchases_from?: number; purchases_to?: number;
    customer: string; purchases: number; first: string; last: string; alive: number;
    expected_purchases: number; expected_each?: number | null; expected_value?: number | null;
  };
}

function useValueQuestion() {
  const question = useQuestion();
  const { read } = question;
  const known = useKnown();
  const event = read('event') ?? (known.usual && named(known.usual.name));
  const sum = event === undefined ? undefined : known.sums(event)[0];
  const value = read('value') ?? (sum && named(sum.name));
  const model = models.find(one => one === read('model'));
  const asked = { event, value, model, segment: read('segment'), when: read('when') };
  return {
    question, known, event, model, asked, type: known.typeOfSum(event ?? '', value),
    ahead: read('ahead') ?? '365d', holdOut: read('hold_out') ?? '90d',
  };
}
type ValueQuestion = ReturnType<typeof useValueQuestion>;

/* Between which a number lies with 95 % probability, in brackets behind it; nothing where it cannot be told. */
function Range({ low, high, write }: { low?: number | null; high?: number | null; write: (n: number) => string }) {
  const { t } = useTranslation();
  return typeof low === 'number' && typeof high === 'number'
    ? <small data-low={low} data-high={high}> ({t('worth.range', { low: write(low), high: write(high) })})</small> : null;
}

const sumOf = (tenths: Tenth[], value: (tenth: Tenth) => number | null | undefined) =>
  tenths.reduce((sum, tenth) => sum + (value(tenth) ?? 0), 0);

/* Of one customer of each tenth. */
const each = (tenths: Tenth[], of: (tenth: Tenth) => number | null | undefined) =>
  tenths.map(tenth => (tenth.customers ? (of(tenth) ?? 0) / tenth.customers : null));

/* How a forecast of days that have passed turned out. */
function TurnedOut({ q, answer }: { q: ValueQuestion; answer: Value }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { tenths, nearest, came = 0 } = answer;
  const by: Record<Guess, Off | undefined> = { model: answer.by_model, last_time: answer.by_last_time, cells: answer.by_cells };
  const expected = answer.by_model?.sum ?? 0;
  const two = (n: number) => format.number(Math.round(n * 100) / 100);
  const beaten = nearest && (nearest.mean_error !== 'model' || nearest.root_error !== 'model');
  const said = !nearest ? '' : !beaten ? t('worth.beats')
    : nearest.mean_error === nearest.root_error ? t('worth.beaten', { guess: t(`worth.guesses.${nearest.mean_error}`) })
    : t('worth.partly', { mean: t(`worth.guesses.${nearest.mean_error}`), root: t(`worth.guesses.${nearest.root_error}`) });
  const rows = tenths.map((tenth, i) => [i + 1, tenth.customers, tenth.expected_purchases, tenth.purchases ?? '', tenth.expected_value ?? '', tenth.value ?? '']);
  return (
    <section className={styles.section} data-came={came} data-nearest={nearest && `${nearest.mean_error} ${nearest.root_error}`}>
      <Figure title={t('worth.turnedOut', { length: format.days(answer.hold_out_days ?? 0), expected: format.number(Math.round(expected)), came: format.number(came) })}
        note={<b className={beaten ? cards.beaten : undefined}>{said}</b>} file="value-hold-out"
        rows={() => [['tenth', 'customers', 'expected_purchases', 'purchases', 'expected_value', 'value'], ...rows]}
        table={
          <table>
            <thead>
              <tr>
                <th scope="col">{t('tenths.one')}</th><th scope="col">{t('list.customers')}</th>
                <th scope="col">{t('worth.expected')}</th><th scope="col">{t('worth.came')}</th>
              </tr>
            </thead>
            <tbody>
              {tenths.map((tenth, i) => (
                <tr key={i}>
                  <th scope="row">{i + 1}</th><td>{format.number(tenth.customers)}</td>
                  <td>{format.rounded(tenth.expected_purchases)}</td><td>{format.number(tenth.purchases ?? 0)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        }
        chart={ref => (
          <TenthsChart ref={ref} written={format.rounded} axis={t('tenths.axis')} label={t('worth.chart')}
            is={{ name: t('worth.came'), data: each(tenths, tenth => tenth.purchases) }}
            beside={{ name: t('worth.expected'), data: each(tenths, tenth => tenth.expected_purchases) }} />
        )} />
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('worth.guess')}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('worth.guess')}</th>
              <th scope="col" title={t('worth.meanWhat')}>{t('worth.mean')}</th>
              <th scope="col" title={t('worth.rootWhat')}>{t('worth.root')}</th>
              <th scope="col">{t('worth.sum')}</th>
            </tr>
          </thead>
          <tbody>
            {guesses.map(guess => by[guess] && (
              <tr key={guess} data-guess={guess} data-mean={by[guess].mean_error}>
                <th scope="row">{t(`worth.guesses.${guess}`)}<br /><small>{t(`worth.how.${guess}`)}</small></th>
                <td className={nearest?.mean_error === guess ? styles.close : undefined}>{two(by[guess].mean_error)}</td>
                <td className={nearest?.root_error === guess ? styles.close : undefined}>{two(by[guess].root_error)}</td>
                <td>{format.number(Math.round(by[guess].sum))}</td>
              </tr>
            ))}
            <tr><th scope="row">{t('worth.came')}</th><td>–</td><td>–</td><td>{format.number(came)}</td></tr>
          </tbody>
        </table>
      </div>
      {q.type === undefined && <p className={cards.small}>{t('worth.noMoney')}</p>}
    </section>
  );
}

/* How much of what is expected the first tenths bring, beside what they would if all were alike. */
function Distribution({ answer }: { answer: Value }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { tenths } = answer;
  const money = tenths.some(tenth => tenth.expected_value !== undefined);
  const of = (tenth: Tenth) => (money ? tenth.expected_value : tenth.expected_purchases);
  const whole = sumOf(tenths, of), all = sumOf(tenths, tenth => tenth.customers);
  if (!(whole > 0)) return null;
  const upTo = (of: (tenth: Tenth) => number | null | undefined, whole: number) =>
    tenths.map((_, i) => sumOf(tenths.slice(0, i + 1), of) / whole);
  const brings = upTo(of, whole), alike = upTo(tenth => tenth.customers, all);
  return (
    <section className={styles.section} data-first-tenth={brings[0]}>
      <Figure title={t('worth.spread', { first: format.percent(brings[0]!), third: format.percent(brings[2]!) })}
        note={t('worth.spreadWhat')} file="value-distribution"
        rows={() => [['tenths', 'customers', 'expected'], ...tenths.map((_, i) => [i + 1, alike[i]!, brings[i]!])]}
        table={
          <table>
            <thead>
              <tr><th scope="col">{t('worth.tenths')}</th><th scope="col">{t('list.customers')}</th><th scope="col">{t('worth.brings')}</th></tr>
            </thead>
            <tbody>
              {tenths.map((_, i) => (
                <tr key={i} data-up-to={brings[i]}>
                  <th scope="row">{i + 1}</th><td>{format.percent(alike[i]!)}</td><td>{format.percent(brings[i]!)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        }
        chart={ref => (
          <TenthsChart ref={ref} written={format.rate} axis={t('worth.firstTenths')} label={t('worth.spreadChart')}
            is={{ name: t('worth.brings'), data: brings }} beside={{ name: t('worth.alike'), data: alike }} />
        )} />
    </section>
  );
}

function Forecast({ q, answer }: { q: ValueQuestion; answer: Value }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { tenths } = answer;
  const money = tenths.some(tenth => tenth.expected_value !== undefined);
  const shown = (value: number) => (q.type === 'money' ? format.short(value, 'money') : format.short(value));
  const purchases = sumOf(tenths, tenth => tenth.expected_purchases), value = sumOf(tenths, tenth => tenth.expected_value);
  const length = format.days(answer.ahead_days);
  const sure = money ? { low: answer.all?.expected_value_low, high: answer.all?.expected_value_high }
    : { low: answer.all?.expected_purchases_low, high: answer.all?.expected_purchases_high };
  return (
    <section className={styles.section} aria-labelledby="forecast" data-expected={purchases}>
      <div className={heat.head}>
        <h2 id="forecast">{money
          ? t('worth.forecastMoney', { value: shown(value), n: format.number(Math.round(purchases)), length })
          : t('worth.forecast', { n: format.number(Math.round(purchases)), length })}</h2>
        <SaveMenu file="value" rows={() => [
          ['tenth', 'customers', 'alive', 'expected_purchases', 'expected_purchases_low', 'expected_purchases_high',
            'expected_value', 'expected_value_low', 'expected_value_high'],
          ...tenths.map((tenth, i) => [i + 1, tenth.customers, tenth.alive,
            tenth.expected_purchases, tenth.expected_purchases_low ?? '', tenth.expected_purchases_high ?? '',
            tenth.expected_value ?? '', tenth.expected_value_low ?? '', tenth.expected_value_high ?? '']),
        ]} />
      </div>
      {typeof sure.low === 'number' && <p><Range {...sure} write={money ? shown : n => format.number(Math.round(n))} /> {t('worth.sure')}</p>}
      <p>{t('worth.tenthsWhat')}{(answer.untold ?? 0) > 0 && ` ${t('worth.untold', { n: format.number(answer.untold!) })}`}</p>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="forecast">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('tenths.one')}</th>
              <th scope="col">{t('list.customers')}</th>
              {money && <th scope="col">{t('worth.money')}</th>}
              {money && <th scope="col">{t('worth.each')}</th>}
              {money && <th scope="col">{t('list.share')}</th>}
              <th scope="col">{t('worth.purchases')}</th>
              <th scope="col">{t('worth.alive')}</th>
              <th className={styles.bar} aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {tenths.map((tenth, i) => {
              const part = money ? (value > 0 ? (tenth.expected_value ?? 0) / value : 0) : purchases > 0 ? tenth.expected_purchases / purchases : 0;
              return (
                <tr key={i} data-tenth={tenth.expected_purchases}>
                  <th scope="row">{i + 1}</th>
                  <td>{format.number(tenth.customers)}</td>
                  {money && (
                    <td>
                      {typeof tenth.expected_value === 'number' ? shown(tenth.expected_value) : '–'}
                      <Range low={tenth.expected_value_low} high={tenth.expected_value_high} write={shown} />
                    </td>
                  )}
                  {money && <td>{tenth.customers ? shown((tenth.expected_value ?? 0) / tenth.customers) : '–'}</td>}
                  {money && <td>{format.percent(part)}</td>}
                  <td>
                    {format.rounded(tenth.expected_purchases)}
                    {!money && <Range low={tenth.expected_purchases_low} high={tenth.expected_purchases_high} write={format.rounded} />}
                  </td>
                  <td>{format.share(tenth.alive, tenth.customers)}</td>
                  <td className={styles.bar} aria-hidden="true"><i style={{ width: `${part * 100}%` }} /></td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/* The server's words of a limit, in the reader's language. */
const limits = {
  'no dropout': 'noDropout', 'homogeneous dropout': 'dropout', 'homogeneous death rate': 'death', 'homogeneous purchase rate': 'rate',
  'homogeneous purchase rate, no dropout': 'rateNoDropout', 'homogeneous purchase rate and dropout': 'rateDropout',
  'homogeneous purchase and death rate': 'rateDeath',
} as const;

function Parameters({ fit, title }: { fit: Fit; title: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const limit = fit.boundary === null ? undefined : limits[fit.boundary as keyof typeof limits];
  const digits = (n: number) => format.number(Number(n.toPrecision(4)));
  return (
    <div>
      <h3>{title}</h3>
      {fit.boundary !== null && <p data-boundary={fit.boundary}>{t('worth.boundary', { what: limit ? t(`worth.limits.${limit}`) : fit.boundary })}</p>}
      {!fit.converged && <p>{t('worth.notConverged')}</p>}
      <table className={cards.parameters}>
        <thead><tr><th scope="col">{t('worth.parameter')}</th><th scope="col">{t('worth.number')}</th><th scope="col">{t('worth.error')}</th></tr></thead>
        <tbody>
          {Object.entries(fit.parameters).map(([name, value]) => (
            <tr key={name} data-parameter={name}>
              <th scope="row">{name}</th><td>{digits(value)}</td>
              <td>{typeof fit.standard_errors[name] === 'number' ? `± ${digits(fit.standard_errors[name])}` : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function useModelName() {
  const { t } = useTranslation();
  return (model: string) => t(`worth.models.${(models as readonly string[]).includes(model) ? model as 'nbd' : 'nbd'}`);
}

function ModelOf({ answer }: { answer: Value }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const tried = Object.entries(answer.tried ?? {}).toSorted(([, a], [, b]) => b.log_likelihood - a.log_likelihood);
  const name = useModelName();
  return (
    <section className={styles.section} aria-labelledby="model" data-model={answer.model}>
      <h2 id="model">{t('worth.model', { name: name(answer.model) })}</h2>
      <p>{t('worth.made', {
        customers: format.number(answer.customers), repeaters: format.number(answer.repeaters), n: format.number(answer.purchases), day: format.day(answer.until),
      })} {tried.length > 1 && t('worth.likeliest', { others: tried.filter(([model]) => model !== answer.model).map(([model]) => name(model)).join(', ') })}</p>
      <div className={cards.cards}>
        <Parameters fit={answer} title={t('worth.often', { unit: t(`worth.units.${answer.unit}`) })} />
        {answer.spending && <Parameters fit={answer.spending} title={t('worth.much')} />}
      </div>
    </section>
  );
}

function OneCustomer({ q, asked }: { q: ValueQuestion; asked: Record<string, string | undefined> }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const id = q.question.read('customer');
  const answer = useQuery({
    ...asking<Value>('/api/value', { ...asked, customer: id }, id !== undefined), placeholderData: keepPreviousData,
  });
  const one = id !== undefined && !answer.error && !answer.isPlaceholderData ? answer.data?.customer : undefined;
  const days = answer.data ? format.days(answer.data.ahead_days) : '';
  const money = (n: number | null | undefined) => (typeof n === 'number' ? format.value(q.type === 'money' ? Math.round(n * 100) / 100 : n, q.type) : '–');
  const rows: [string, ReactNode][] = one ? [
    ...(one.expected_value === undefined ? [] : [[t('worth.one.value', { length: days }),
      <>{money(one.expected_value)}<Range low={one.expected_value_low} high={one.expected_value_high} write={money} /></>] as [string, ReactNode]]),
    [t('worth.one.purchases', { length: days }),
      <>{format.rounded(one.expected_purchases)}<Range low={one.expected_purchases_low} high={one.expected_purchases_high} write={format.rounded} /></>],
    ...(one.purchases_from === undefined ? [] : [[t('worth.one.chance'),
      t('worth.range', { low: format.number(one.purchases_from), high: format.number(one.purchases_to ?? 0) })] as [string, ReactNode]]),
    [t('worth.one.none', { length: days }), format.percent(one.no_purchase)],
    ...(one.expected_each === undefined ? [] : [[t('worth.one.each'), money(one.expected_each)] as [string, ReactNode]]),
    [t('worth.one.alive'), <>{format.percent(one.alive)}<Range low={one.alive_low} high={one.alive_high} write={format.percent} /></>],
    [t('worth.one.bought'), t('worth.one.days', { count: one.purchases, n: format.number(one.purchases), first: format.day(one.first), last: format.day(one.last) })],
  ] : [];
  return (
    <section className={styles.section} aria-labelledby="one">
      <h2 id="one">{t('worth.one.title')}</h2>
      <div className={styles.own}>
        <Labelled label={t('worth.one.id')}>
          <TextField label={t('worth.one.id')} value={id ?? ''} onCommit={customer => q.question.ask({ customer })}
            fault={answer.error && id !== undefined ? { code: 'input', message: answer.error.message } : undefined} />
        </Labelled>
      </div>
      {one && (
        <div data-value-of={one.customer}>
          <h3><Link to={customerLink(one.customer, undefined)} className={cards.count}>{one.customer}</Link></h3>
          <table className={cards.parameters}>
            <tbody>{rows.map(([name, value]) => <tr key={name}><th scope="row">{name}</th><td>{value}</td></tr>)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function ValueControls({ q, error }: { q: ValueQuestion; error: Error | null }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { ask } = q.question;
  const lengths = (all: string[], now: string) => [...new Set([...all, now])].map(value => ({ value, label: format.length(value) }));
  return (
    <Controls question={q.question} fields={['segment', 'when']} error={error}>
      <datalist id="events">{q.known.events.map(event => <option key={event.name} value={named(event.name)} />)}</datalist>
      <Labelled label={t('worth.event')}>
        <TextField label={t('worth.event')} value={q.event ?? ''} list="events" onCommit={event => ask({ event, value: '' })}
          fault={faultAt(error, 'event', q.event)} />
      </Labelled>
      <Labelled label={t('worth.ahead')}>
        <Select label={t('worth.ahead')} value={q.ahead} onChange={ahead => ask({ ahead: ahead === '365d' ? '' : ahead })} options={lengths(aheads, q.ahead)} />
      </Labelled>
      <Labelled label={t('worth.test')}>
        <Select label={t('worth.test')} value={q.holdOut} onChange={days => ask({ hold_out: days === '90d' ? '' : days })} options={lengths(holdOuts, q.holdOut)} />
      </Labelled>
      <Labelled label={t('worth.which')}>
        <Select label={t('worth.which')} value={q.model ?? ''} onChange={model => ask({ model })}
          options={[{ value: '', label: t('worth.best') }, ...models.map(value => ({ value, label: t(`worth.models.${value}`) }))]} />
      </Labelled>
    </Controls>
  );
}

export default function ValuePage() {
  const { t } = useTranslation();
  const q = useValueQuestion();
  const to = useReportLink();
  const enabled = q.event !== undefined;
  const asked = useMemo(() => ({ ...q.asked, ahead: q.ahead }), [JSON.stringify(q.asked), q.ahead]);
  const forecast = useQuery({ ...asking<Value>('/api/value', asked, enabled), placeholderData: keepPreviousData });
  const past = useQuery({ ...asking<Value>('/api/value', { ...q.asked, hold_out: q.holdOut }, enabled), placeholderData: keepPreviousData });
  const name = useModelName();
  const shown = ['event', 'when'].some(name => faultAt(forecast.error, name)) || undefined;
  return (
    <ReportPage note={t('worth.note')} keeps={enabled ? { report: 'value', asked, at: undefined } : undefined}>
      <ValueControls q={q} error={forecast.error} />
      {q.known.ready && !enabled ? <p className={heat.none} data-value={0}>{t('report.choose')} <Link to={to('/reports/segments')}>{t('report.pages.segments')}</Link></p>
        : forecast.error ? <Answered query={forecast} shown={shown} height={420}>{() => null}</Answered>
        : <>
            {past.error
              ? <p className={heat.none} data-untested>{t('worth.untested', { why: past.error.message })}</p>
              : <Answered query={past} height={420}>{data => <TurnedOut q={q} answer={data} />}</Answered>}
            <Answered query={forecast} height={420}>
              {data => <><Distribution answer={data} /><Forecast q={q} answer={data} /></>}
            </Answered>
            <ValueBy question={q.question} ahead={q.ahead} />
            {q.type === 'money' && <Moves asked={asked} />}
            <Answered query={forecast} height={120}>
              {data => <><OneCustomer q={q} asked={asked} /><ModelOf answer={data} /></>}
            </Answered>
            <Fits asked={{ event: q.event, value: q.asked.value, model: q.model }} named={name} />
          </>}
    </ReportPage>
  );
}
