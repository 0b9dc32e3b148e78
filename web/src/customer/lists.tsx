/* The lists of the model: on which of them the customer is, and putting him on one or taking him off. */

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changeList, type Customer, type Fault, type Id, idText, useSession } from '../api';
import { useInfo } from '../info';
import { faultOf } from '../model/apply';
import { Button } from '../ui/controls';
import styles from './customer.module.css';

export function Lists({ customer, of }: { customer: Customer; of: Id }) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const client = useQueryClient();
  const right = useSession(true).data?.right;
  const [fault, setFault] = useState<Fault | null>(null);
  const lists = info.segments.filter(segment => segment.list);
  if (lists.length === 0 || (right !== 'edit' && right !== 'admin')) return null;
  const change = (list: string, on: boolean) => {
    setFault(null);
    changeList(list, on, [idText(of)]).then(
      () => client.invalidateQueries(),
      error => { setFault(faultOf(error)); },
    );
  };
  return (
    <>
      <p className={styles.doings}>
        {lists.map(({ name }) => {
          const on = customer.segments.includes(name);
          return (
            <Button key={name} onClick={() => change(name, !on)}>
              {t(on ? 'lists.takeOff' : 'lists.putOn', { list: format.segment(name) })}
            </Button>
          );
        })}
      </p>
      <div role="status">{fault && <p className={styles.fault}>{fault.message}</p>}</div>
    </>
  );
}
