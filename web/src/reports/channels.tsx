/* What channels and campaigns cost, whom they reach and win, and what comes of it. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Choice, Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { question as asking } from './answers';
import styles from './attribution.module.css';
import { Controls, Labelled, TextField } from './controls';
import heat from './heat.module.css';
import { useHere } from './here';
import { named, useKnown } from './known';
import { Answered, ReportPage } from './page';
import { faultAt, useQuestion, useReportLink } from './question';
import views from './views.module.css';
import { Who } from './who';

const NOBODY = '(none)';
const counts = ['reached', 'won', 'events'] as const;
type Count = (typeof counts)[number];

type Brought = Record<Count | 'spend', number> & { cost: number | null; value?: number | null; return?: number | null };
type Source = Brought & { channel: string; campaign?: string | null };
interface Channels { all: Brought; nobody: Brought; foreign: number; sources: Source[]; customers?: string[] }

function useChannelsQuestion() {
  const question = useQuestion();
  const { read, params } = question;
  const known = useKnown();
  const event = read('event') ?? (known.usual && named(known.usual.name));
  const sums = known.sums(event ?? '').map(property => named(property.name));
  /* "-" is no sum where there could be one. */
  const value = read('value') === '-' ? undefined : read('value') ?? sums[0];
  const by = read('through') === 'campaign' ? 'campaign' as const : 'channel' as const;
  const touch = read('touch') === 'last' ? 'last' as const : 'first' as const;
  return {
    question, known, event, sums, value, by, touch, type: known.typeOfSum(event ?? '', value),
    asked: { ...params, event, value, by, touch, won: read('won'), without: read('without') },
  };
}
type ChannelsQuestion = ReturnType<typeof useChannelsQuestion>;

function ChannelsControls({ q, error }: { q: ChannelsQuestion; error: Error | null }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { read, ask } = q.question;
  return (
    <Controls question={q.question} fields={['from', 'to', 'at', 'segment', 'when']} error={error}>
      <datalist id="events">{q.known.events.map(event => <option key={event.name} value={named(event.name)} />)}</datalist>
      <Labelled label={t('channels.event')}>
        <TextField label={t('channels.event')} value={q.event ?? ''} list="events" onCommit={event => ask({ event, value: '' })}
          fault={faultAt(error, 'event', q.event)} />
      </Labelled>
      <Labelled label={t('report.value')}>
        <Select label={t('report.value')} value={q.value ?? '-'} onChange={value => ask({ value })}
          options={[
            { value: '-', label: t('report.valueNone') },
            ...[...new Set([...q.sums, ...(q.value ? [q.value] : [])])].map(value => ({ value, label: format.fact(value) })),
          ]} />
      </Labelled>
      <Labelled label={t('channels.wonBy')}>
        <TextField label={t('channels.wonBy')} value={read('won') ?? ''} list="events" placeholder={t('channels.firstTouch')}
          title={t('channels.what.wonBy')} onCommit={won => ask({ won })} fault={faultAt(error, 'won')} />
      </Labelled>
      <Labelled label={t('channels.touch')}>
        <Select label={t('channels.touch')} value={q.touch} onChange={touch => ask({ touch: touch === 'first' ? '' : touch })}
          options={(['first', 'last'] as const).map(value => ({ value, label: t(`channels.touches.${value}`) }))} />
      </Labelled>
      <Labelled label={t('channels.without')}>
        <TextField label={t('channels.without')} value={read('without') ?? ''} placeholder="direct"
          onCommit={without => ask({ without })} fault={faultAt(error, 'without')} />
      </Labelled>
    </Controls>
  );
}

function Found({ q, answer }: { q: ChannelsQuestion; answer: Channels }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const here = useHere();
  const to = useReportLink();
  const { sources, all, nobody } = answer;
  const costs = <Link to={to('/reports/spend')} className={views.link}>{t('channels.costs')}</Link>;
  if (sources.length === 0 && all.won === 0 && all.events === 0)
    return <p className={heat.none} data-channels={0}>{t('channels.none')} {costs}</p>;
  const money = (n: number | null | undefined) => (typeof n === 'number' ? format.value(n, 'money') : '–');
  const who = (one: Brought, as: Count, channel: string | undefined, campaign: string | null | undefined) =>
    (one[as] > 0 && channel !== undefined
      ? <Link to={here({ customers: channel, campaign: campaign === undefined ? undefined : campaign ?? NOBODY, as: as === 'won' ? undefined : as })}
          data-as={as}>{format.number(one[as])}</Link>
      : format.number(one[as]));
  const parts = [...sources, nobody];
  const greatest = { spend: Math.max(0, ...parts.map(one => one.spend)), value: Math.max(0, ...parts.map(one => one.value ?? 0)) };
  const part = (one: Brought, name: 'spend' | 'value', text: string) => (
    <td className={styles.part}>
      {one !== all && greatest[name] > 0
        && <i aria-hidden="true" style={{ width: `${Math.max(0, (one[name] ?? 0) / greatest[name]) * 100}%` }} />}
      <span>{text}</span>
    </td>
  );
  const cells = (one: Brought, channel?: string, campaign?: string | null) => (
    <>
      {part(one, 'spend', money(one.spend))}
      <td>{who(one, 'reached', channel, campaign)}</td>
      <td>{who(one, 'won', channel, campaign)}</td>
      <td>{money(one.cost)}</td>
      <td>{who(one, 'events', channel, campaign)}</td>
      {q.value !== undefined && part(one, 'value', typeof one.value === 'number' ? format.value(one.value, q.type) : '–')}
      {q.value !== undefined && <td>{typeof one.return === 'number' ? format.number(Math.round(one.return * 100) / 100) : '–'}</td>}
    </>
  );
  const head = (name: 'spend' | 'reached' | 'won' | 'cost' | 'return') =>
    <th scope="col" title={t(`channels.what.${name}`)}>{t(`channels.${name}`)}</th>;
  return (
    <section aria-labelledby="channels" data-channels={sources.length}>
      <div className={heat.head}>
        <div>
          <h2 id="channels">{t('channels.title', { spend: money(all.spend), won: format.number(all.won) })}</h2>
          <p className={styles.note}>{t('channels.how')} {costs}</p>
        </div>
        <div className={heat.tools}>
          <Choice label={t('channels.by')} value={q.by} onChange={by => q.question.ask({ through: by === 'channel' ? '' : by })}
            options={(['channel', 'campaign'] as const).map(value => ({ value, label: t(`channels.${value}`) }))} />
          <SaveMenu file="channels" rows={() => [
            ['channel', ...(q.by === 'campaign' ? ['campaign'] : []), 'spend', 'reached', 'won', 'cost', 'events', 'value', 'return'],
            ...[...sources, { ...nobody, channel: NOBODY, campaign: '' }].map(one => [
              one.channel, ...(q.by === 'campaign' ? [one.campaign ?? ''] : []), one.spend, one.reached, one.won, one.cost ?? '', one.events,
              one.value ?? '', one.return ?? '',
            ]),
          ]} />
        </div>
      </div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="channels">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t(`channels.${q.by}`)}</th>
              {head('spend')}{head('reached')}{head('won')}{head('cost')}
              <th scope="col">{t('list.events')}</th>
              {q.value !== undefined && <th scope="col">{format.fact(q.value)}</th>}
              {q.value !== undefined && head('return')}
            </tr>
          </thead>
          <tbody>
            {sources.map(one => (
              <tr key={`${one.channel}\n${one.campaign ?? ''}`} data-source={one.campaign === undefined ? one.channel : `${one.channel} ${one.campaign ?? ''}`}
                data-numbers={[one.spend, one.reached, one.won, one.cost, one.events, one.value, one.return].join(' ')}>
                <th scope="row">
                  {one.campaign === undefined ? one.channel
                    : <>{one.campaign ?? <em>{t('channels.noCampaign')}</em>} <span className={styles.small}>{one.channel}</span></>}
                </th>
                {cells(one, one.channel, one.campaign)}
              </tr>
            ))}
            {nobody.won + nobody.events > 0 && (
              <tr><th scope="row" className={styles.small}>{t('channels.nobody')}</th>{cells(nobody, NOBODY, undefined)}</tr>
            )}
            <tr><th scope="row"><b>{t('channels.all')}</b></th>{cells(all)}</tr>
          </tbody>
        </table>
      </div>
      {answer.foreign > 0 && <p className={styles.note}>{t('channels.foreign', { n: format.number(answer.foreign) })}</p>}
    </section>
  );
}

function Customers({ q, channel }: { q: ChannelsQuestion; channel: string }) {
  const { t } = useTranslation();
  const { read, ask } = q.question;
  const campaign = read('campaign'), as = read('as');
  const kind = counts.find(one => one === as) ?? 'won';
  const list = useQuery(asking<Channels>('/api/channels', { ...q.asked, customers: channel, campaign, as }, true));
  return (
    <Who title={channel === NOBODY ? t('channels.nobody') : campaign && campaign !== NOBODY ? `${channel}: ${campaign}` : channel}
      note={t(`channels.as.${kind}`)} file="channels" whose={list.data?.customers?.map(id => ({ id }))} error={list.error}
      retry={() => void list.refetch()} at={q.question.asked} onClose={() => ask({ customers: '', campaign: '', as: '' })} />
  );
}

export default function ChannelsPage() {
  const { t } = useTranslation();
  const q = useChannelsQuestion();
  const answer = useQuery({ ...asking<Channels>('/api/channels', q.asked, q.known.ready), placeholderData: keepPreviousData });
  const channel = q.question.read('customers');
  const shown = ['event', 'won', 'without', 'when', 'from', 'to', 'at'].some(name => faultAt(answer.error, name));
  return (
    <ReportPage note={t('channels.note')} keeps={{ report: 'channels', asked: q.asked, at: q.question.asked }}>
      <ChannelsControls q={q} error={answer.error} />
      <Answered query={answer} shown={shown} height={420}>{data => <Found q={q} answer={data} />}</Answered>
      {channel && answer.data && !answer.error && <Customers q={q} channel={channel} />}
    </ReportPage>
  );
}
