/* Who outside of a segment is most like its members, in what, and what the members have in common. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { customerLink } from '../links';
import { Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { question as asking } from './answers';
import { Controls, Labelled } from './controls';
import heat from './heat.module.css';
import { LikenessControls, likenessFault, useLikeness, type Likeness } from './likeness';
import styles from './overlap.module.css';
import { Answered, ReportPage } from './page';
import { faultAt, useQuestion } from './question';

const limits = ['20', '100', '500'];

type Value = string | number | null;
interface Column {
  name: string; type: string; members_distance: number; others_distance: number;
  low?: Value; median?: Value; high?: Value;   /* of a measure: quarters of the members */
  most?: Value; have_it?: number;              /* of a trait */
}
interface Lookalikes {
  members: number; others: number; members_distance: number | null; others_distance: number | null;
  columns: Column[];
  customers: { customer: string; distance: number; values: Value[]; close_in: string[] }[];
}

function Members({ answer, of }: { answer: Lookalikes; of: Likeness }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (
    <section className={styles.section} aria-labelledby="members">
      <h2 id="members">{t('lookalikes.common')}</h2>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="members">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('likeness.by')}</th>
              <th scope="col">{t('lookalikes.typical')}</th>
              <th scope="col">{t('lookalikes.half')}</th>
              <th scope="col">{t('lookalikes.theirs')}</th>
              <th scope="col">{t('lookalikes.rest')}</th>
            </tr>
          </thead>
          <tbody>
            {answer.columns.map(column => {
              const shown = (value: Value | undefined) => of.shown(value, column.type);
              const trait = column.have_it !== undefined;
              return (
                <tr key={column.name} data-column={column.name}>
                  <th scope="row">{of.label(column.name)}</th>
                  <td>{shown(trait ? column.most : column.median)}</td>
                  <td>{trait ? format.share(column.have_it!, answer.members) : `${shown(column.low)} – ${shown(column.high)}`}</td>
                  <td>{format.percent(1 - column.members_distance)}</td>
                  <td>{format.percent(1 - column.others_distance)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Found({ answer, of, segment, at }: { answer: Lookalikes; of: Likeness; segment: string; at: string | undefined }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { customers, columns } = answer;
  if (customers.length === 0) return <p className={heat.none} data-alike={0}>{t('lookalikes.none')}</p>;
  return (
    <div data-alike={customers.length}>
      <section className={styles.section} aria-labelledby="alike">
        <div className={heat.head}>
          <h2 id="alike">{t('lookalikes.title', { n: format.number(customers.length), others: format.number(answer.others), segment })}</h2>
          <SaveMenu file="lookalikes" rows={() => [
            ['customer', 'distance', ...columns.map(column => column.name)],
            ...customers.map(one => [one.customer, one.distance, ...one.values.map(value => value ?? '')]),
          ]} />
        </div>
        {answer.members_distance !== null && answer.others_distance !== null && (
          <p>{t('lookalikes.scale', {
            n: format.number(answer.members), members: format.percent(1 - answer.members_distance), others: format.percent(1 - answer.others_distance),
          })}</p>
        )}
        <div className={`${styles.scroll} ${styles.tall}`} tabIndex={0} role="region" aria-labelledby="alike">
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('list.customer')}</th>
                <th scope="col">{t('lookalikes.likeness')}</th>
                {columns.map(column => <th key={column.name} scope="col">{of.label(column.name)}</th>)}
              </tr>
            </thead>
            <tbody>
              {customers.map(one => (
                <tr key={one.customer} data-customer={one.customer}>
                  <th scope="row"><Link to={customerLink(one.customer, at)}>{one.customer}</Link></th>
                  <td>{format.percent(1 - one.distance)}</td>
                  {one.values.map((value, i) => {
                    const close = one.close_in.includes(columns[i]!.name);
                    return <td key={i} className={close ? styles.close : undefined} title={close ? t('lookalikes.close') : undefined}>{of.shown(value, columns[i]!.type)}</td>;
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <Members answer={answer} of={of} />
    </div>
  );
}

export default function LookalikesPage() {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const question = useQuestion();
  const { read, ask, params } = question;
  const of = useLikeness(question);
  const segment = read('segment') ?? info.segments[0]?.name;
  const limit = limits.find(one => one === read('limit')) ?? '100';
  const asked = { segment, when: read('when'), at: params.at, limit, ...of.asked };
  const answer = useQuery({
    ...asking<Lookalikes>('/api/lookalikes', asked, segment !== undefined && of.ready), placeholderData: keepPreviousData,
  });
  const shown = likenessFault(of, answer.error) || ['when', 'at'].some(name => faultAt(answer.error, name)) || undefined;
  return (
    <ReportPage note={t('lookalikes.note')}>
      <Controls question={question} fields={['at', 'when']} error={answer.error}>
        <Labelled label={t('lookalikes.of')}>
          <Select label={t('lookalikes.of')} value={segment ?? ''} onChange={name => ask({ segment: name })}
            options={[...info.segments.map(one => one.name), ...(segment && !info.segments.some(one => one.name === segment) ? [segment] : [])]
              .map(value => ({ value, label: format.segment(value) }))} />
        </Labelled>
        <Labelled label={t('lookalikes.most')}>
          <Select label={t('lookalikes.most')} value={limit} onChange={n => ask({ limit: n === '100' ? '' : n })}
            options={limits.map(value => ({ value, label: value }))} />
        </Labelled>
      </Controls>
      {segment === undefined ? <p className={heat.none} data-alike={0}>{t('lookalikes.noSegment')}</p>
        : <>
            <LikenessControls of={of} error={answer.error} />
            {of.known.ready && !of.ready ? <p className={heat.none} data-alike={0}>{t('likeness.choose')}</p>
              : <Answered query={answer} shown={shown} height={420}>
                  {data => <Found answer={data} of={of} segment={format.segment(segment)} at={question.asked} />}
                </Answered>}
          </>}
    </ReportPage>
  );
}
