/* The frame of a chart: title, controls, the same as a table, and saving it. */

import { useId, useRef, useState, type ReactNode, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import type { Picture } from './chart';
import { Button, Menu } from './controls';
import { Save, Table } from './icons';
import styles from './figure.module.css';

export type Cell = string | number;

const csvCell = (cell: Cell) =>
  typeof cell === 'string' && /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

export function save(name: string, address: string) {
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = name;
  anchor.click();
}

export function saveCsv(name: string, rows: Cell[][]) {
  const text = rows.map(row => row.map(csvCell).join(',') + '\r\n').join('');
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  save(name, address);
  URL.revokeObjectURL(address);
}

/* Saves a chart's numbers, and its picture when it shows one. */
export function SaveMenu({ file, rows, png }: {
  file: string;
  rows: () => Cell[][];
  png?: () => string | Promise<string> | undefined;
}) {
  const { t } = useTranslation();
  const savePng = async () => {
    const address = await png!();
    if (address) save(`${file}.png`, address);
  };
  const items = [{ key: 'csv', label: t('figure.csv'), onClick: () => saveCsv(`${file}.csv`, rows()) }];
  if (png) items.unshift({ key: 'png', label: t('figure.png'), onClick: () => void savePng() });
  return <Menu label={t('figure.save')} icon={<Save />} groups={[{ items }]} />;
}

export function Figure(props: {
  title: string;
  note?: ReactNode;
  file: string;
  controls?: ReactNode;
  rows: () => Cell[][];
  table: ReactNode;
  chart: (ref: Ref<Picture>) => ReactNode;
}) {
  const { t } = useTranslation();
  const [asTable, setAsTable] = useState(false);
  const picture = useRef<Picture>(null);
  const id = useId();
  return (
    <figure className={styles.figure} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id}>{props.title}</h2>
        <div className={styles.controls}>
          {props.controls}
          <Button icon={<Table />} pressed={asTable} onClick={() => setAsTable(!asTable)}>
            {t('figure.table')}
          </Button>
          <SaveMenu file={props.file} rows={props.rows}
            png={asTable ? undefined : () => picture.current?.png()} />
        </div>
      </div>
      {props.note && <p className={styles.note}>{props.note}</p>}
      {asTable
        ? <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby={id}>
            {props.table}
          </div>
        : props.chart(picture)}
    </figure>
  );
}
