/* The fits that are kept, which rules ask; and another, of what the page asks about. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, ask, type ApiError, type Fault } from '../api';
import { useInfo } from '../info';
import { faultOf, Progress } from '../model/apply';
import { Button, Skeleton } from '../ui/controls';
import { Failure, Words } from '../ui/page';
import { useWork } from '../work';
import styles from './overlap.module.css';
import { useMayEdit } from './saved';
import views from './views.module.css';

interface KeptFit { until: string; model: string; event: string; value: string; customers: number; made: string }

/* What the rules say of moments is another then: all but the work itself is asked anew. */
function useAnew() {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ predicate: query => query.queryKey[0] !== 'job' });
}

function Row({ fit, named, may }: { fit: KeptFit; named: (model: string) => string; may: boolean }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const anew = useAnew();
  const [sure, setSure] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  const remove = () => answered<object>(`/api/value/fits/${fit.until}`, { method: 'DELETE' })
    .then(anew, (error: ApiError) => { setFault(faultOf(error)); });
  return (
    <tr data-fit={fit.until} data-fit-model={fit.model}>
      <th scope="row">
        {format.day(fit.until)}
        <p className={views.small}>{[named(fit.model), fit.event, fit.value].filter(part => part !== '').join(', ')}</p>
      </th>
      <td>{format.number(fit.customers)}</td>
      {may && (
        <td>
          {sure ? <Button onClick={() => void remove()}>{t('worth.fits.really', { day: format.day(fit.until) })}</Button>
            : <Button onClick={() => setSure(true)}>{t('worth.fits.remove')}</Button>}
          {fault && <p className={views.fault} role="status">{fault.message}</p>}
        </td>
      )}
    </tr>
  );
}

export function Fits({ asked, named }: {
  asked: { event: string | undefined; value: string | undefined; model: string | undefined };
  named: (model: string) => string;
}) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const may = useMayEdit();
  const anew = useAnew();
  const fits = useQuery({ queryKey: ['fits'], queryFn: ({ signal }) => ask<KeptFit[]>('/api/value/fits', {}, signal) });
  const work = useWork<{ model: string; until: string }>('keep', anew);
  if (fits.error && !fits.data) return <Failure error={fits.error} retry={() => void fits.refetch()} />;
  if (!fits.data) return <Skeleton height={80} />;
  return (
    <section className={styles.section} aria-labelledby="fits" data-fits={fits.data.length}>
      <h2 id="fits">{t('worth.fits.title')}</h2>
      <p><Words text={t('worth.fits.what')} /></p>
      {fits.data.length > 0
        ? <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="fits">
            <table className={styles.table}>
              <thead>
                <tr>
                  <th scope="col">{t('worth.fits.until')}</th>
                  <th scope="col">{t('list.customers')}</th>
                  {may && <th scope="col"><span className={views.wide}>{t('views.actions')}</span></th>}
                </tr>
              </thead>
              <tbody>{fits.data.map(fit => <Row key={`${fit.until} ${fit.made}`} fit={fit} named={named} may={may} />)}</tbody>
            </table>
          </div>
        : <p className={views.none}>{t('worth.fits.none')}</p>}
      {may && (
        <p><Button onClick={() => void work.start(asked)} disabled={work.running}>{t('worth.fits.keep')}</Button></p>
      )}
      <div role="status">
        {work.running && <Progress label={t('worth.fits.keeping')} done={work.done} all={work.all}
          starting={work.starting} cancel={work.cancel} />}
        {!work.running && work.fault && <p className={views.fault}><Words text={work.fault.message} /></p>}
        {!work.running && !work.fault && work.result && (
          <p data-kept={work.result.until}>
            {t('worth.fits.kept', { model: named(work.result.model), day: format.day(work.result.until) })}
          </p>
        )}
      </div>
    </section>
  );
}
