/* To which channels or campaigns conversions are owed: six models beside one another. */

import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Choice, Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { attributionModels, useAttribution, useAttributionCustomers, type Attribution, type Credit } from './answers';
import { Controls, Labelled, TextField } from './controls';
import heat from './heat.module.css';
import { useHere } from './here';
import { named, useKnown } from './known';
import styles from './attribution.module.css';
import { Answered, ReportPage } from './page';
import { faultAt, useQuestion } from './question';
import { Who } from './who';

const NOBODY = '(none)';
const shows = ['share', 'conversions', 'value'] as const;
type Show = (typeof shows)[number];

function useAttributionQuestion() {
  const question = useQuestion();
  const { read, params } = question;
  const known = useKnown();
  const conversion = read('conversion') ?? (known.usual && named(known.usual.name));
  const sums = known.sums(conversion ?? '').map(property => named(property.name));
  /* "-" is no sum where there could be one. */
  const value = read('value') === '-' ? undefined : read('value') ?? sums[0];
  const by = read('by') === 'campaign' ? 'campaign' as const : 'channel' as const;
  const offered = shows.filter(one => one !== 'value' || value !== undefined);
  return {
    question, known, conversion, sums, value, by, offered,
    show: offered.find(one => one === read('show')) ?? 'share',
    type: known.typeOfSum(conversion ?? '', value),
    asked: {
      ...params, conversion, value, by, without: read('without'), lookback: read('lookback'),
      position: read('position'), half_life: read('half_life'),
    },
  };
}
type AttributionQuestion = ReturnType<typeof useAttributionQuestion>;

function AttributionControls({ q, error }: { q: AttributionQuestion; error: Error | null }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { read, ask } = q.question;
  const text = (name: 'without' | 'lookback' | 'position' | 'half_life', like: string) => (
    <Labelled label={t(`attribution.${name}`)}>
      <TextField label={t(`attribution.${name}`)} value={read(name) ?? ''} placeholder={like}
        title={t(`attribution.what.${name}`)} onCommit={value => ask({ [name]: value })} fault={faultAt(error, name)} />
    </Labelled>
  );
  return (
    <Controls question={q.question} fields={['from', 'to', 'at', 'segment', 'when']} error={error}>
      <datalist id="conversions">
        {q.known.events.map(event => <option key={event.name} value={named(event.name)} />)}
      </datalist>
      <Labelled label={t('attribution.conversion')}>
        <TextField label={t('attribution.conversion')} value={q.conversion ?? ''} list="conversions"
          onCommit={conversion => ask({ conversion, value: '' })} fault={faultAt(error, 'conversion')} />
      </Labelled>
      <Labelled label={t('attribution.value')}>
        <Select label={t('attribution.value')} value={q.value ?? '-'} onChange={value => ask({ value, show: '' })}
          options={[
            { value: '-', label: t('report.valueNone') },
            ...[...new Set([...q.sums, ...(q.value ? [q.value] : [])])]
              .map(value => ({ value, label: format.fact(value) })),
          ]} />
      </Labelled>
      {text('without', 'direct')}
      {text('lookback', '30d')}
      {text('position', '40,20,40')}
      {text('half_life', '7d')}
    </Controls>
  );
}

/* One part of the conversions or of their value, and a bar as long as it is of the greatest. */
function Part({ of, greatest, children }: { of: number | null; greatest: number; children: ReactNode }) {
  return (
    <td className={styles.part}>
      <i aria-hidden="true" style={{ width: `${of && greatest > 0 ? Math.max(0, of / greatest) * 100 : 0}%` }} />
      <span>{children}</span>
    </td>
  );
}

function Found({ q, answer }: { q: AttributionQuestion; answer: Attribution }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const here = useHere();
  const { ask } = q.question;
  const { sources, untouched } = answer;
  if (sources.length === 0 && answer.conversions === 0)
    return <p className={heat.none} data-sources={0}>{t('attribution.none')}</p>;
  const summed = q.show === 'value';
  const of = (credit: Credit | null) => (credit === null ? null : summed ? credit.value ?? null : credit.conversions);
  const whole = of(answer) ?? 0;
  const greatest = Math.max(of(untouched) ?? 0, ...sources.flatMap(source =>
    attributionModels.map(model => of(source[model]) ?? 0)));
  const written = (n: number | null) => n === null ? '–' : q.show === 'share' ? format.share(n, whole)
    : summed ? format.short(n, q.type) : format.rounded(n);
  const who = (customers: string, campaign: string | null | undefined, as?: string) =>
    here({ customers, campaign: campaign === undefined ? undefined : campaign ?? NOBODY, as });
  const counted = (n: number, to: string) => (n > 0 ? <Link to={to}>{format.number(n)}</Link> : '0');
  return (
    <section aria-labelledby="sources" data-sources={sources.length}>
      <div className={heat.head}>
        <div>
          <h2 id="sources">{t('attribution.conversions', { count: answer.conversions, n: format.number(answer.conversions) })}
            {answer.value !== undefined && ` · ${format.value(answer.value, q.type)}`}</h2>
          <p className={styles.note}>
            {t('attribution.lostPaths', { count: answer.lost, n: format.number(answer.lost) })}
          </p>
        </div>
        <div className={heat.tools}>
          <Choice label={t('attribution.by')} value={q.by} onChange={by => ask({ by: by === 'channel' ? '' : by })}
            options={[{ value: 'channel', label: t('attribution.channel') }, { value: 'campaign', label: t('attribution.campaign') }]} />
          <Choice<Show> label={t('report.show')} value={q.show} onChange={show => ask({ show: show === 'share' ? '' : show })}
            options={q.offered.map(value => ({ value, label: t(`attribution.shows.${value}`) }))} />
          <SaveMenu file="attribution" rows={() => [
            ['channel', ...(q.by === 'campaign' ? ['campaign'] : []), 'paths', 'lost', 'removal',
              ...attributionModels, ...(q.value ? attributionModels.map(model => `${model} value`) : [])],
            ...sources.map(source => [
              source.channel, ...(q.by === 'campaign' ? [source.campaign ?? ''] : []), source.paths, source.lost,
              source.removal ?? '', ...attributionModels.map(model => source[model]?.conversions ?? ''),
              ...(q.value ? attributionModels.map(model => source[model]?.value ?? '') : []),
            ]),
          ]} />
        </div>
      </div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="sources">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t(`attribution.${q.by}`)}</th>
              <th scope="col" title={t('attribution.what.paths')}>{t('attribution.paths')}</th>
              <th scope="col" title={t('attribution.what.lost')}>{t('attribution.lost')}</th>
              {attributionModels.map(model => (
                <th key={model} scope="col" title={t(`attribution.models.${model}What`)}>{t(`attribution.models.${model}`)}</th>
              ))}
              <th scope="col" title={t('attribution.what.removal')}>{t('attribution.removal')}</th>
            </tr>
          </thead>
          <tbody>
            {sources.map(source => {
              const { channel, campaign } = source;
              return (
                <tr key={`${channel}\n${campaign ?? ''}`} data-source={campaign === undefined ? channel : `${channel} ${campaign ?? ''}`}>
                  <th scope="row">
                    {campaign === undefined ? channel
                      : <>{campaign ?? <em>{t('attribution.noCampaign')}</em>} <span className={styles.small}>{channel}</span></>}
                  </th>
                  <td>{counted(source.paths, who(channel, campaign))}</td>
                  <td>{counted(source.lost, who(channel, campaign, 'lost'))}</td>
                  {attributionModels.map(model => {
                    const n = of(source[model]);
                    return (
                      <Part key={model} of={n} greatest={greatest}>
                        {n && (model === 'first' || model === 'last')
                          ? <Link to={who(channel, campaign, model)} data-model={model} data-part={n}>{written(n)}</Link>
                          : <span data-model={model} data-part={n ?? undefined}>{written(n)}</span>}
                      </Part>
                    );
                  })}
                  <td>{source.removal === null ? '–' : format.percent(source.removal)}</td>
                </tr>
              );
            })}
            {untouched.conversions > 0 && (
              <tr>
                <th scope="row" className={styles.small}>{t('attribution.untouched')}</th>
                <td>{counted(untouched.conversions, who(NOBODY, undefined))}</td>
                <td />
                {attributionModels.map(model => <Part key={model} of={of(untouched)} greatest={greatest}>{written(of(untouched))}</Part>)}
                <td />
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <dl className={styles.models}>
        {attributionModels.map(model => (
          <div key={model}>
            <dt>{t(`attribution.models.${model}`)}</dt>
            <dd>{t(`attribution.models.${model}What`)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Customers({ q, channel }: { q: AttributionQuestion; channel: string }) {
  const { t } = useTranslation();
  const { read, ask } = q.question;
  const campaign = read('campaign'), as = read('as');
  const list = useAttributionCustomers({ ...q.asked, customers: channel, campaign, as });
  const kind = (['any', 'first', 'last', 'lost'] as const).find(one => one === as) ?? 'any';
  return (
    <Who title={channel === NOBODY ? t('attribution.untouched') : campaign && campaign !== NOBODY ? `${channel}: ${campaign}` : channel}
      note={channel === NOBODY ? undefined : t(`attribution.as.${kind}`)} file="attribution"
      whose={list.data?.map(id => ({ id }))} error={list.error} retry={() => void list.refetch()}
      at={q.question.asked} onClose={() => ask({ customers: '', campaign: '', as: '' })} />
  );
}

export default function AttributionPage() {
  const { t } = useTranslation();
  const q = useAttributionQuestion();
  const answer = useAttribution(q.asked, q.conversion !== undefined);
  const channel = q.question.read('customers');
  const shown = ['conversion', 'without', 'lookback', 'position', 'half_life', 'when', 'from', 'to', 'at']
    .some(name => faultAt(answer.error, name));
  return (
    <ReportPage note={t('attribution.note')} keeps={{ report: 'attribution', asked: q.asked, at: q.question.asked }}>
      <AttributionControls q={q} error={answer.error} />
      {q.known.ready && q.conversion === undefined
        ? <p className={heat.none}>{t('report.choose')}</p>
        : <Answered query={answer} shown={shown} height={420}>{data => <Found q={q} answer={data} />}</Answered>}
      {channel && answer.data && !answer.error && <Customers q={q} channel={channel} />}
    </ReportPage>
  );
}
