/* What customers have brought and cost, and what is expected of them, by where they stand. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { link } from '../links';
import { Choice } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { question as asking } from './answers';
import heat from './heat.module.css';
import styles from './overlap.module.css';
import { Answered } from './page';
import { periodName } from './periods';
import type { Question } from './question';

const cuts = ['stage', 'segment', 'cohort'] as const;
type Cut = (typeof cuts)[number];
const NONE = '(none)', NOBODY = '(nobody)';

interface Row { name: string; stand: number; net: number; potential: number }
interface Ledger { ahead_days: number; all: Omit<Row, 'name'>; rows: Row[]; without_rate: unknown[] }

function Rows({ cut, answer }: { cut: Cut; answer: Ledger }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { rows, all } = answer;
  const named = (name: string) => name === NONE ? t('worth.by.none') : name === NOBODY ? t('worth.by.nobody')
    : cut === 'stage' ? format.stage(name) : cut === 'segment' ? format.segment(name) : periodName(name, 'month', format, t);
  const leads = ({ name, stand }: Row) => cut !== 'cohort' && stand > 0 && name !== NONE && name !== NOBODY;
  const money = (n: number) => format.short(n, 'money');
  const greatest = Math.max(0, ...rows.map(row => row.net + row.potential));
  const cells = (row: Omit<Row, 'name'>) => (
    <>
      <td>{format.number(row.stand)}</td><td>{money(row.net)}</td><td>{money(row.potential)}</td>
      <td><b>{money(row.net + row.potential)}</b></td>
      <td>{row.stand ? money((row.net + row.potential) / row.stand) : '–'}</td>
    </>
  );
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="value-by">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t(`worth.by.cut.${cut}`)}</th>
            <th scope="col">{t('list.customers')}</th>
            <th scope="col" title={t('worth.by.netWhat')}>{t('worth.by.net')}</th>
            <th scope="col" title={t('worth.by.potentialWhat', { length: format.days(answer.ahead_days) })}>{t('worth.by.potential')}</th>
            <th scope="col">{t('worth.by.both')}</th>
            <th scope="col">{t('worth.each')}</th>
            <th className={styles.bar} aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.name} data-by={row.name} data-net={row.net} data-potential={row.potential}>
              <th scope="row">{leads(row) ? <Link to={link('/customers', { [cut]: row.name })}>{named(row.name)}</Link> : named(row.name)}</th>
              {cells(row)}
              <td className={styles.bar} aria-hidden="true">
                <i style={{ width: `${greatest > 0 ? Math.max(0, (row.net + row.potential) / greatest) * 100 : 0}%` }} />
              </td>
            </tr>
          ))}
          <tr><th scope="row">{t('worth.by.all')}</th>{cells(all)}<td className={styles.bar} aria-hidden="true" /></tr>
        </tbody>
      </table>
    </div>
  );
}

export function ValueBy({ question, ahead }: { question: Question; ahead: string }) {
  const { t } = useTranslation();
  const { lifecycle } = useInfo();
  const { read, ask, params: { at } } = question;
  const cut = cuts.find(one => one === read('cut')) ?? 'stage';
  const answer = useQuery({
    ...asking<Ledger>('/api/ledger', { by: cut, ahead, at, lifecycle, segment: read('segment'), when: read('when') }, true),
    placeholderData: keepPreviousData,
  });
  return (
    <section className={styles.section} aria-labelledby="value-by" data-cut={answer.data && !answer.isPlaceholderData ? cut : undefined}>
      <div className={heat.head}>
        <h2 id="value-by">{t('worth.by.title')}</h2>
        <div className={heat.tools}>
          <Choice<Cut> label={t('worth.by.title')} value={cut} onChange={cut => ask({ cut: cut === 'stage' ? '' : cut })}
            options={cuts.map(value => ({ value, label: t(`worth.by.cut.${value}`) }))} />
          {answer.data && (
            <SaveMenu file={`value-by-${cut}`} rows={() => [
              [cut, 'customers', 'net', 'potential'],
              ...answer.data.rows.map(row => [row.name, row.stand, row.net, row.potential]),
            ]} />
          )}
        </div>
      </div>
      <p>{t('worth.by.what')}{cut === 'segment' && ` ${t('worth.by.several')}`}</p>
      {answer.error ? <p className={heat.none} data-cut={cut}>{answer.error.message}</p>
        : <Answered query={answer} height={240}>{data => <Rows cut={cut} answer={data} />}</Answered>}
      {(answer.data?.without_rate.length ?? 0) > 0 && <p>{t('worth.by.withoutRate')}</p>}
    </section>
  );
}
