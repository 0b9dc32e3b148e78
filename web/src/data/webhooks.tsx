/* Where what happens is sent: webhooks, made here, tried, sent again, removed. */

import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import {
  addWebhook, removeWebhook, replayWebhook, testWebhook, useWebhooks, type ApiError, type WebhookState,
} from '../api';
import { useInfo } from '../info';
import { Button, Field, Select, Skeleton } from '../ui/controls';
import { Failure } from '../ui/page';
import styles from './data.module.css';
import { Secret } from './keys';
import { DataPage } from './page';

const parts = ['events', 'moves', 'segments', 'alerts'] as const;
const kinds = [parts.join(','), 'events,moves', ...parts];

/* What is sent, in words. */
function useKind() {
  const { t } = useTranslation();
  return (what: string) =>
    parts.filter(part => what.split(',').includes(part)).map(part => t(`webhooks.kinds.${part}`)).join(', ');
}

/* Who enters or leaves which segments is sent: of none chosen, of all. */
function Segments({ chosen, choose }: { chosen: string[]; choose: (names: string[]) => void }) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  return (
    <fieldset className={styles.choices}>
      <legend>{t('webhooks.segments')}</legend>
      {info.segments.map(({ name }) => (
        <label key={name}>
          <input type="checkbox" checked={chosen.includes(name)}
            onChange={event => choose(event.target.checked ? [...chosen, name] : chosen.filter(one => one !== name))} />
          {format.segment(name)}
        </label>
      ))}
    </fieldset>
  );
}

function Add({ done }: { done: (secret: string) => void }) {
  const { t } = useTranslation();
  const { info } = useInfo();
  const kind = useKind();
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [what, setWhat] = useState(kinds[0]!);
  const [segments, setSegments] = useState<string[]>([]);
  const tellsSegments = what.includes('segments') && info.segments.length > 0;
  const [inside, setInside] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const add = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    try {
      const { secret } = await addWebhook({
        name: name.trim(), url: url.trim(), what, segments: tellsSegments ? segments : [], allow_private: inside,
      });
      setName('');
      setUrl('');
      done(secret);
    } catch (error) {
      setFault((error as ApiError).message);
    }
    setBusy(false);
  };
  return (
    <form className={styles.section} onSubmit={event => void add(event)} aria-labelledby="add">
      <h2 id="add">{t('webhooks.add')}</h2>
      <div className={styles.form}>
        <label>{t('webhooks.name')}<Field label={t('webhooks.name')} value={name} onChange={setName} /></label>
        <label>{t('webhooks.url')}
          <Field label={t('webhooks.url')} value={url} onChange={setUrl} placeholder="https://" />
        </label>
        <label>{t('webhooks.what')}
          <Select label={t('webhooks.what')} value={what} onChange={setWhat}
            options={kinds.map(value => ({ value, label: value === kinds[0] ? t('webhooks.everything') : kind(value) }))} />
        </label>
        {tellsSegments && <Segments chosen={segments} choose={setSegments} />}
        <label>{t('webhooks.where')}
          <Select label={t('webhooks.where')} value={inside ? 'inside' : 'outside'}
            onChange={value => setInside(value === 'inside')}
            options={(['outside', 'inside'] as const).map(value => ({ value, label: t(`webhooks.${value}`) }))} />
        </label>
        <Button primary submit disabled={busy || !name.trim() || !url.trim()}>{t('webhooks.make')}</Button>
      </div>
      <div role="status">{fault && <p className={styles.fault}>{fault}</p>}</div>
    </form>
  );
}

/* What can be done with one; what cannot be undone is asked once more. */
function Actions({ name, done }: { name: string; done: (fault: string | null) => void }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<'remove' | 'replay' | null>(null);
  const [day, setDay] = useState('');
  const run = (action: Promise<object>) => {
    setAsked(null);
    void action.then(() => done(null), (error: ApiError) => done(error.message));
  };
  const cancel = <Button onClick={() => setAsked(null)}>{t('list.cancel')}</Button>;
  if (asked === 'remove')
    return (
      <span className={styles.buttons}>
        <Button primary onClick={() => run(removeWebhook(name))}>{t('webhooks.really', { name })}</Button>
        {cancel}
      </span>
    );
  if (asked === 'replay')
    return (
      <span className={styles.buttons}>
        <Field label={t('webhooks.from')} value={day} onChange={setDay} placeholder={t('webhooks.from')} />
        <Button primary onClick={() => run(replayWebhook(name, day.trim() || undefined))}>
          {t(day.trim() ? 'webhooks.again' : 'webhooks.on')}
        </Button>
        {cancel}
      </span>
    );
  return (
    <span className={styles.buttons}>
      <Button onClick={() => run(testWebhook(name))}>{t('webhooks.test')}</Button>
      <Button onClick={() => setAsked('replay')}>{t('webhooks.replay')}</Button>
      <Button onClick={() => setAsked('remove')}>{t('webhooks.remove')}</Button>
    </span>
  );
}

function State({ of }: { of: WebhookState }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { webhook } = of;
  const answer = webhook.last_status === null ? of.why || t('webhooks.silent') : String(webhook.last_status);
  return (
    <>
      <span className={webhook.state === 'on' && !webhook.failing_since ? undefined : styles.bad}>
        {t(`webhooks.states.${webhook.state}`)}
      </span>
      {webhook.failing_since && (
        <p className={styles.small}>{t('webhooks.failing', { day: format.day(webhook.failing_since) })}</p>
      )}
      {webhook.last_answer && (
        <p className={styles.small}>{t('webhooks.answer', { day: format.day(webhook.last_answer), answer })}</p>
      )}
      {of.under_way > 0 && (
        <p className={styles.small}>{t('webhooks.waiting', { n: format.number(of.under_way) })}</p>
      )}
      {of.ping && (
        <p className={styles.small}>
          {of.ping_status ? t('webhooks.pong', { answer: of.ping_status }) : t('webhooks.no_pong')}
        </p>
      )}
    </>
  );
}

export default function Webhooks() {
  const { t } = useTranslation();
  const kind = useKind();
  const client = useQueryClient();
  const webhooks = useWebhooks();
  const [secret, setSecret] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ['webhooks'] });
  if (webhooks.error && !webhooks.data)
    return <DataPage><Failure error={webhooks.error} retry={() => void webhooks.refetch()} /></DataPage>;
  if (!webhooks.data) return <DataPage><Skeleton height={240} /></DataPage>;
  return (
    <DataPage note={webhooks.data.length ? undefined : t('webhooks.none')}>
      {webhooks.data.length > 0 && (
        <div className={styles.scroll} data-webhooks={webhooks.data.length} tabIndex={0} role="region"
          aria-label={t('data.webhooks')}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('webhooks.name')}</th>
                <th scope="col" className={styles.wide}>{t('webhooks.what')}</th>
                <th scope="col">{t('webhooks.state')}</th>
                <th scope="col"><span className={styles.wide}>{t('webhooks.actions')}</span></th>
              </tr>
            </thead>
            <tbody>
              {webhooks.data.map(one => (
                <tr key={one.webhook.name} data-webhook={one.webhook.name}>
                  <th scope="row">{one.webhook.name}<p className={styles.small}>{one.webhook.url}</p></th>
                  <td className={styles.wide}>
                    {kind(one.webhook.what)}
                    <p className={styles.small}>{[...one.webhook.types, ...one.webhook.stages, ...one.webhook.segments].join(', ')}</p>
                  </td>
                  <td><State of={one} /></td>
                  <td><Actions name={one.webhook.name} done={said => { setFault(said); void refresh(); }} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div role="status">{fault && <p className={styles.fault}>{fault}</p>}</div>
      {secret && <Secret key={secret} secret={secret} once={t('webhooks.once')} />}
      <Add done={made => { setSecret(made); void refresh(); }} />
    </DataPage>
  );
}
