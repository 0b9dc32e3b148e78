/* Who is on a list: customers are put on it, and taken off it, by their ids. */

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changeList, type Fault, type ListChanged, type Segment, useSession } from '../api';
import { useInfo } from '../info';
import { faultOf } from '../model/apply';
import { Button } from '../ui/controls';
import styles from './segments.module.css';

export function ListEditor({ list }: { list: Segment }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const client = useQueryClient();
  const right = useSession(true).data?.right;
  const [text, setText] = useState('');
  const [done, setDone] = useState<ListChanged & { on: boolean } | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  if (right !== 'edit' && right !== 'admin') return null;
  const ids = text.split('\n').map(line => line.trim()).filter(line => line !== '');
  const change = (on: boolean) => {
    setFault(null);
    setDone(null);
    changeList(list.name, on, ids).then(
      changed => { setText(''); setDone({ ...changed, on }); return client.invalidateQueries(); },
      error => { setFault(faultOf(error)); },
    );
  };
  return (
    <form className={styles.editor} data-list={list.name} onSubmit={event => event.preventDefault()}>
      <label>
        {t('lists.ids')}
        <textarea value={text} rows={3} spellCheck={false} onChange={event => setText(event.currentTarget.value)} />
      </label>
      <p className={styles.links}>
        <Button primary disabled={ids.length === 0} onClick={() => change(true)}>{t('lists.add')}</Button>
        <Button disabled={ids.length === 0} onClick={() => change(false)}>{t('lists.remove')}</Button>
      </p>
      <div role="status">
        {fault && <p className={styles.fault}>{fault.message}</p>}
        {done && (
          <p>
            {t(done.on ? 'lists.added' : 'lists.removed', { n: format.number(done.changed) })}
            {done.already > 0 && ` ${t('lists.already', { n: format.number(done.already) })}`}
          </p>
        )}
      </div>
    </form>
  );
}
