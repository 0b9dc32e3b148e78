/* Every type of event, property and trait: how often it came, and was refused. */

import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDictionary, type KnownEvent, type KnownProperty } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { Skeleton } from '../ui/controls';
import { Failure, Link } from '../ui/page';
import styles from './data.module.css';
import { DataPage } from './page';

function Seen({ of }: { of: KnownEvent | KnownProperty }) {
  const { format } = useInfo();
  return (
    <>
      <td className={styles.number}>{format.number(of.count)}</td>
      <td className={`${styles.date} ${styles.wide}`}>{of.first ? format.day(of.first) : '–'}</td>
      <td className={styles.date}>{of.last ? format.day(of.last) : '–'}</td>
    </>
  );
}

function Property({ of, inner }: { of: KnownProperty; inner: boolean }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const values = Object.entries(of.values);
  return (
    <tr data-property={of.name}>
      <th scope="row" className={inner ? styles.inner : undefined}>
        <code>{of.name}</code>
        <div className={styles.small}>
          {t(of.declared ? 'dictionary.declared' : 'dictionary.learned')} · {of.type}
          {values.length > 1 && <> ({values.map(([type, n]) => `${type} ${format.number(n)}`).join(', ')})</>}
          {of.wrong > 0 &&
            <> · <span className={styles.bad}>{t('dictionary.wrong', { n: format.number(of.wrong) })}</span></>}
        </div>
      </th>
      <Seen of={of} />
    </tr>
  );
}

function Event({ of }: { of: KnownEvent }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const [open, setOpen] = useState(false);
  return (
    <Fragment>
      <tr data-event={of.name}>
        <th scope="row">
          {of.properties.length
            ? <button type="button" className={styles.toggle} aria-expanded={open} onClick={() => setOpen(!open)}>
                {of.name}
              </button>
            : of.name}
          <div className={styles.small}>
            {t(of.declared ? 'dictionary.declared' : of.count ? 'dictionary.learned' : 'dictionary.strange')}
            {of.passive && <> · {t('dictionary.passive')}</>}
            {of.from.length > 0 && <> · {t('dictionary.from', { names: of.from.join(', ') })}</>}
            {of.refused > 0 && <> · <Link to={link('/data/refused')} className={styles.link}
              title={of.reasons.map(one => one.reason).join('\n')}>
              {t('dictionary.refused', { n: format.number(of.refused) })}
            </Link></>}
          </div>
        </th>
        <Seen of={of} />
      </tr>
      {open && of.properties.map(property => <Property key={property.name} of={property} inner />)}
    </Fragment>
  );
}

function Head({ first }: { first: string }) {
  const { t } = useTranslation();
  return (
    <thead>
      <tr>
        <th scope="col">{first}</th>
        <th scope="col" className={styles.number}>{t('dictionary.count')}</th>
        <th scope="col" className={styles.wide}>{t('dictionary.first')}</th>
        <th scope="col">{t('dictionary.last')}</th>
      </tr>
    </thead>
  );
}

export default function Dictionary() {
  const { t } = useTranslation();
  const known = useDictionary();
  if (known.error && !known.data)
    return <DataPage><Failure error={known.error} retry={() => void known.refetch()} /></DataPage>;
  if (!known.data) return <DataPage><Skeleton height={320} /></DataPage>;
  const { mode, events, traits } = known.data;
  return (
    <DataPage note={t(`dictionary.${mode}`)}>
      {events.length + traits.length === 0
        ? <p className={styles.note} data-dictionary={0}>{t('dictionary.none')}</p>
        : <div className={styles.scroll} data-dictionary={events.length} tabIndex={0} role="region"
            aria-label={t('data.dictionary')}>
            <table className={styles.table}>
              <Head first={t('dictionary.event')} />
              <tbody>{events.map(event => <Event key={event.name} of={event} />)}</tbody>
              {traits.length > 0 && (
                <tbody>
                  <tr><th scope="rowgroup" colSpan={4}><h2>{t('dictionary.traits')}</h2></th></tr>
                  {traits.map(trait => <Property key={trait.name} of={trait} inner={false} />)}
                </tbody>
              )}
            </table>
          </div>}
    </DataPage>
  );
}
