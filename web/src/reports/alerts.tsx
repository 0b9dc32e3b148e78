/* Alerts: numbers that are looked at, and what came of the last look. */

import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '../api';
import { useInfo } from '../info';
import { Button, Field, Select, Skeleton } from '../ui/controls';
import { Failure } from '../ui/page';
import {
  addAlert, numbersOf, removeSaved, shownNumber, tryAlert, useRefresh, useViewAnswer,
  type Alert, type AlertRule, type AlertState, type Every,
} from './saved';
import styles from './views.module.css';

const every: Every[] = ['hour', 'day', 'week'];
const rules = ['unusual', 'above', 'below'] as const;

function State({ state }: { state: AlertState }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (
    <>
      <span className={state.on ? styles.on : undefined}>{t(state.on ? 'alerts.on' : 'alerts.off')}</span>
      {state.since && <p className={styles.small}>{t('alerts.since', { day: format.day(state.since) })}</p>}
      {state.why && <p className={styles.small}>{state.why}</p>}
      {!state.looked && <p className={styles.small}>{t('alerts.never')}</p>}
    </>
  );
}

function Value({ state, number }: { state: AlertState; number: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const shown = (value: number) => shownNumber(format, number, value);
  return (
    <>
      {state.value === null ? '–' : shown(state.value)}
      {state.usual && (
        <p className={styles.small}>
          {t('alerts.usual', { low: shown(state.usual.low), high: shown(state.usual.high) })}
        </p>
      )}
    </>
  );
}

export function AlertTable({ alerts, may }: { alerts: Alert[]; may: boolean }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const refresh = useRefresh();
  const [sure, setSure] = useState<string | null>(null);
  const on = alerts.filter(one => one.state.on);
  const told = (one: Alert) => (one.unusual ? t('alerts.tells.unusual')
    : one.above !== undefined ? t('alerts.tells.above', { n: shownNumber(format, one.number, one.above) })
    : t('alerts.tells.below', { n: shownNumber(format, one.number, one.below!) }));
  return (
    <section className={styles.section} aria-labelledby="alerts" data-alerts={alerts.length}>
      <h2 id="alerts">{t('alerts.title')}</h2>
      <p role="status" className={on.length > 0 ? styles.on : styles.none}>
        {alerts.length === 0 ? t('alerts.none')
          : on.length > 0 ? t('alerts.areOn', { names: on.map(one => one.name).join(', ') }) : t('alerts.quiet')}
      </p>
      {alerts.length > 0 && (
        <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="alerts">
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('views.name')}</th>
                <th scope="col" className={styles.number}>{t('alerts.value')}</th>
                <th scope="col">{t('alerts.state')}</th>
                <th scope="col"><span className={styles.wide}>{t('views.actions')}</span></th>
              </tr>
            </thead>
            <tbody>
              {alerts.map(one => (
                <tr key={one.name} data-alert={one.name} data-on={one.state.on}>
                  <th scope="row">
                    {one.name}
                    <p className={styles.small}>{`${one.view} ${one.number}`}</p>
                    <p className={styles.small}>{`${told(one)}, ${t(`alerts.every.${one.every}`)}`}</p>
                  </th>
                  <td className={styles.number}><Value state={one.state} number={one.number} /></td>
                  <td><State state={one.state} /></td>
                  <td>
                    {may && (sure === one.name
                      ? <Button onClick={() => void removeSaved('alerts', one.name).then(refresh)}>
                          {t('views.really', { name: one.name })}
                        </Button>
                      : <Button onClick={() => setSure(one.name)}>{t('views.remove')}</Button>)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export function AddAlert({ view, done }: { view: string; done: () => void }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const refresh = useRefresh();
  const answer = useViewAnswer(view);
  const [name, setName] = useState('');
  const [number, setNumber] = useState('');
  const [often, setOften] = useState<string>('day');
  const [rule, setRule] = useState<string>('unusual');
  const [limit, setLimit] = useState('');
  const [said, setSaid] = useState<string | null>(null);
  const [found, setFound] = useState<AlertState | null>(null);
  if (answer.error) return <Failure error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data) return <Skeleton height={80} />;
  const numbers = numbersOf(answer.data);
  const pointer = number || numbers[0]?.pointer || '';
  const asked: AlertRule = {
    view, number: pointer, every: often as Every,
    ...(rule === 'unusual' ? { unusual: true } : { [rule]: limit.trim() }),
  };
  const fail = (error: ApiError) => setSaid(error.message);
  const make = (event: FormEvent) => {
    event.preventDefault();
    addAlert(name.trim(), asked).then(() => { refresh(); done(); }, fail);
  };
  return (
    <form className={styles.section} onSubmit={make} aria-labelledby="watch">
      <h2 id="watch">{t('alerts.make', { name: view })}</h2>
      <div className={styles.form}>
        <label>{t('alerts.number')}
          <Select label={t('alerts.number')} value={pointer} onChange={setNumber}
            options={numbers.map(one => ({ value: one.pointer, label: `${one.words}: ${shownNumber(format, one.pointer, one.value)}` }))} />
        </label>
        <label>{t('alerts.often')}
          <Select label={t('alerts.often')} value={often} onChange={setOften}
            options={every.map(value => ({ value, label: t(`alerts.every.${value}`) }))} />
        </label>
        <label>{t('alerts.rule')}
          <Select label={t('alerts.rule')} value={rule} onChange={setRule}
            options={rules.map(value => ({ value, label: t(`alerts.rules.${value}`) }))} />
        </label>
        {rule !== 'unusual' && (
          <label>{t('alerts.limit')}<Field label={t('alerts.limit')} value={limit} onChange={setLimit} /></label>
        )}
        <label>{t('views.name')}<Field label={t('views.name')} value={name} onChange={setName} /></label>
        <span className={styles.buttons}>
          <Button primary submit disabled={name.trim() === ''}>{t('alerts.add')}</Button>
          <Button onClick={() => void tryAlert(asked).then(state => { setSaid(null); setFound(state); }, fail)}>{t('alerts.try')}</Button>
          <Button onClick={done}>{t('views.cancel')}</Button>
        </span>
      </div>
      <p className={styles.small}>{t('alerts.how')}</p>
      <div role="status">
        {said && <p className={styles.fault}>{said}</p>}
        {!said && found && <div data-tried={found.on}><State state={{ ...found, looked: found.looked ?? '' }} /> <Value state={found} number={pointer} /></div>}
      </div>
    </form>
  );
}
