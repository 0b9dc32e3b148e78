/* The customers behind a number, beside the report; each leads to his page. */

import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { customerLink } from '../links';
import { Button, IconButton, Skeleton } from '../ui/controls';
import { saveCsv, type Cell } from '../ui/figure';
import { Cross, Save } from '../ui/icons';
import { Failure, Link } from '../ui/page';
import styles from './who.module.css';

const SHOWN = 200;

/* `cells` stand behind the id, under the names in `head`. */
export interface Whose { id: string; cells?: Cell[] }

/* `whose` undefined: they are being asked for. `all`: how many there are, where not all are given. */
export function Who({ title, note, file, head = [], whose, all, error, retry, at, csv, onClose, onMore }: {
  title: ReactNode;
  note?: ReactNode;
  file: string;
  head?: string[];
  whose: Whose[] | undefined;
  all?: number;
  error: Error | null;
  retry: () => void;
  at: string | undefined;
  /* The address of the whole list, where `whose` may be a part of it. */
  csv?: string;
  onClose: () => void;
  onMore?: () => void;
}) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const dialog = useRef<HTMLDialogElement>(null);
  const [shown, setShown] = useState(SHOWN);
  useEffect(() => {
    const opened = dialog.current!;
    opened.showModal();
    return () => opened.close();
  }, []);
  const total = all ?? whose?.length;
  const more = whose && (shown < whose.length || onMore !== undefined);
  return (
    <dialog ref={dialog} className={styles.who} aria-labelledby="who" data-who={total}
      onCancel={event => { event.preventDefault(); onClose(); }} onClose={onClose}
      onClick={event => { if (event.target === dialog.current) onClose(); }}>
      <div className={styles.inside}>
        <div className={styles.head}>
          <div>
            <h2 id="who">{title}</h2>
            {note && <p className={styles.note}>{note}</p>}
            {total !== undefined && <p className={styles.note}>{t('list.total', { count: total, n: format.number(total) })}</p>}
          </div>
          <div className={styles.tools}>
            {whose && whose.length > 0 && (
              csv
                ? <Button icon={<Save />} href={csv} download>CSV</Button>
                : <Button icon={<Save />} onClick={() => saveCsv(`${file}.csv`,
                    [['customer', ...head], ...whose.map(one => [one.id, ...(one.cells ?? [])])])}>CSV</Button>
            )}
            <IconButton label={t('who.close')} onClick={onClose}><Cross /></IconButton>
          </div>
        </div>
        {error ? <Failure error={error} retry={retry} />
          : !whose ? <Skeleton height={240} />
          : whose.length === 0 ? <p className={styles.note}>{t('who.nobody')}</p>
          : <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="who">
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t('list.customer')}</th>
                    {head.map(name => <th key={name} scope="col">{name}</th>)}
                  </tr>
                </thead>
                <tbody>
                  {whose.slice(0, shown).map(one => (
                    <tr key={one.id}>
                      <th scope="row"><Link to={customerLink(one.id, at)}>{one.id}</Link></th>
                      {one.cells?.map((cell, i) => (
                        <td key={i}>{typeof cell === 'number' ? format.number(cell) : cell}</td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
              {more && (
                <p className={styles.more}>
                  <Button onClick={() => {
                    if (shown >= whose.length) onMore?.();
                    setShown(shown + SHOWN);
                  }}>{t('list.more')}</Button>
                </p>
              )}
            </div>}
      </div>
    </dialog>
  );
}
