/* Who goes on from which stage, after how long, and where they are held up. */

import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { useAim, useFigure } from '../board/figures';
import { useInfo } from '../info';
import { StageName } from '../stagename';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import {
  stageFates, useStageFlow, useStageFlowCustomers, type Bottleneck, type FlowGroup, type FlowStage, type StageFlow,
} from './answers';
import { Controls, Labelled, TextField, useTraitOptions } from './controls';
import heat from './heat.module.css';
import { useHere } from './here';
import bars from './oncemore.module.css';
import { Answered, ReportPage } from './page';
import styles from './paths.module.css';
import { faultAt, useQuestion } from './question';
import { Who } from './who';

const parts = ['forward', 'back', 'lost', 'waiting'] as const;

function useStageFlowQuestion() {
  const question = useQuestion();
  const { read, params } = question;
  const { lifecycle } = useInfo();
  return {
    question, asked: { ...params, lifecycle, within: read('within'), conversion: '1', kpi: '1' },
    /* Whose customers are looked at: a group's, when it is broken down. */
    group: { group: read('group'), group_missing: read('group_missing') },
  };
}
type StageFlowQuestion = ReturnType<typeof useStageFlowQuestion>;

function useWhy() {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (group: FlowGroup, by: 'share' | 'time') => {
    const told: Bottleneck = group.bottleneck[by];
    const of = (name: string | null) => group.stages.find(one => one.stage === name);
    const figure = (stage: FlowStage | undefined) => {
      if (!stage) return '';
      if (by === 'share') return format.percent(stage.forward.share ?? 0);
      const { median_ms: ms } = stage.time;
      return ms === null ? t('stageflow.notHalf') : format.span(ms);
    };
    return t(`stageflow.why.${by}.${told.reason}`, {
      stage: format.stage(told.stage), figure: figure(of(told.stage)),
      like: format.stage(told.like), other: figure(of(told.like)),
    });
  };
}

/* A number that leads to its customers. */
function useWhoLink(answer: StageFlow, group: FlowGroup) {
  const { format } = useInfo();
  const here = useHere();
  const of = answer.by === null ? {}
    : group.value === null ? { group_missing: '1', group: undefined } : { group: group.value, group_missing: undefined };
  return (stage: string, who: string, n: number) =>
    (n > 0 ? <Link to={here({ customers: stage, who, ...of })}>{format.number(n)}</Link> : '0');
}

function Stages({ answer, group }: { answer: StageFlow; group: FlowGroup }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const who = useWhoLink(answer, group);
  const length = (ms: number | null) => (ms === null ? '–' : format.span(ms));
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('stageflow.title')}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('stageflow.stage')}</th>
            <th scope="col">{t('stageflow.stock')}</th>
            <th scope="col">{t('stageflow.in')}</th>
            <th scope="col">{t('stageflow.left')}</th>
            <th scope="col">{t('stageflow.entered')}</th>
            {parts.map(part => <th key={part} scope="col">{t(`stageflow.fates.${part}`)}</th>)}
            <th scope="col">{t('stageflow.share')}</th>
            <th scope="col">{t('report.interval')}</th>
            <th scope="col">{t('stageflow.half')}</th>
            <th scope="col">{t('report.interval')}</th>
          </tr>
        </thead>
        <tbody>
          {group.stages.map(stage => {
            const { forward, time } = stage;
            return (
              <tr key={stage.stage} data-stage={stage.stage} data-of={stage.of} data-share={stage.on_way ? forward.share ?? '' : ''}>
                <th scope="row"><StageName stage={stage.stage} /></th>
                <td>{who(stage.stage, 'stock', stage.customers)}</td>
                <td>{format.number(stage.entered)}</td>
                <td>{who(stage.stage, 'left', stage.left)}</td>
                <td>{who(stage.stage, 'entered', stage.of)}</td>
                {parts.map(part => <td key={part} data-fate={part}>{who(stage.stage, part, stage[part].customers)}</td>)}
                {stage.on_way && forward.share !== null ? (
                  <>
                    <td className={bars.share}>{format.percent(forward.share)}</td>
                    <td className={bars.wide}>{`${format.percent(forward.low!)} – ${format.percent(forward.high!)}`}</td>
                    <td>{length(time.median_ms)}</td>
                    <td className={bars.wide}>
                      {(time.median_low_ms ?? time.median_high_ms) === null ? ''
                        : `${length(time.median_low_ms)} – ${time.median_high_ms === null ? '∞' : length(time.median_high_ms)}`}
                    </td>
                  </>
                ) : <><td>–</td><td /><td>–</td><td /></>}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Next({ answer, group }: { answer: StageFlow; group: FlowGroup }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const who = useWhoLink(answer, group);
  const rows = group.stages.flatMap(stage => stage.next.map(next => ({ stage, next })));
  if (rows.length === 0) return null;
  return (
    <section className={styles.section} aria-label={t('stageflow.next')}>
      <h2>{t('stageflow.next')}</h2>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('stageflow.next')}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('stageflow.stage')}</th>
              <th scope="col" className={styles.text}>{t('stageflow.to')}</th>
              <th scope="col" className={styles.text}>{t('stageflow.way')}</th>
              <th scope="col">{t('list.customers')}</th>
              <th scope="col">{t('stageflow.part')}</th>
              <th scope="col">{t('report.interval')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ stage, next }) => (
              <tr key={`${stage.stage}>${next.to}`} data-next={next.to ?? ''}>
                <th scope="row"><StageName stage={stage.stage} /></th>
                <td className={styles.text}><StageName stage={next.to} /></td>
                <td className={styles.text}>{t(`stageflow.fates.${next.way}`)}</td>
                <td>{who(stage.stage, next.to === null ? 'out' : `stage.${next.to}`, next.customers)}</td>
                <td className={bars.share}>{format.percent(next.share ?? 0)}</td>
                <td className={bars.wide}>{`${format.percent(next.low ?? 0)} – ${format.percent(next.high ?? 1)}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Aims({ answer }: { answer: StageFlow }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const figure = useFigure();
  const aim = useAim();
  const stages = answer.kpi.stages.filter(stage => stage.target || stage.kpis.length > 0);
  if (stages.length === 0) return null;
  return (
    <section className={styles.section} aria-label={t('stageflow.aims')}>
      <h2>{t('stageflow.aims')}</h2>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('stageflow.aims')}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('stageflow.stage')}</th>
              <th scope="col" className={styles.text}>{t('stageflow.aim')}</th>
              <th scope="col">{t('stageflow.reached')}</th>
              <th scope="col">{t('stageflow.met')}</th>
            </tr>
          </thead>
          <tbody>
            {stages.map(({ stage, target, kpis }) => (
              <Fragment key={stage}>
                {target && (
                  <tr data-met={String(target.met)}>
                    <th scope="row"><StageName stage={stage} /></th>
                    <td className={styles.text}>{aim(target)}</td>
                    <td>{figure(target)}</td>
                    <td className={bars.share}>{target.met === null ? '–' : t(target.met ? 'stageflow.yes' : 'stageflow.no')}</td>
                  </tr>
                )}
                {kpis.map(kpi => (
                  <tr key={kpi.name}>
                    <th scope="row"><StageName stage={stage} /></th>
                    <td className={styles.text}>{format.kpi(kpi.name)}</td>
                    <td>{figure(kpi)}</td>
                    <td />
                  </tr>
                ))}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Found({ answer }: { answer: StageFlow }) {
  const { t } = useTranslation();
  const why = useWhy();
  return (
    <div data-groups={answer.groups.length}>
      {answer.groups.map((group, i) => (
        <section key={group.value ?? ''} className={i > 0 ? styles.section : undefined}
          aria-label={answer.by === null ? t('stageflow.title') : group.value ?? t('stageflow.unknown')} data-group={group.value ?? ''}>
          <div className={heat.head}>
            <h2>{answer.by === null ? t('stageflow.title') : group.value ?? t('stageflow.unknown')}</h2>
            <SaveMenu file="stages" rows={() => [
              ['stage', 'customers', 'entered', 'left', 'of', ...parts, 'low', 'high', 'median_ms', 'median_low_ms', 'median_high_ms'],
              ...group.stages.map(stage => [
                stage.stage, stage.customers, stage.entered, stage.left, stage.of, ...parts.map(part => stage[part].customers),
                stage.forward.low ?? '', stage.forward.high ?? '',
                stage.time.median_ms ?? '', stage.time.median_low_ms ?? '', stage.time.median_high_ms ?? '',
              ]),
            ]} />
          </div>
          <p data-bottleneck={group.bottleneck.share.reason} className={styles.note}>{why(group, 'share')}</p>
          <p data-slowest={group.bottleneck.time.reason} className={styles.note}>{why(group, 'time')}</p>
          <Stages answer={answer} group={group} />
          <Next answer={answer} group={group} />
        </section>
      ))}
      {answer.groups.length === 0 && <p className={heat.none}>{t('who.nobody')}</p>}
      <Aims answer={answer} />
    </div>
  );
}

function Customers({ q, stage, who }: { q: StageFlowQuestion; stage: string; who: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const fate = stageFates.find(one => one === who);
  const list = useStageFlowCustomers({ ...q.asked, ...q.group, customers: stage, who });
  const title = fate ? t(`stageflow.fates.${fate}`)
    : t('stageflow.wentTo', { stage: format.stage(who.startsWith('stage.') ? who.slice('stage.'.length) : null) });
  return (
    <Who title={title} note={[format.stage(stage), q.group.group].filter(Boolean).join(' · ')} file={`stages-${stage}-${who}`}
      whose={list.data?.map(id => ({ id }))} error={list.error} retry={() => void list.refetch()} at={q.question.asked}
      onClose={() => q.question.ask({ customers: '', who: '', group: '', group_missing: '' })} />
  );
}

export default function StageFlowPage() {
  const { t } = useTranslation();
  const q = useStageFlowQuestion();
  const { read, ask } = q.question;
  const answer = useStageFlow(q.asked);
  const by = useTraitOptions();
  const stage = read('customers'), who = read('who');
  const shown = ['within', 'when', 'from', 'to', 'at'].some(name => faultAt(answer.error, name));
  return (
    <ReportPage note={t('stageflow.note')} keeps={{ report: 'stages', asked: q.asked, at: q.question.asked }}>
      <Controls question={q.question} fields={['from', 'to', 'at', 'segment', 'by', 'when']} error={answer.error} by={by}>
        <Labelled label={t('stageflow.within')}>
          <TextField label={t('stageflow.within')} value={read('within') ?? ''} placeholder="30d" title={t('stageflow.withinWhat')}
            onCommit={within => ask({ within: within.replaceAll(' ', '') })} fault={faultAt(answer.error, 'within')} />
        </Labelled>
      </Controls>
      <Answered query={answer} shown={shown} height={420}>{data => <Found answer={data} />}</Answered>
      {stage && who && answer.data && !answer.error && <Customers q={q} stage={stage} who={who} />}
    </ReportPage>
  );
}
