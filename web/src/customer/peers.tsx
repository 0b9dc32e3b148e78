/* An account's members, page by page; and the accounts that somebody is a member of. */

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Customer, type PeerId, useMembers } from '../api';
import { useInfo } from '../info';
import { customerLink } from '../links';
import { Button } from '../ui/controls';
import { Link } from '../ui/page';
import styles from './customer.module.css';

/* A userId is looked up as it is, any other id behind its kind. */
export const peerText = (peer: PeerId) =>
  peer.kind === 'userId' || peer.kind === 'other' ? peer.id : `${peer.kind}:${peer.id}`;

function Peers({ peers, at }: { peers: PeerId[]; at: string | undefined }) {
  return (
    <ul className={styles.segments}>
      {peers.map(peer => (
        <li key={`${peer.kind} ${peer.id}`}>
          <Link to={customerLink(peerText(peer), at)}>{peer.id}</Link>
        </li>
      ))}
    </ul>
  );
}

export function Members({ customer, at }: { customer: Customer; at: string | undefined }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const [open, setOpen] = useState(false);
  const pages = useMembers(customer.id, open);
  const members = pages.data?.pages.flatMap(page => page.members) ?? customer.members;
  const total = customer.members_total;
  return (
    <section aria-labelledby="members">
      <h2 id="members">{t('customer.members', { count: total, n: format.number(total) })}</h2>
      {total ? <Peers peers={members} at={at} /> : <p className={styles.note}>{t('customer.noMembers')}</p>}
      {members.length < total && (
        <div className={styles.doings}>
          <Button onClick={() => { if (open) void pages.fetchNextPage(); else setOpen(true); }}>
            {t('customer.moreMembers')}
          </Button>
        </div>
      )}
    </section>
  );
}

export function Accounts({ customer, at }: { customer: Customer; at: string | undefined }) {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="accounts">
      <h2 id="accounts">{t('customer.accounts')}</h2>
      <Peers peers={customer.accounts} at={at} />
    </section>
  );
}
