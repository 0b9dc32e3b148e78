/* How many customers get how far along steps, how long it takes them, where they stop, and what they do
 * instead. */

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDictionary } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { Choice, Skeleton } from '../ui/controls';
import { Figure, SaveMenu } from '../ui/figure';
import { AgainstControl, againstOf, Differences, isAgainst } from './against';
import { useFunnel, type Funnel, type FunnelWay } from './ask';
import { Controls, Labelled, TextField, useTraitOptions } from './controls';
import { FunnelBars } from './funnelbars';
import { Answered, ReportPage } from './page';
import { faultAt, ruleName, useQuestion, type Question } from './question';
import { Count } from './segments';
import { StepEditor } from './stepeditor';
import { stepsOf } from './steps';
import styles from './funnel.module.css';
import { Who } from './who';

const GROUPS = 20, NEXT = 5;

/* Events of Ciclo's own, and what only says who somebody is. */
const silent = ['identify', 'group', 'alias', 'consent'];

/* Before anybody said which steps: the most frequent events, in the order in which they first came. */
function useSuggested() {
  const known = useDictionary().data;
  const events = known?.events.filter(event => !event.passive && !silent.includes(event.name)) ?? [];
  const names = events.filter(event => event.count > 0).toSorted((a, b) => b.count - a.count).slice(0, 3)
    .toSorted((a, b) => (a.first ?? '').localeCompare(b.first ?? '')).map(event => ruleName(event.name));
  return {
    events: ['any', ...events.map(event => ruleName(event.name))],
    steps: known && (names.length === 1 ? [names[0], names[0]] : names).join(', '),
  };
}

/* The event that a step begins with: `Order paid` where total > 10. */
const eventOf = (step: string) => step.match(/^`([^`]*)`/)?.[1] ?? step.split(/\s/)[0]!;

/* A property of the first step's event, or what every event or customer has. */
function useBreakdowns(first: string | undefined) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const properties = Object.entries(info.properties[eventOf(first ?? '')] ?? {})
    .filter(([, type]) => type !== 'list');
  const traits = useTraitOptions();
  return [
    { group: t('funnel.everyEvent'), items: (['channel', 'weekday', 'hour'] as const)
      .map(value => ({ value, label: t(`funnel.builtIn.${value}`) })) },
    { group: t('funnel.ofFirst'), items: properties.map(([value]) => ({ value: ruleName(value), label: format.fact(value) })) },
    ...traits,
  ].filter(group => group.items.length > 0);
}

/* As people say it: of an event under another of its names, too. */
function useStepName() {
  const { format } = useInfo();
  const known = useDictionary().data?.events;
  return (step: string) => {
    const name = step.replace(/^`(.*)`$/, '$1');
    const event = known?.find(one => one.name === name || one.from.includes(name));
    return event ? format.event(event.name) : name;
  };
}

/* `who` in the address: "reached:2", "stopped:1", with a group behind another colon; "next:1:visit" are
 * those of "stopped:1" who did that next, without an event nothing more. */
function Customers({ who, question, params, funnel }: {
  who: string; question: Question; params: Record<string, string | undefined>; funnel: Funnel;
}) {
  const { t } = useTranslation();
  const name = useStepName();
  const [kind, place, ...rest] = who.split(':');
  const next = kind === 'next' ? rest.join(':') : undefined;
  const group = next === undefined && rest.length ? rest.join(':') : undefined;
  const listed = useFunnel({
    ...params, against: undefined, against_segment: undefined,
    [next === undefined ? kind! : 'stopped']: place, next: next || undefined, next_nothing: next === '' ? 1 : undefined,
    group: group || undefined, group_missing: group === '' ? 1 : undefined,
  }, true);
  const step = funnel.steps[Number(place) - 1];
  if (!step || (kind !== 'reached' && kind !== 'stopped' && kind !== 'next')) return null;
  const whose = listed.isPlaceholderData ? undefined : listed.data?.customers?.map(id => ({ id }));
  return (
    <Who title={t(`funnel.who.${kind === 'next' ? 'stopped' : kind}`, { step: name(step.step) })}
      note={next === '' ? t('funnel.nothing') : next !== undefined ? `${t('funnel.next')}: ${name(next)}` : group === '' ? t('funnel.unknown') : group}
      file={`funnel-${kind}-${place}`} at={question.asked} whose={whose} error={listed.error}
      retry={() => void listed.refetch()} onClose={() => question.ask({ who: '' })} />
  );
}

function StepTable({ funnel, open }: { funnel: Funnel; open: (who: string) => () => void }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const name = useStepName();
  const first = funnel.steps[0]!.customers;
  const span = (ms: number | null) => (ms === null ? '–' : format.span(ms));
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t('funnel.stepHead')}</th>
          <th scope="col">{t('bands.all')}</th>
          <th scope="col">{t('funnel.ofFirstStep')}</th>
          <th scope="col">{t('funnel.ofBefore')}</th>
          <th scope="col">{t('funnel.median')}</th>
          <th scope="col">{t('funnel.p90')}</th>
          <th scope="col">{t('funnel.stopped')}</th>
        </tr>
      </thead>
      <tbody>
        {funnel.steps.map((step, i) => {
          const stopped = funnel.stopped[i]?.customers;
          return (
            <tr key={i}>
              <th scope="row">{i + 1} {name(step.step)}</th>
              <td><Count n={step.customers} label={name(step.step)} onClick={open(`reached:${i + 1}`)} /></td>
              <td>{format.share(step.customers, first)}</td>
              <td>{i ? format.share(step.customers, funnel.steps[i - 1]!.customers) : '–'}</td>
              <td>{span(step.median_ms)}</td>
              <td>{span(step.p90_ms)}</td>
              <td>{stopped === undefined ? '–'
                : <Count n={stopped} label={`${name(step.step)}, ${t('funnel.stopped')}`} onClick={open(`stopped:${i + 1}`)} />}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Stops({ funnel, open }: { funnel: Funnel; open: (who: string) => () => void }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const name = useStepName();
  const [all, setAll] = useState<number | null>(null);
  const stops = funnel.stopped.map((stop, i) => ({ ...stop, place: i + 1 })).filter(stop => stop.customers > 0);
  if (stops.length === 0) return null;
  return (
    <section className={styles.section} aria-labelledby="stops">
      <h2 id="stops">{t('funnel.stops')}</h2>
      <div className={styles.stops}>
        {stops.map(stop => (
          <div key={stop.place} data-stopped={stop.customers}>
            <h3>
              <Count n={stop.customers} label={`${name(stop.step)}, ${t('funnel.stopped')}`} onClick={open(`stopped:${stop.place}`)} />
              {' '}{t('funnel.after', { step: name(stop.step) })}
            </h3>
            <table className={styles.next}>
              <thead>
                <tr><th scope="col">{t('funnel.next')}</th><th scope="col">{t('bands.all')}</th><th scope="col">{t('list.share')}</th></tr>
              </thead>
              <tbody>
                {(all === stop.place ? stop.next : stop.next.slice(0, NEXT)).map(next => (
                  <tr key={next.event ?? ''}>
                    <th scope="row">{next.event === null ? t('funnel.nothing') : name(next.event)}</th>
                    <td><Count n={next.customers} label={next.event === null ? t('funnel.nothing') : name(next.event)}
                      onClick={open(`next:${stop.place}:${next.event ?? ''}`)} /></td>
                    <td>{format.share(next.customers, stop.customers)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {stop.next.length > NEXT && all !== stop.place && (
              <button type="button" className={styles.more} onClick={() => setAll(stop.place)}>{t('list.more')}</button>
            )}
          </div>
        ))}
      </div>
    </section>
  );
}

function Groups({ funnel, by, groups, open }: {
  funnel: Funnel; by: string; groups: (FunnelWay & { value: string | null })[]; open: (who: string) => () => void;
}) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const name = useStepName();
  const [shown, setShown] = useState(GROUPS);
  const { steps } = funnel;
  const label = (value: string | null) => value ?? t('funnel.unknown');
  return (
    <section className={styles.section} aria-labelledby="groups">
      <div className={styles.head}>
        <h2 id="groups">{t('funnel.groups', { by })}</h2>
        <SaveMenu file="funnel-groups" rows={() => [
          ['value', ...steps.map((step, i) => `${i + 1} ${step.step}`), 'median_ms', 'p90_ms'],
          ...groups.map(group => [group.value ?? '', ...group.steps.map(step => step.customers),
            group.whole.median_ms ?? '', group.whole.p90_ms ?? '']),
        ]} />
      </div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="groups">
        <table data-groups={groups.length}>
          <thead>
            <tr>
              <th scope="col">{t('funnel.group')}</th>
              {steps.map((step, i) => <th key={i} scope="col">{i + 1} {name(step.step)}</th>)}
              <th scope="col">{t('funnel.wholeShare')}</th>
              <th scope="col">{t('funnel.median')}</th>
            </tr>
          </thead>
          <tbody>
            {groups.slice(0, shown).map(group => (
              <tr key={group.value ?? ''} data-group={group.value ?? ''}>
                <th scope="row">{label(group.value)}</th>
                {group.steps.map((step, i) => (
                  <td key={i}>
                    <Count n={step.customers} label={`${label(group.value)}, ${name(step.step)}`}
                      onClick={open(`reached:${i + 1}:${group.value ?? ''}`)} />
                  </td>
                ))}
                <td>{format.share(group.steps.at(-1)!.customers, group.steps[0]!.customers)}</td>
                <td>{group.whole.median_ms === null ? '–' : format.span(group.whole.median_ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown < groups.length && (
        <button type="button" className={styles.more} onClick={() => setShown(shown * 5)}>{t('list.more')}</button>
      )}
    </section>
  );
}

function Result({ funnel, by, question }: { funnel: Funnel; by: string; question: Question }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const name = useStepName();
  const { steps, whole } = funnel;
  const first = steps[0]!.customers, last = steps.at(-1)!.customers;
  const open = (who: string) => () => question.ask({ who });
  const hrefOf = (who: string) => {
    const here = new URLSearchParams(location.search);
    return link(location.pathname, { ...Object.fromEntries(here), who });
  };
  if (first === 0) return <p className={styles.none} data-funnel={0}>{t('funnel.nobody', { step: name(steps[0]!.step) })}</p>;
  const took = whole.median_ms === null ? ''
    : ` ${t('funnel.took', { median: format.span(whole.median_ms), p90: format.span(whole.p90_ms!) })}`;
  return (
    <div data-funnel={steps.map(step => step.customers).join()}>
      <Figure title={t('funnel.way', { n: format.number(last), of: format.number(first), share: format.share(last, first) })}
        note={took} file="funnel"
        rows={() => [
          ['step', 'customers', 'median_ms', 'p90_ms', 'stopped'],
          ...steps.map((step, i) => [step.step, step.customers, step.median_ms ?? '', step.p90_ms ?? '',
            funnel.stopped[i]?.customers ?? '']),
        ]}
        table={<StepTable funnel={funnel} open={open} />}
        chart={ref => <FunnelBars ref={ref} funnel={funnel} name={name} hrefOf={hrefOf} onOpen={who => question.ask({ who })} />} />
      {funnel.difference && (
        <Differences question={question} title={t('against.title')} note={t('against.note')} head={t('funnel.stepHead')} file="funnel-against"
          rows={funnel.difference.map((of, i) => ({ name: `${i + 2} ${name(of.step)}`, of }))} />
      )}
      {funnel.groups && <Groups funnel={funnel} by={by} groups={funnel.groups} open={open} />}
      <Stops funnel={funnel} open={open} />
    </div>
  );
}

export default function FunnelPage() {
  const { t } = useTranslation();
  const question = useQuestion();
  const { read, ask, params } = question;
  const suggested = useSuggested();
  const steps = read('steps') ?? suggested.steps;
  const each = read('each_step') === '1', strict = read('strict') === '1';
  const asked = {
    ...params, steps, within: read('within'), strict: strict ? '1' : undefined,
    each_step: each && read('within') ? '1' : undefined, ...againstOf(question),
  } as Record<string, string | undefined>;
  const funnel = useFunnel(asked, Boolean(steps));
  const fault = (name: string) => faultAt(funnel.error, name, asked[name]);
  const by = useBreakdowns(steps && stepsOf(steps)[0]?.text);
  const shown = ['steps', 'within', 'by', 'when', 'from', 'to', 'at', 'against'].some(name => fault(name));
  const who = read('who');
  return (
    <ReportPage note={t('funnel.what')} keeps={steps === undefined ? undefined : { report: 'funnel', asked, at: question.asked }}>
      {steps === undefined ? <Skeleton height={120} /> : (
        <StepEditor text={steps} events={suggested.events} fault={fault('steps')}
          onChange={next => ask({ steps: next, who: '' })} />
      )}
      <Controls question={question} fields={['from', 'to', 'at', 'segment', ...(isAgainst(question) ? [] : ['by' as const]), 'when']} error={funnel.error} by={by}>
        <Labelled label={t('funnel.within')}>
          <TextField label={t('funnel.within')} value={read('within') ?? ''} placeholder={t('funnel.withinLike')}
            onCommit={within => ask({ within: within.replaceAll(' ', '') })} fault={fault('within')} />
        </Labelled>
        {read('within') && (
          <Labelled label={t('funnel.counted')} wide="narrow">
            <Choice label={t('funnel.counted')} value={each ? 'each' : 'first'} onChange={value => ask({ each_step: value === 'each' ? 1 : '' })}
              options={[{ value: 'first', label: t('funnel.fromFirst') }, { value: 'each', label: t('funnel.fromBefore') }]} />
          </Labelled>
        )}
        <Labelled label={t('funnel.between')} wide="narrow">
          <Choice label={t('funnel.between')} value={strict ? 'strict' : 'loose'} onChange={value => ask({ strict: value === 'strict' ? 1 : '' })}
            options={[{ value: 'loose', label: t('funnel.loose') }, { value: 'strict', label: t('funnel.strict') }]} />
        </Labelled>
        <AgainstControl question={question} error={funnel.error} without={['by', 'who']} />
      </Controls>
      {fault('by') && <p className={styles.fault} role="alert">{fault('by')!.message}</p>}
      {steps === '' ? <p className={styles.none} data-funnel="">{t('funnel.noSteps')}</p> : (
        <Answered query={funnel} shown={shown} height={320}>
          {data => (
            <>
              <Result funnel={data} question={question}
                by={by.flatMap(group => group.items).find(one => one.value === data.by)?.label ?? data.by ?? ''} />
              {who && <Customers key={who} who={who} question={question} params={asked} funnel={data} />}
            </>
          )}
        </Answered>
      )}
    </ReportPage>
  );
}
