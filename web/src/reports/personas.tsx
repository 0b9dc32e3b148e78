/* Customers in groups of like ones, and what each group is like beside everybody. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { question as asking } from './answers';
import { Controls, Labelled } from './controls';
import heat from './heat.module.css';
import { useHere } from './here';
import { LikenessControls, likenessFault, useLikeness, type Likeness } from './likeness';
import styles from './overlap.module.css';
import { Answered, ReportPage } from './page';
import cards from './personas.module.css';
import { faultAt, useQuestion } from './question';
import { Who } from './who';

const TRY = '2..8', USUAL = '5';
const offered = [TRY, '2', '3', '4', '5', '6', '7', '8', '10', '12'];

type Value = string | number | null;
interface Persona {
  persona: number; customers: number;
  measures: { name: string; type: string; median: Value; everybody: Value }[];
  traits: { name: string; most: Value; have_it: number; everybody_has_it: number }[];
}
interface Personas {
  customers: number; silhouette: number | null; personas: Persona[];
  groups?: { groups: number; silhouette: number | null }[];
}

/* Kaufman and Rousseeuw, Finding Groups in Data (1990), table 4: what a silhouette means. */
const clarity = (silhouette: number) =>
  (silhouette > 0.7 ? 'strong' : silhouette > 0.5 ? 'fair' : silhouette > 0.25 ? 'weak' : 'no');

function Card({ one, of, everybody }: { one: Persona; of: Likeness; everybody: number }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const here = useHere();
  return (
    <article className={cards.card} data-persona={one.persona} data-customers={one.customers} aria-label={t('personas.one', { n: one.persona })}>
      <h3>{t('personas.one', { n: one.persona })}</h3>
      <p><Link to={here({ customers: one.persona })} className={cards.count}>{format.number(one.customers)}</Link> · {format.share(one.customers, everybody)}</p>
      <dl>
        {one.measures.map(measure => (
          <div key={measure.name}>
            <dt>{of.label(measure.name)}</dt>
            <dd><b>{of.shown(measure.median, measure.type)}</b> <span>{t('personas.everybody', { value: of.shown(measure.everybody, measure.type) })}</span></dd>
          </div>
        ))}
        {one.traits.map(trait => (
          <div key={trait.name}>
            <dt>{of.label(trait.name)}</dt>
            <dd>
              <b>{trait.most === null ? '–' : `${of.shown(trait.most, undefined)}, ${format.share(trait.have_it, one.customers)}`}</b>{' '}
              <span>{t('personas.everybody', { value: format.share(trait.everybody_has_it, everybody) })}</span>
            </dd>
          </div>
        ))}
      </dl>
    </article>
  );
}

function Found({ answer, of }: { answer: Personas; of: Likeness }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const two = (n: number) => format.number(Math.round(n * 100) / 100);
  if (answer.personas.length === 0) return <p className={heat.none} data-personas={0}>{t('personas.none')}</p>;
  return (
    <section className={styles.section} aria-labelledby="personas" data-personas={answer.personas.length}>
      <div className={heat.head}>
        <h2 id="personas">{t('personas.title', { count: answer.personas.length, n: format.number(answer.personas.length), of: format.number(answer.customers) })}</h2>
        <SaveMenu file="personas" rows={() => [
          ['persona', 'customers', 'of', 'value', 'everybody'],
          ...answer.personas.flatMap(one => [
            ...one.measures.map(measure => [one.persona, one.customers, measure.name, measure.median ?? '', measure.everybody ?? '']),
            ...one.traits.map(trait => [one.persona, one.customers, trait.name, trait.most ?? '', '']),
          ]),
        ]} />
      </div>
      {answer.silhouette !== null && (
        <p data-silhouette={answer.silhouette}>
          {t(`personas.clear.${clarity(answer.silhouette)}`)} <span className={cards.small}>{t('personas.silhouette', { n: two(answer.silhouette) })}</span>
        </p>
      )}
      <div className={cards.cards}>
        {answer.personas.map(one => <Card key={one.persona} one={one} of={of} everybody={answer.customers} />)}
      </div>
      {answer.groups && (
        <p className={cards.small}>
          {t('personas.tried')} {answer.groups.map(one => `${one.groups}: ${one.silhouette === null ? '–' : two(one.silhouette)}`).join(' · ')}
        </p>
      )}
    </section>
  );
}

export default function PersonasPage() {
  const { t } = useTranslation();
  const question = useQuestion();
  const { read, ask, params } = question;
  const of = useLikeness(question);
  const groups = read('groups') ?? USUAL;
  const asked = { segment: read('segment'), when: read('when'), at: params.at, groups, ...of.asked };
  const answer = useQuery({ ...asking<Personas>('/api/personas', asked, of.ready), placeholderData: keepPreviousData });
  const which = read('customers');
  const list = useQuery({
    ...asking<{ listed: string[] }>('/api/personas', { ...asked, customers: which }, of.ready && which !== undefined),
    select: data => data.listed,
  });
  const shown = likenessFault(of, answer.error) || ['when', 'at'].some(name => faultAt(answer.error, name)) || undefined;
  return (
    <ReportPage note={t('personas.note')}>
      <Controls question={question} fields={['at', 'segment', 'when']} error={answer.error}>
        <Labelled label={t('personas.groups')}>
          <Select label={t('personas.groups')} value={groups} onChange={n => ask({ groups: n === USUAL ? '' : n, customers: '' })}
            options={[...new Set([...offered, groups])].map(value => ({ value, label: value === TRY ? t('personas.try') : value }))} />
        </Labelled>
      </Controls>
      <LikenessControls of={of} error={answer.error} />
      {of.known.ready && !of.ready ? <p className={heat.none} data-personas={0}>{t('likeness.choose')}</p>
        : <Answered query={answer} shown={shown} height={420}>{data => <Found answer={data} of={of} />}</Answered>}
      {which && answer.data && !answer.error && (
        <Who title={t('personas.one', { n: which })} file={`persona-${which}`} whose={list.data?.map(id => ({ id }))} error={list.error}
          retry={() => void list.refetch()} at={question.asked} onClose={() => ask({ customers: '' })} />
      )}
    </ReportPage>
  );
}
