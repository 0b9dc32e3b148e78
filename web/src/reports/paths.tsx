/* The ways that customers go most, step by step, forwards from an event or backwards to it. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Button, Select } from '../ui/controls';
import { Link } from '../ui/page';
import { SaveMenu } from '../ui/figure';
import { usePaths, usePathCustomers, type Paths } from './answers';
import { Controls, Labelled, TextField } from './controls';
import { useHere } from './here';
import heat from './heat.module.css';
import { named, useKnown } from './known';
import { Answered, ReportPage } from './page';
import { PathFlow } from './pathflow';
import styles from './paths.module.css';
import { faultAt, useQuestion } from './question';
import { Who } from './who';

export const BETWEEN = ' > ';
const directions = ['any', 'after', 'before'] as const;
const lengths = ['2', '3', '4', '5', '6', '7', '8'];
const tops = ['5', '8', '12', '20'];
const flags = ['each', 'whole', 'collapse'] as const;

function usePathsQuestion() {
  const question = useQuestion();
  const { read, params } = question;
  const known = useKnown();
  const through = read('through') ?? 'event';
  const after = read('after'), before = read('before');
  const direction = before !== undefined ? 'before' as const : after !== undefined ? 'after' as const : 'any' as const;
  const steps = lengths.find(one => one === read('steps')) ?? '5';
  const top = tops.find(one => one === read('top')) ?? '8';
  const flag = Object.fromEntries(flags.map(name => [name, read(name) === '1' ? 1 : undefined]));
  const { by: _, ...shared } = params;
  return {
    question, known, through, direction, anchor: before ?? after, steps, top, flag,
    asked: {
      ...shared, through, after: direction === 'after' ? after : undefined, before, steps, top,
      events: read('events'), within: read('within'), gap: read('gap'), lifecycle: read('lifecycle'),
      links: 1, ...flag,
    },
  };
}
export type PathsQuestion = ReturnType<typeof usePathsQuestion>;

/* What a step is called by what customers go through. */
export function useStepName(through: string) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  return (name: string) => {
    if (name === '(other)' || name === '(end)' || name === '(start)') return t(`paths.${name.slice(1, -1) as 'end'}`);
    if (through === 'stage') return format.stage(name);
    return through === 'event' && info.properties[name] ? format.event(name) : name;
  };
}

function PathsControls({ q, error }: { q: PathsQuestion; error: Error | null }) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const { read, ask } = q.question;
  const events = q.known.events.map(event => named(event.name));
  const properties = [...new Set(q.known.events.flatMap(event => event.properties
    .filter(property => property.type === 'text').map(property => named(property.name))))];
  const plain = [['event'], ['channel'], ['stage'], ['event', 'channel']].map(parts => ({
    value: parts.join(','), label: parts.map(part => t(`paths.through.${part as 'event'}`)).join(' + '),
  }));
  const listed = [...plain.map(one => one.value), ...properties];
  const turn = (direction: string) => ask({
    after: direction === 'after' ? q.anchor ?? events[0] ?? 'any' : '',
    before: direction === 'before' ? q.anchor ?? events[0] ?? 'any' : '', customers: '', step: '',
  });
  const text = (name: 'events' | 'within' | 'gap', like: string) => (
    <Labelled label={t(`paths.${name}`)}>
      <TextField label={t(`paths.${name}`)} value={read(name) ?? ''} placeholder={like} title={t(`paths.${name}What`)}
        onCommit={value => ask({ [name]: value, customers: '', step: '' })} fault={faultAt(error, name)} />
    </Labelled>
  );
  return (
    <Controls question={q.question} fields={['from', 'to', 'at', 'segment', 'when']} error={error}>
      <datalist id="anchors">
        {events.map(name => <option key={name} value={name} />)}
        {info.lifecycle.stages.map(stage => <option key={stage.name} value={`stage.${named(stage.name)}`} />)}
      </datalist>
      <Labelled label={t('paths.of')}>
        <Select label={t('paths.of')} value={q.through}
          onChange={through => ask({ through: through === 'event' ? '' : through, customers: '', step: '' })}
          options={[
            ...plain,
            ...properties.map(value => ({ value, label: format.fact(value) })),
            ...(listed.includes(q.through) ? [] : [{ value: q.through, label: q.through }]),
          ]} />
      </Labelled>
      <Labelled label={t('paths.direction')}>
        <Select label={t('paths.direction')} value={q.direction} onChange={turn}
          options={directions.map(value => ({ value, label: t(`paths.directions.${value}`) }))} />
      </Labelled>
      {q.direction !== 'any' && (
        <Labelled label={t(`paths.anchor.${q.direction}`)}>
          <TextField label={t(`paths.anchor.${q.direction}`)} value={q.anchor ?? ''} list="anchors"
            onCommit={anchor => ask({ [q.direction]: anchor, customers: '', step: '' })}
            fault={faultAt(error, q.direction)} />
        </Labelled>
      )}
      <Labelled label={t('paths.steps')}>
        <Select label={t('paths.steps')} value={q.steps}
          onChange={steps => ask({ steps: steps === '5' ? '' : steps, customers: '', step: '' })}
          options={lengths.map(value => ({ value, label: value }))} />
      </Labelled>
      <Labelled label={t('paths.top')}>
        <Select label={t('paths.top')} value={q.top}
          onChange={top => ask({ top: top === '8' ? '' : top, customers: '', step: '' })}
          options={tops.map(value => ({ value, label: value }))} />
      </Labelled>
      {q.through !== 'stage' && text('events', t('paths.eventsAll'))}
      {text('within', '30d')}
      {q.through !== 'stage' && text('gap', '30m')}
    </Controls>
  );
}

function Ways({ q, answer }: { q: PathsQuestion; answer: Paths }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const name = useStepName(q.through);
  const here = useHere();
  const who = (way: string, n: number | null) => (
    <Link to={here({ customers: way, step: undefined })}>{n === null ? t('paths.show') : format.number(n)}</Link>
  );
  return (
    <section className={styles.section} aria-labelledby="ways">
      <div className={heat.head}>
        <h2 id="ways">{t('paths.ways')}</h2>
        <SaveMenu file="paths" rows={() => [
          ['path', 'ended', 'ways', 'customers'],
          ...answer.paths.map(way => [way.steps.join(BETWEEN), String(way.ended), way.ways, way.customers ?? '']),
          ['(other)', '', answer.other.ways, answer.other.customers ?? ''],
        ]} />
      </div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="ways">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('paths.way')}</th>
              <th scope="col">{t('paths.times')}</th>
              <th scope="col">{t('paths.share')}</th>
              <th scope="col">{t('list.customers')}</th>
            </tr>
          </thead>
          <tbody>
            {answer.paths.map(way => (
              <tr key={way.steps.join('\n')} data-way={way.steps.join(BETWEEN)} data-ways={way.ways}>
                <th scope="row">
                  <ol className={styles.way}>
                    {way.steps.map((step, i) => <li key={i}>{name(step)}</li>)}
                  </ol>
                </th>
                <td>{format.number(way.ways)}</td>
                <td>{format.share(way.ways, answer.ways)}</td>
                <td>{who(way.steps.join(BETWEEN), way.customers)}</td>
              </tr>
            ))}
            {answer.other.paths > 0 && (
              <tr>
                <th scope="row" className={styles.other}>
                  {t('paths.others', { count: answer.other.paths, n: format.number(answer.other.paths) })}
                </th>
                <td>{format.number(answer.other.ways)}</td>
                <td>{format.share(answer.other.ways, answer.ways)}</td>
                <td>{who('(other)', answer.other.customers)}</td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function PathCustomers({ q, way, step }: { q: PathsQuestion; way: string; step: string | undefined }) {
  const { t } = useTranslation();
  const name = useStepName(q.through);
  const list = usePathCustomers({ ...q.asked, customers: way, step });
  return (
    <Who title={way.split(BETWEEN).map(name).join(' → ')} note={step && t('who.step', { step })} file="path"
      whose={list.data?.map(id => ({ id }))} error={list.error} retry={() => void list.refetch()}
      at={q.question.asked} onClose={() => q.question.ask({ customers: '', step: '' })} />
  );
}

function Found({ q, answer }: { q: PathsQuestion; answer: Paths }) {
  const { t } = useTranslation();
  const { ask } = q.question;
  if (answer.ways === 0) return <p className={heat.none} data-paths={0}>{t('paths.none')}</p>;
  return (
    <div data-paths={answer.paths.length}>
      <PathFlow q={q} answer={answer} controls={flags.map(name => (
        <Button key={name} pressed={q.flag[name] === 1}
          onClick={() => ask({ [name]: q.flag[name] ? '' : 1, customers: '', step: '' })}>{t(`paths.flags.${name}`)}</Button>
      ))} />
      <Ways q={q} answer={answer} />
    </div>
  );
}

export default function PathsPage() {
  const { t } = useTranslation();
  const q = usePathsQuestion();
  const { read } = q.question;
  const answer = usePaths(q.asked);
  const way = read('customers');
  const shown = ['after', 'before', 'events', 'within', 'gap', 'when', 'from', 'to', 'at']
    .some(name => faultAt(answer.error, name));
  return (
    <ReportPage note={t('paths.note')} keeps={{ report: 'paths', asked: q.asked, at: q.question.asked }}>
      <PathsControls q={q} error={answer.error} />
      <Answered query={answer} shown={shown} height={520}>{data => <Found q={q} answer={data} />}</Answered>
      {way && answer.data && !answer.error && <PathCustomers q={q} way={way} step={read('step')} />}
    </ReportPage>
  );
}
