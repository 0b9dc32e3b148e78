/* Everybody by how lately, how often and for how much. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Button, Choice, Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { measures, rfmMethods, useRfm, useRfmCustomers, type Rfm, type RfmMove } from './answers';
import { Controls, DateField, Labelled, TextField } from './controls';
import heat from './heat.module.css';
import { useHere } from './here';
import { named, useKnown } from './known';
import { Answered, ReportPage } from './page';
import { faultAt, useQuestion } from './question';
import { CellTable } from './rfmcells';
import { MoveTable, useGroupName } from './rfmmoves';
import { CutTable, GroupTable, RfmGrid } from './rfmgroups';
import styles from './rfm.module.css';
import { Who } from './who';

/* What own limits begin with: days, times, sums. */
const begin = { recency: '14,33,72,180', frequency: '2,3,5,10', monetary: '50,100,250,1000' };
const noLimits = { recency: '', frequency: '', monetary: '' };

function useRfmQuestion() {
  const question = useQuestion();
  const { read, params } = question;
  const known = useKnown();
  const event = read('event') ?? (known.usual && named(known.usual.name));
  const sums = event === undefined ? [] : known.sums(event).map(property => named(property.name));
  const value = read('value') ?? sums[0];
  const method = rfmMethods.find(one => one === read('method')) ?? 'interpolated';
  const days = read('days') === '1';
  const limits = method === 'limits'
    ? Object.fromEntries(measures.map(what => [what, read(what) ?? begin[what]])) : {};
  const { to: _, by: __, ...shared } = params;
  return {
    question, known, event, sums, value, method, days, limits,
    type: known.typeOfSum(event ?? '', value),
    since: read('since'),
    asked: {
      ...shared, event, value, method, days: days && method !== 'limits' ? 1 : undefined, ...limits, since: read('since'),
    },
  };
}
type RfmQuestion = ReturnType<typeof useRfmQuestion>;

function RfmControls({ q, error }: { q: RfmQuestion; error: Error | null }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { ask } = q.question;
  return (
    <Controls question={q.question} fields={['from', 'at', 'segment', 'when']} error={error}>
      <datalist id="counted">
        {q.known.events.map(event => <option key={event.name} value={named(event.name)} />)}
      </datalist>
      <Labelled label={t('rfm.event')}>
        <TextField label={t('rfm.event')} value={q.event ?? ''} list="counted" title={t('rfm.eventWhat')}
          onCommit={event => ask({ event, value: '' })} fault={faultAt(error, 'event')} />
      </Labelled>
      <Labelled label={t('rfm.value')}>
        <Select label={t('rfm.value')} value={q.value ?? ''} onChange={value => ask({ value })}
          options={[...new Set([...q.sums, ...(q.value ? [q.value] : [])])]
            .map(value => ({ value, label: format.fact(value) }))} />
      </Labelled>
      <Labelled label={t('rfm.method')}>
        <Select label={t('rfm.method')} value={q.method} onChange={method => ask({
          method: method === 'interpolated' ? '' : method, ...(method === 'limits' ? { ...begin, days: '' } : noLimits),
        })}
          options={rfmMethods.map(value => ({ value, label: t(`rfm.methods.${value}`) }))} />
      </Labelled>
      <Labelled label={t('rfm.moves.since')}>
        <DateField label={t('rfm.moves.since')} title={t('rfm.moves.sinceWhat')} value={q.since ?? ''}
          onCommit={since => ask({ since, customers: '', view: since ? 'moves' : '' })} fault={faultAt(error, 'since', q.since)} />
      </Labelled>
      {q.method === 'limits' && measures.map(what => (
        <Labelled key={what} label={t(`rfm.limits.${what}`)}>
          <TextField label={t(`rfm.limits.${what}`)} value={String(q.limits[what])}
            onCommit={limits => ask({ [what]: limits })} fault={faultAt(error, what)} />
        </Labelled>
      ))}
    </Controls>
  );
}

function RfmCustomers({ q, who }: { q: RfmQuestion; who: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const list = useRfmCustomers({ ...q.asked, customers: who });
  const name = useGroupName();
  const way = who.split(' > ');
  const scores = measures.slice(0, who.length).map((what, i) => `${t(`rfm.${what}`)} ${who[i]}`);
  return (
    <Who title={/^[1-5]{1,3}$/.test(who) ? scores.join(', ') : who === 'all' ? t('rfm.all')
      : way.map(name).join(' → ')}
      note={way.length === 2 && q.since ? t('rfm.moves.between', { from: format.day(q.since), to: format.day(String(q.asked.at)) }) : undefined}
      file={`rfm-${who}`} head={[t('rfm.scores'), t('rfm.daysAgo'), t('list.events'), t('rfm.sum')]}
      whose={list.data?.map(one => ({
        id: one.id,
        cells: [measures.map(what => one[what]).join(' '), one.days, one.events, one.value ?? '–'],
      }))}
      error={list.error} retry={() => void list.refetch()}
      at={q.question.asked} onClose={() => q.question.ask({ customers: '' })} />
  );
}

/* As the command line writes it. */
const rows = ({ cells }: Rfm) => [
  [...measures, 'customers', 'value'],
  ...cells.map(cell => [...measures.map(what => cell[what]), cell.customers, cell.value ?? '']),
];

const moveRows = ({ moves = [] }: Rfm) => [['from', 'to', 'customers'], ...moves.map(one => [one.from ?? '', one.to ?? '', one.customers])];

/* How many stayed in their group, went to another one, came in, and went out. */
function sums({ moves = [] }: Rfm, shown: (n: number) => string) {
  const sum = (of: (one: RfmMove) => boolean) => shown(moves.reduce((all, one) => all + (of(one) ? one.customers : 0), 0));
  return {
    stayed: sum(one => one.from === one.to), moved: sum(one => one.from !== null && one.to !== null && one.from !== one.to),
    fresh: sum(one => one.from === null), gone: sum(one => one.to === null),
  };
}

function Found({ q, answer }: { q: RfmQuestion; answer: Rfm }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const here = useHere();
  const { read, ask } = q.question;
  if (answer.total === 0) return <p className={heat.none} data-total={0}>{t('rfm.none')}</p>;
  const views = answer.moves ? (['groups', 'cells', 'moves'] as const) : (['groups', 'cells'] as const);
  const view = views.find(one => one === read('view')) ?? 'groups';
  const open = (who: string) => here({ customers: who });
  const opened = read('customers');
  return (
    <>
      <section aria-labelledby="rfm" data-total={answer.total}>
        <div className={heat.head}>
          <h2 id="rfm">{t('list.total', { count: answer.total, n: format.number(answer.total) })}</h2>
          <div className={heat.tools}>
            <Choice label={t('rfm.view')} value={view} onChange={v => ask({ view: v === 'groups' ? '' : v })}
              options={views.map(value => ({ value, label: value === 'moves' ? t('rfm.moves.title') : t(`rfm.${value}`) }))} />
            {q.method !== 'limits' && (
              <Button pressed={q.days} onClick={() => ask({ days: q.days ? '' : 1 })}>{t('rfm.days')}</Button>
            )}
            <SaveMenu file="rfm" rows={() => (view === 'moves' ? moveRows(answer) : rows(answer))} />
          </div>
        </div>
        {view === 'moves' && <p className={styles.summary}>{t('rfm.moves.sum', sums(answer, format.number))}</p>}
        {view === 'moves'
          ? <MoveTable answer={answer} open={open} opened={opened} />
          : view === 'cells'
          ? <CellTable answer={answer} type={q.type} open={open} opened={opened} />
          : <div className={styles.both}>
              <RfmGrid answer={answer} open={open} opened={opened} />
              <GroupTable answer={answer} type={q.type} open={open} />
            </div>}
      </section>
      <CutTable answer={answer} type={q.type} days={q.days || q.method === 'limits'} />
    </>
  );
}

export default function RfmPage() {
  const { t } = useTranslation();
  const q = useRfmQuestion();
  const answer = useRfm(q.asked, q.event !== undefined && q.value !== undefined);
  const who = q.question.read('customers');
  const shown = ['event', 'when', 'from', 'at', 'since', ...measures].some(name => faultAt(answer.error, name));
  return (
    <ReportPage note={t('rfm.note')} keeps={{ report: 'rfm', asked: q.asked, at: q.question.asked }}>
      <RfmControls q={q} error={answer.error} />
      {q.known.ready && (q.event === undefined || q.value === undefined)
        ? <p className={heat.none}>{t('rfm.choose')}</p>
        : <Answered query={answer} shown={shown} height={420}>
            {data => <Found q={q} answer={data} />}
          </Answered>}
      {who && answer.data && !answer.error && <RfmCustomers q={q} who={who} />}
    </ReportPage>
  );
}
