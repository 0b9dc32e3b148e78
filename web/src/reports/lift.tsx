/* What a treatment given by chance changed, beside a group without it; and how many customers it needs to be found. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Choice, Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { attributionModels, question as asking } from './answers';
import { Controls, Labelled, TextField, useTraitOptions } from './controls';
import heat from './heat.module.css';
import { useHere } from './here';
import { named, useKnown } from './known';
import bars from './oncemore.module.css';
import styles from './overlap.module.css';
import { Answered, ReportPage } from './page';
import cards from './personas.module.css';
import { faultAt, useQuestion } from './question';
import { Who } from './who';

const withins = ['7d', '14d', '30d', '60d', '90d'];
const methods = ['difference', 'ratio', 'better', 'cuped', 'always', 'gained'] as const;
type Method = (typeof methods)[number];
const lists = ['converted', 'not', 'waiting', 'several'] as const;

/* Null: it cannot be told. */
interface Estimate { estimate: number; low: number | null; high: number | null; p?: number | null }
type Measured = Partial<Record<Exclude<Method, 'better'>, Estimate | null>> & { better?: number | null };
interface Group {
  group: string; assigned: number; waiting: number; customers: number; converted: number;
  share: number | null; low: number | null; high: number | null; mean?: number | null; spread?: number | null;
}
interface Owed { gained: Estimate | null; owed: Record<(typeof attributionModels)[number], number | null> }
interface Credit { came: number; conversions: Owed; value?: Owed }
interface Lift {
  at: string; control: string | null; several: number; balance: { chi_square: number; p: number; is_off: boolean } | null;
  explained: { conversion: number | null; value?: number | null }; groups: Group[];
  effects: { group: string; conversion: Measured; value?: Measured; attribution?: Credit }[]; customers?: string[];
}
interface Plan { change: number; customers: number; power: number }

function useLiftQuestion() {
  const question = useQuestion();
  const { read } = question;
  const known = useKnown();
  const conversion = read('conversion') ?? (known.usual && named(known.usual.name));
  const sums = known.sums(conversion ?? '').map(property => named(property.name));
  /* "-" is no sum where there could be one. */
  const value = read('value') === '-' ? undefined : read('value') ?? sums[0];
  const group = read('group');
  return {
    question, known, conversion, sums, value, group, type: known.typeOfSum(conversion ?? '', value), within: read('within') ?? '30d',
    asked: {
      group, assigned: read('assigned'), control: read('control'), conversion, value, within: read('within') ?? '30d', split: read('split'), channel: read('channel'),
      from: read('from'), to: read('to'), at: question.asked, segment: read('segment'), when: read('when'),
    },
  };
}
type LiftQuestion = ReturnType<typeof useLiftQuestion>;

function LiftControls({ q, error }: { q: LiftQuestion; error: Error | null }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { read, ask } = q.question;
  const traits = useTraitOptions().flatMap(group => group.items).filter(one => one.value.startsWith('trait.'));
  const assigned = read('assigned');
  const offered = assigned ? q.known.events.filter(event => assigned.startsWith(named(event.name)))
    .flatMap(event => event.properties.map(property => named(property.name))) : traits.map(trait => trait.value);
  const text = (name: 'assigned' | 'group' | 'control' | 'conversion' | 'split' | 'channel', value: string, like?: string, list?: string) => (
    <Labelled label={t(`lift.${name}`)}>
      <TextField label={t(`lift.${name}`)} value={value} list={list} placeholder={like} title={t(`lift.what.${name}`)}
        onCommit={value => ask({ [name]: value, ...(name === 'conversion' && { value: '' }) })} fault={faultAt(error, name, value)} />
    </Labelled>
  );
  return (
    <Controls question={q.question} fields={['from', 'to', 'at', 'segment', 'when']} error={error}>
      <datalist id="events">{q.known.events.map(event => <option key={event.name} value={named(event.name)} />)}</datalist>
      <datalist id="groups">{offered.map(name => <option key={name} value={name} />)}</datalist>
      {text('assigned', assigned ?? '', t('lift.byTrait'), 'events')}
      {text('group', q.group ?? '', assigned ? 'variant' : 'trait.mailing', 'groups')}
      {text('control', read('control') ?? '', 'control')}
      {text('conversion', q.conversion ?? '', undefined, 'events')}
      <Labelled label={t('report.value')}>
        <Select label={t('report.value')} value={q.value ?? '-'} onChange={value => ask({ value })}
          options={[
            { value: '-', label: t('report.valueNone') },
            ...[...new Set([...q.sums, ...(q.value ? [q.value] : [])])].map(value => ({ value, label: format.fact(value) })),
          ]} />
      </Labelled>
      <Labelled label={t('lift.within')}>
        <Select label={t('lift.within')} value={q.within} onChange={within => ask({ within: within === '30d' ? '' : within })}
          options={[...new Set([...withins, q.within])].map(value => ({ value, label: format.length(value) }))} />
      </Labelled>
      {text('split', read('split') ?? '', 'control=1,letter=1')}
      {text('channel', read('channel') ?? '', 'email')}
    </Controls>
  );
}

function Groups({ q, answer }: { q: LiftQuestion; answer: Lift }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const here = useHere();
  const percent = (share: number) => `${share * 100}%`;
  const who = (customers: (typeof lists)[number], n: number, group?: string) =>
    (n > 0 ? <Link to={here({ customers, in: group })} data-list={customers}>{format.number(n)}</Link> : '0');
  const mean = (n: number | null | undefined) => (typeof n === 'number' ? format.value(Math.round(n * 100) / 100, q.type) : '–');
  return (
    <section className={styles.section} aria-labelledby="groups-of">
      <div className={heat.head}>
        <h2 id="groups-of">{t('lift.groups')}</h2>
        <SaveMenu file="lift-groups" rows={() => [
          ['group', 'assigned', 'waiting', 'customers', 'converted', 'share', 'low', 'high', 'mean', 'spread'],
          ...answer.groups.map(one => [one.group, one.assigned, one.waiting, one.customers, one.converted, one.share ?? '', one.low ?? '',
            one.high ?? '', one.mean ?? '', one.spread ?? '']),
        ]} />
      </div>
      {answer.balance && (
        <p className={answer.balance.is_off ? cards.beaten : undefined} data-off={answer.balance.is_off}>
          {t(answer.balance.is_off ? 'lift.off' : 'lift.balanced', { p: format.number(Number(answer.balance.p.toPrecision(2))) })}
        </p>
      )}
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="groups-of">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('lift.group')}</th><th scope="col">{t('list.customers')}</th><th scope="col">{t('lift.converted')}</th>
              <th scope="col">{t('list.share')}</th><th scope="col">{t('report.interval')}</th>
              {q.value !== undefined && <th scope="col">{t('lift.mean', { value: format.fact(q.value) })}</th>}
              <th scope="col" title={t('lift.what.waiting')}>{t('lift.waiting')}</th>
              <th className={styles.bar} aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {answer.groups.map(one => (
              <tr key={one.group} data-group={one.group} data-share={one.share ?? ''} data-customers={one.customers}>
                <th scope="row">{one.group}{one.group === answer.control && <> <small>{t('lift.isControl')}</small></>}</th>
                <td>{format.number(one.customers)}</td>
                <td>{who('converted', one.converted, one.group)}</td>
                <td className={styles.close}>{one.share === null ? '–' : format.percent(one.share)}</td>
                <td>{one.low === null || one.high === null ? '–' : `${format.percent(one.low)} – ${format.percent(one.high)}`}</td>
                {q.value !== undefined && <td>{mean(one.mean)}</td>}
                <td>{who('waiting', one.waiting, one.group)}</td>
                <td className={styles.bar} aria-hidden="true">
                  {one.share !== null && one.low !== null && one.high !== null && (
                    <div className={bars.track}>
                      <i style={{ left: percent(one.low), width: percent(one.high - one.low) }} /><b style={{ left: percent(one.share) }} />
                    </div>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {answer.several > 0 && <p>{t('lift.several')} {who('several', answer.several)}</p>}
    </section>
  );
}

function Effect({ q, of, measure, title }: { q: LiftQuestion; of: Measured; measure: 'conversion' | 'value'; title: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const written = (n: number, method: Method) => {
    const sign = n > 0 && method !== 'ratio' ? '+' : '';
    if (method === 'ratio') return `× ${format.number(Math.round(n * 100) / 100)}`;
    if (measure === 'value') return sign + format.value(Math.round(n * 100) / 100, q.type);
    return method === 'gained' ? sign + format.rounded(n) : t('lift.points', { n: `${sign}${format.rounded(n * 100)}` });
  };
  const surely = (n: number) => (n > 0.999 ? `> ${format.percent(0.999)}` : n < 0.001 ? `< ${format.percent(0.001)}` : format.percent(n));
  const p = (n: number | null | undefined) => (typeof n !== 'number' ? '–' : n < 0.001 ? '< 0.001' : format.number(Number(n.toFixed(3))));
  const offered = methods.filter(method => of[method] !== undefined);
  return (
    <div>
      <h3>{title}</h3>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={title}>
        <table className={`${styles.table} ${styles.words}`}>
          <thead>
            <tr>
              <th scope="col">{t('lift.method')}</th><th scope="col">{t('lift.estimate')}</th>
              <th scope="col">{t('against.bounds')}</th><th scope="col" title={t('lift.what.p')}>p</th>
            </tr>
          </thead>
          <tbody>
            {offered.map(method => {
              const one = of[method];
              const known = one && typeof one === 'object' ? one : undefined;
              const none = method === 'ratio' ? 1 : 0;
              const bounded = known && known.low !== null && known.high !== null;
              const sure = bounded && (known.low! > none || known.high! < none);
              return (
                <tr key={method} data-method={`${measure} ${method}`} data-estimate={known?.estimate ?? (typeof one === 'number' ? one : '')}
                  data-sure={sure}>
                  <th scope="row">{t(`lift.methods.${method}`)}<br /><small>{t(`lift.how.${method}`)}</small></th>
                  <td className={sure ? styles.close : undefined}>{known ? written(known.estimate, method) : typeof one === 'number' ? surely(one) : '–'}</td>
                  <td>{bounded ? `${written(known.low!, method)} … ${written(known.high!, method)}` : typeof one === 'number' ? '' : t('lift.tooLittle')}
                    {bounded && !sure && <><br /><small>{t('against.chance')}</small></>}</td>
                  <td>{p(known?.p)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/* What each model of attribution says is owed to a channel, of the conversions of those who were treated. */
function Beside({ q, credit, measure }: { q: LiftQuestion; credit: Credit; measure: 'conversions' | 'value' }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { gained, owed } = credit[measure]!;
  const written = (n: number) => (measure === 'value' ? format.value(Math.round(n * 100) / 100, q.type) : format.rounded(n));
  const bounded = gained && gained.low !== null && gained.high !== null;
  const off = (n: number | null) => (n === null || !bounded ? undefined : n > gained.high! ? 'more' : n < gained.low! ? 'less' : 'within');
  const title = measure === 'value' ? t('lift.owedOf', { value: format.fact(q.value ?? '') }) : t('lift.owed');
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={title}>
      <table className={`${styles.table} ${styles.words}`}>
        <thead>
          <tr><th scope="col">{t('lift.by')}</th><th scope="col">{title}</th><th scope="col">{t('lift.besideGained')}</th></tr>
        </thead>
        <tbody>
          {attributionModels.map(model => (
            <tr key={model} data-owed={`${measure} ${model}`} data-owes={owed[model] ?? ''} data-off={off(owed[model])}>
              <th scope="row">{t(`lift.models.${model}`)}</th>
              <td>{owed[model] === null ? '–' : written(owed[model])}</td>
              <td>{off(owed[model]) ? t(`lift.besides.${off(owed[model])!}`) : '–'}</td>
            </tr>
          ))}
          <tr data-gained={gained?.estimate ?? ''}>
            <th scope="row">{t('lift.methods.gained')}</th>
            <td className={styles.close}>{gained ? written(gained.estimate) : '–'}</td>
            <td>{bounded ? `${written(gained.low!)} … ${written(gained.high!)}` : t('lift.tooLittle')}</td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}

function Found({ q, answer }: { q: LiftQuestion; answer: Lift }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  if (answer.groups.length === 0) return <p className={heat.none} data-groups={0}>{t('lift.none')}</p>;
  return (
    <div data-groups={answer.groups.length}>
      {answer.effects.map(effect => {
        const { difference } = effect.conversion;
        return (
          <section key={effect.group} className={styles.section} data-effect={effect.group}>
            <h2>{difference ? t('lift.changed', {
              group: effect.group, control: answer.control ?? '', points: `${difference.estimate > 0 ? '+' : ''}${format.rounded(difference.estimate * 100)}`,
            }) : effect.group}</h2>
            <Effect q={q} of={effect.conversion} measure="conversion" title={t('lift.ofConversion')} />
            {effect.value && <Effect q={q} of={effect.value} measure="value" title={t('lift.ofValue', { value: format.fact(q.value ?? '') })} />}
            {effect.attribution && (
              <div>
                <h3>{t('lift.beside', { channel: q.question.read('channel') ?? '', count: effect.attribution.came, n: format.number(effect.attribution.came) })}</h3>
                <p>{t('lift.besideWhat')}</p>
                <Beside q={q} credit={effect.attribution} measure="conversions" />
                {effect.attribution.value && <Beside q={q} credit={effect.attribution} measure="value" />}
              </div>
            )}
          </section>
        );
      })}
      <Groups q={q} answer={answer} />
    </div>
  );
}

function Customers({ q, which }: { q: LiftQuestion; which: string }) {
  const { t } = useTranslation();
  const { read, ask } = q.question;
  const group = read('in');
  const list = useQuery(asking<Lift>('/api/lift', { ...q.asked, customers: which, in: group }, true));
  const kind = lists.find(one => one === which);
  return (
    <Who title={kind ? t(`lift.lists.${kind}`) : which} note={group} file={`lift-${which}`} whose={list.data?.customers?.map(id => ({ id }))}
      error={list.error} retry={() => void list.refetch()} at={q.question.asked} onClose={() => ask({ customers: '', in: '' })} />
  );
}

/* Before it begins: how many it needs, or what so many show. */
function Planned({ q }: { q: LiftQuestion }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { read, ask } = q.question;
  const of = read('plan') === 'money' ? 'spread' as const : 'rate' as const;
  const rate = read('rate') ?? (of === 'rate' ? '0.05' : undefined), change = read('change') ?? (of === 'rate' ? '0.01' : undefined);
  const power = read('power') ?? '0.8';
  const enabled = rate !== undefined && change !== undefined;
  const answer = useQuery({ ...asking<Plan>('/api/lift/plan', { [of]: rate, change, power }, enabled), placeholderData: keepPreviousData });
  const text = (name: 'rate' | 'change' | 'power', value: string | undefined, label: string, fault: string) => (
    <Labelled label={label}>
      <TextField label={label} value={value ?? ''} onCommit={value => ask({ [name]: value })} fault={faultAt(answer.error, fault, value)} />
    </Labelled>
  );
  const shown = [of, 'change', 'power'].some(name => faultAt(answer.error, name, undefined));
  return (
    <section className={styles.section} aria-labelledby="plan" data-needs={enabled && answer.data && !answer.isPlaceholderData ? answer.data.customers : undefined}>
      <div className={heat.head}>
        <h2 id="plan">{t('lift.plan')}</h2>
        <Choice label={t('lift.plan')} value={of} onChange={of => ask({ plan: of === 'spread' ? 'money' : '', rate: '', change: '' })}
          options={[{ value: 'rate', label: t('lift.ofShare') }, { value: 'spread', label: t('lift.ofMoney') }]} />
      </div>
      <div className={heat.tools}>
        {text('rate', rate, t(of === 'rate' ? 'lift.rate' : 'lift.spread'), of)}
        {text('change', change, t('lift.change'), 'change')}
        {text('power', power, t('lift.power'), 'power')}
      </div>
      {answer.error && !shown && <p className={cards.beaten}>{answer.error.message}</p>}
      {enabled && answer.data && !answer.error && <p className={styles.first}>{t('lift.needs', { n: format.number(answer.data.customers) })}</p>}
    </section>
  );
}

export default function LiftPage() {
  const { t } = useTranslation();
  const q = useLiftQuestion();
  const enabled = q.group !== undefined && q.conversion !== undefined;
  const answer = useQuery({ ...asking<Lift>('/api/lift', q.asked, enabled && q.known.ready), placeholderData: keepPreviousData });
  const which = q.question.read('customers');
  const shown = (['assigned', 'group', 'control', 'conversion', 'split', 'channel', 'when', 'from', 'to', 'at'] as const)
    .some(name => faultAt(answer.error, name, name === 'conversion' ? q.conversion : undefined));
  return (
    <ReportPage note={t('lift.note')} keeps={enabled ? { report: 'lift', asked: q.asked, at: q.question.asked } : undefined}>
      <LiftControls q={q} error={answer.error} />
      {!enabled ? <p className={heat.none} data-groups={0}>{t('lift.choose')}</p>
        : <Answered query={answer} shown={shown} height={420}>{data => <Found q={q} answer={data} />}</Answered>}
      {which && answer.data && !answer.error && <Customers q={q} which={which} />}
      <Planned q={q} />
    </ReportPage>
  );
}
