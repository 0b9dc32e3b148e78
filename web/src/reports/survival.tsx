/* How long it lasts from a beginning to an end, of those too to whom it has not happened yet. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { useSurvival, useSurvivalCustomers, type Survival } from './answers';
import { Controls, Labelled, TextField, useTraitOptions } from './controls';
import heat from './heat.module.css';
import { useHere } from './here';
import { named, useKnown } from './known';
import { Answered, ReportPage } from './page';
import styles from './paths.module.css';
import { faultAt, useQuestion } from './question';
import { SurvivalCurves } from './survivalcurves';
import { Who } from './who';

const everies = ['1d', '7d', '30d', '90d'];

function useSurvivalQuestion() {
  const question = useQuestion();
  const { read, params } = question;
  const { lifecycle } = useInfo();
  const known = useKnown();
  const usual = known.usual && named(known.usual.name);
  const first = read('first') ?? usual, end = read('end') ?? usual;
  const every = read('every') ?? '30d';
  return { question, known, first, end, every, asked: { ...params, lifecycle, first, after: read('after'), end, every } };
}
export type SurvivalQuestion = ReturnType<typeof useSurvivalQuestion>;

function SurvivalControls({ q, error }: { q: SurvivalQuestion; error: Error | null }) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const { read, ask } = q.question;
  const traits = useTraitOptions();
  const names = [
    ...q.known.events.map(event => named(event.name)),
    ...info.lifecycle.stages.map(stage => `stage.${named(stage.name)}`),
  ];
  const text = (name: 'first' | 'after' | 'end', value: string, like?: string) => (
    <Labelled label={t(`survival.${name}`)}>
      <TextField label={t(`survival.${name}`)} value={value} list={name === 'after' ? undefined : 'lasting'} placeholder={like}
        title={t(`survival.what.${name}`)} onCommit={value => ask({ [name]: value })} fault={faultAt(error, name)} />
    </Labelled>
  );
  return (
    <Controls question={q.question} fields={['from', 'to', 'at', 'segment', 'by', 'when']} error={error}
      by={[...traits, ...(info.segments.length ? [{
        group: t('filter.segments'),
        items: info.segments.map(one => ({ value: `segment.${named(one.name)}`, label: format.segment(one.name) })),
      }] : [])]}>
      <datalist id="lasting">{names.map(name => <option key={name} value={name} />)}</datalist>
      {text('first', q.first ?? '')}
      {text('after', read('after') ?? '', '180d')}
      {text('end', q.end ?? '')}
      <Labelled label={t('survival.every')}>
        <Select label={t('survival.every')} value={q.every} onChange={every => ask({ every: every === '30d' ? '' : every })}
          options={[...new Set([...everies, q.every])].map(value => ({ value, label: format.length(value) }))} />
      </Labelled>
    </Controls>
  );
}

function Found({ answer }: { answer: Survival }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const here = useHere();
  const { groups, log_rank: rank } = answer;
  if (groups.length === 0) return <p className={heat.none} data-groups={0}>{t('survival.none')}</p>;
  const length = (ms: number | null) => (ms === null ? '–' : format.span(ms));
  const named = (value: string | null) => {
    if (answer.by === null) return t('survival.everybody');
    if (answer.by.startsWith('segment.')) return t(value === 'yes' ? 'value.yes' : 'value.no');
    return value ?? t('survival.unknown');
  };
  /* Nobody can be asked for by a value that is not known. */
  const who = (value: string | null, n: number, customers: 'ended' | 'waiting') =>
    (n > 0 && (answer.by === null || value !== null)
      ? <Link to={here({ customers, group: value ?? undefined })}>{format.number(n)}</Link> : format.number(n));
  return (
    <div data-groups={groups.length}>
      <SurvivalCurves answer={answer} named={named} />
      {rank && (
        <p className={styles.note} data-p={rank.p}>
          {t(rank.p < 0.05 ? 'survival.differ' : 'survival.alike', {
            chi: format.rounded(rank.chi_square), p: rank.p < 0.001 ? '< 0.001' : `= ${format.number(Number(rank.p.toFixed(3)))}`,
          })}
        </p>
      )}
      <section className={styles.section} aria-labelledby="groups">
        <div className={heat.head}>
          <h2 id="groups">{t('survival.groups')}</h2>
          <SaveMenu file="survival" rows={() => [
            ['group', 'after_ms', 'at_risk', 'ended', 'share', 'low', 'high'],
            ...groups.flatMap(group => group.points.map(point => [
              group.value ?? '', point.after_ms, point.at_risk, point.ended, point.share ?? '', point.low ?? '', point.high ?? '',
            ])),
          ]} />
        </div>
        <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="groups">
          <table className={`${styles.table} ${styles.tight}`}>
            <thead>
              <tr>
                <th scope="col">{t('survival.group')}</th>
                <th scope="col">{t('survival.median')}</th>
                <th scope="col">{t('report.interval')}</th>
                <th scope="col">{t('list.customers')}</th>
                <th scope="col">{t('survival.ended')}</th>
                <th scope="col">{t('survival.waiting')}</th>
                <th scope="col">{t('survival.mean')}</th>
              </tr>
            </thead>
            <tbody>
              {groups.map(group => (
                <tr key={group.value ?? ''} data-group={group.value ?? ''} data-customers={group.customers}>
                  <th scope="row">{named(group.value)}</th>
                  <td>{length(group.median_ms)}</td>
                  <td>{length(group.median_low_ms)} – {group.median_high_ms === null ? '∞' : length(group.median_high_ms)}</td>
                  <td>{format.number(group.customers)}</td>
                  <td>{who(group.value, group.ended, 'ended')}</td>
                  <td>{who(group.value, group.customers - group.ended, 'waiting')}</td>
                  <td>{length(group.mean_ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}

function Customers({ q, which }: { q: SurvivalQuestion; which: string }) {
  const { t } = useTranslation();
  const group = q.question.read('group');
  const list = useSurvivalCustomers({ ...q.asked, customers: which, group });
  return (
    <Who title={t(which === 'ended' ? 'survival.ended' : 'survival.waiting')} note={group} file={`survival-${which}`}
      whose={list.data?.map(id => ({ id }))} error={list.error} retry={() => void list.refetch()}
      at={q.question.asked} onClose={() => q.question.ask({ customers: '', group: '' })} />
  );
}

export default function SurvivalPage() {
  const { t } = useTranslation();
  const q = useSurvivalQuestion();
  const known = q.first !== undefined && q.end !== undefined;
  const answer = useSurvival(q.asked, known);
  const which = q.question.read('customers');
  const shown = ['first', 'after', 'end', 'when', 'from', 'to', 'at'].some(name => faultAt(answer.error, name));
  return (
    <ReportPage note={t('survival.note')} keeps={{ report: 'survival', asked: q.asked, at: q.question.asked }}>
      <SurvivalControls q={q} error={answer.error} />
      {q.known.ready && !known ? <p className={heat.none}>{t('report.choose')}</p>
        : <Answered query={answer} shown={shown} height={420}>{data => <Found answer={data} />}</Answered>}
      {which && answer.data && !answer.error && <Customers q={q} which={which} />}
    </ReportPage>
  );
}
