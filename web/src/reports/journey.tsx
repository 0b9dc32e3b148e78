/* What customers do in each stage, when, how content they are, and after what they are lost. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { StageName } from '../stagename';
import { Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { useJourney, useJourneyCustomers, type Journey, type Touchpoint, type Touched } from './answers';
import { Controls, Labelled, TextField } from './controls';
import heat from './heat.module.css';
import { heat as shade } from './heat';
import { useHere } from './here';
import styles from './journey.module.css';
import { named, useKnown } from './known';
import { Answered, ReportPage } from './page';
import { faultAt, useQuestion } from './question';
import { Who } from './who';

const shows = ['customers', 'events', 'since', 'until', 'lost', 'score'] as const;
type Show = (typeof shows)[number];
const tops = ['5', '10', '20', '50'];

function useJourneyQuestion() {
  const question = useQuestion();
  const { read, params } = question;
  const { by: _, ...shared } = params;
  const through = read('through') ?? 'event';
  const score = read('score');
  const offered = shows.filter(one => one !== 'score' || score !== undefined);
  const top = tops.find(one => one === read('top')) ?? '20';
  return {
    question, known: useKnown(), through, offered, top,
    show: offered.find(one => one === read('show')) ?? 'customers',
    asked: {
      ...shared, through, score, top, events: read('events'), worse: read('worse'), within: read('within'),
      lifecycle: read('lifecycle'),
    },
  };
}
type JourneyQuestion = ReturnType<typeof useJourneyQuestion>;

function useTouchpointName(through: string) {
  const { info, format } = useInfo();
  return (name: string) => (through === 'event' && info.properties[name] ? format.event(name) : name);
}

function JourneyControls({ q, error }: { q: JourneyQuestion; error: Error | null }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { read, ask } = q.question;
  const of = (type: string) => q.known.events.flatMap(event => event.properties
    .filter(property => property.type === type).map(property => ({ event: event.name, name: property.name })));
  const properties = [...new Set(of('text').map(property => named(property.name)))];
  const plain = [['event'], ['channel'], ['event', 'channel']].map(parts => ({
    value: parts.join(','), label: parts.map(part => t(`journey.through.${part as 'event'}`)).join(' + '),
  }));
  const listed = [...plain.map(one => one.value), ...properties];
  const text = (name: 'events' | 'score' | 'worse' | 'within', like: string, list?: string) => (
    <Labelled label={t(`journey.${name}`)}>
      <TextField label={t(`journey.${name}`)} value={read(name) ?? ''} placeholder={like} list={list}
        title={t(`journey.what.${name}`)} onCommit={value => ask({ [name]: value })} fault={faultAt(error, name)} />
    </Labelled>
  );
  return (
    <Controls question={q.question} fields={['from', 'to', 'at', 'segment', 'when']} error={error}>
      <datalist id="scores">
        {of('number').map(({ event, name }) => <option key={`${event}.${name}`} value={`${named(event)}.${named(name)}`} />)}
      </datalist>
      <Labelled label={t('journey.of')}>
        <Select label={t('journey.of')} value={q.through} onChange={through => ask({ through: through === 'event' ? '' : through })}
          options={[
            ...plain,
            ...properties.map(value => ({ value, label: format.fact(value) })),
            ...(listed.includes(q.through) ? [] : [{ value: q.through, label: q.through }]),
          ]} />
      </Labelled>
      <Labelled label={t('journey.top')}>
        <Select label={t('journey.top')} value={q.top} onChange={top => ask({ top: top === '20' ? '' : top })}
          options={tops.map(value => ({ value, label: value }))} />
      </Labelled>
      {text('events', t('journey.eventsAll'))}
      {text('score', 'survey_answered.score', 'scores')}
      {text('worse', 'at_risk, lapsed')}
      {text('within', '30d')}
    </Controls>
  );
}

const figureOf = (cell: Touched, show: Show) => ({
  customers: cell.customers, events: cell.events, since: cell.since_ms, until: cell.until_ms,
  lost: cell.touches ? cell.lost / cell.touches : null, score: cell.score ?? null,
})[show];

function Heat({ q, answer }: { q: JourneyQuestion; answer: Journey }) {
  const { t } = useTranslation();
  const { format, colour } = useInfo();
  const here = useHere();
  const name = useTouchpointName(q.through);
  const { show } = q;
  const { stages } = answer;
  const events = new Map<string, number>();
  for (const one of stages.flatMap(stage => stage.touchpoints))
    events.set(one.touchpoint, (events.get(one.touchpoint) ?? 0) + one.events);
  const touchpoints = [...events].sort(([, a], [, b]) => b - a).map(([touchpoint]) => touchpoint);
  const greatest = Math.max(...stages.flatMap(stage => stage.touchpoints.map(one => figureOf(one, show) ?? 0)));
  const written = (n: number | null) => n === null ? '–' : show === 'since' || show === 'until' ? format.span(n)
    : show === 'lost' ? format.percent(n) : show === 'score' ? format.rounded(n) : format.number(n);
  const cell = (stage: string, of: Touched | undefined, touchpoint?: string) => {
    if (!of || of.customers === 0) return <td key={stage} />;
    const n = figureOf(of, show);
    const pain = touchpoint !== undefined && (of as Touchpoint).pain;
    return (
      <td key={stage} data-pain={pain || undefined}>
        <Link data-cell={`${stage} ${touchpoint ?? ''}`} data-n={n ?? ''}
          to={here({ customers: stage, touchpoint, lost: show === 'lost' ? 1 : undefined })}
          title={t('journey.cell', { customers: format.number(of.customers), events: format.number(of.events),
            lost: format.number(of.lost), touches: format.number(of.touches) })}
          style={touchpoint === undefined ? undefined : { background: shade(n ?? 0, greatest, colour(stage)) }}>
          {pain && <span className={styles.pain} role="img" aria-label={t('journey.pain')}>!</span>}{written(n)}
        </Link>
      </td>
    );
  };
  return (
    <section aria-labelledby="map" data-stages={stages.length}>
      <div className={heat.head}>
        <h2 id="map">{t('journey.title')}</h2>
        <div className={heat.tools}>
          <Select label={t('report.show')} value={show} onChange={one => q.question.ask({ show: one === 'customers' ? '' : one })}
            options={q.offered.map(value => ({ value, label: t(`journey.shows.${value}`) }))} />
          <SaveMenu file="journey-map" rows={() => [
            ['stage', 'touchpoint', 'customers', 'events', 'since_ms', 'until_ms', 'touches', 'lost', 'others', 'others_lost',
              'difference', 'difference_low', 'difference_high', 'pain', ...(q.asked.score ? ['score', 'answers'] : [])],
            ...stages.flatMap(stage => stage.touchpoints.map(one => [
              stage.stage, one.touchpoint, one.customers, one.events, one.since_ms ?? '', one.until_ms ?? '', one.touches,
              one.lost, one.others.touches, one.others.lost, one.difference, one.difference_low, one.difference_high,
              String(one.pain), ...(q.asked.score ? [one.score ?? '', one.answers ?? ''] : []),
            ])),
          ]} />
        </div>
      </div>
      <p className={styles.note}>{t(`journey.means.${show}`)}</p>
      <div className={heat.scroll} tabIndex={0} role="region" aria-labelledby="map">
        <table className={heat.heat}>
          <thead>
            <tr>
              <th scope="col" className={heat.name}>{t('journey.touchpoint')}</th>
              {stages.map(({ stage }) => <th key={stage} scope="col"><StageName stage={stage} /></th>)}
            </tr>
          </thead>
          <tbody>
            <tr className={heat.mean}>
              <th scope="row" className={heat.name}>{t('journey.any')}</th>
              {stages.map(stage => cell(stage.stage, stage))}
            </tr>
            {touchpoints.map(touchpoint => (
              <tr key={touchpoint} data-touchpoint={touchpoint}>
                <th scope="row" className={`${heat.name} ${styles.name}`}>{name(touchpoint)}</th>
                {stages.map(stage => cell(stage.stage, stage.touchpoints.find(one => one.touchpoint === touchpoint), touchpoint))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {stages.some(stage => stage.other.touchpoints > 0) && <p className={styles.note}>{t('journey.more')}</p>}
    </section>
  );
}

function Pains({ q, answer }: { q: JourneyQuestion; answer: Journey }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const here = useHere();
  const name = useTouchpointName(q.through);
  const pains = answer.stages.flatMap(stage => stage.touchpoints.filter(one => one.pain).map(one => ({ stage: stage.stage, one })));
  const points = (share: number) => format.rounded(share * 100);
  return (
    <section className={styles.pains} aria-labelledby="pains" data-pains={pains.length}>
      <h2 id="pains">{t('journey.pains')}</h2>
      <p className={styles.note}>{t(pains.length ? 'journey.painsWhat' : 'journey.painsNone')}</p>
      <ul>
        {pains.map(({ stage, one }) => (
          <li key={`${stage}\n${one.touchpoint}`}>
            <p><StageName stage={stage} /> <Link to={here({ customers: stage, touchpoint: one.touchpoint, lost: 1 })}>{name(one.touchpoint)}</Link></p>
            <p className={styles.note}>
              {t('journey.painHow', {
                share: format.share(one.lost, one.touches), touches: format.number(one.touches),
                others: format.share(one.others.lost, one.others.touches), otherTouches: format.number(one.others.touches),
                low: points(one.difference_low), high: points(one.difference_high),
              })}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Customers({ q, stage }: { q: JourneyQuestion; stage: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const name = useTouchpointName(q.through);
  const { read, ask } = q.question;
  const touchpoint = read('touchpoint'), lost = read('lost') === '1' ? 1 : undefined;
  const list = useJourneyCustomers({ ...q.asked, customers: stage, touchpoint, lost });
  return (
    <Who title={`${format.stage(stage)}: ${touchpoint === undefined ? t('journey.any') : name(touchpoint)}`}
      note={lost && t('journey.lostAfter')} file="journey-map" whose={list.data?.map(id => ({ id }))} error={list.error}
      retry={() => void list.refetch()} at={q.question.asked}
      onClose={() => ask({ customers: '', touchpoint: '', lost: '' })} />
  );
}

export default function JourneyPage() {
  const { t } = useTranslation();
  const q = useJourneyQuestion();
  const answer = useJourney(q.asked);
  const stage = q.question.read('customers');
  const shown = ['events', 'score', 'within', 'when', 'from', 'to', 'at'].some(name => faultAt(answer.error, name));
  return (
    <ReportPage note={t('journey.note')} keeps={{ report: 'journey-map', asked: q.asked, at: q.question.asked }}>
      <JourneyControls q={q} error={answer.error} />
      <Answered query={answer} shown={shown} height={420}>{data => (
        data.stages.every(one => one.events === 0)
          ? <p className={heat.none} data-stages={0}>{t('journey.none')}</p>
          : <><Heat q={q} answer={data} /><Pains q={q} answer={data} /></>
      )}</Answered>
      {stage && answer.data && !answer.error && <Customers q={q} stage={stage} />}
    </ReportPage>
  );
}
