/* Who may be one customer with whom: those who share an id, and those who look alike; and what was
 * decided, which can be taken back. */

import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type Alike, decide, type Decision, type Fault, type Id, idText, type Suspect, type Suspicion, usePairs, useSession,
} from '../api';
import { useInfo } from '../info';
import { customerLink, link, useParams } from '../links';
import { faultOf, Progress } from '../model/apply';
import { StageName } from '../stagename';
import { Button, Skeleton } from '../ui/controls';
import { Failure, Link } from '../ui/page';
import styles from './data.module.css';
import { useWork } from '../work';
import { DataPage } from './page';
import look from './suspects.module.css';

const pageSize = 50;

type Says = 'merge' | 'apart' | 'undecided';
type Say = (a: Id, b: Id, says: Says) => void;
interface Said { a: Id; b: Id; says: Says }

/* What the last decision was, so that it can be taken back at once. */
function useDecide() {
  const client = useQueryClient();
  const [said, setSaid] = useState<Said | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const [busy, setBusy] = useState(false);
  const say: Say = (a, b, says) => {
    setBusy(true);
    setFault(null);
    decide(idText(a), idText(b), says)
      .then(() => {
        setSaid({ a, b, says });
        return client.invalidateQueries({ predicate: query => query.queryKey[0] !== 'job' });
      }, error => { setFault(faultOf(error)); })
      .finally(() => { setBusy(false); });
  };
  return { said, fault, busy, say };
}

/* The right to decide. */
function useMay() {
  const right = useSession(true).data?.right;
  return right === 'edit' || right === 'admin';
}

function Who({ of }: { of: Suspect }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (
    <li>
      <Link to={customerLink(of.id, undefined)} className={look.id}>{of.id}</Link>
      <span className={styles.small}>
        {of.kind !== 'userId' && <>{t(`id.${of.kind}`)} · </>}
        {of.stage !== null && <><StageName stage={of.stage} /> · </>}
        {of.last === null
          ? t('suspects.never')
          : <>{t('suspects.events', { count: of.events, n: format.number(of.events) })}
              {', '}{t('suspects.last', { day: format.day(of.last) })}</>}
      </span>
    </li>
  );
}

function Pair({ customers, children, buttons }: { customers: Suspect[]; children: ReactNode; buttons: ReactNode }) {
  return (
    <li className={look.pair} data-pair={customers.map(one => one.id).join(' ')}>
      <ul className={look.two}>{customers.map(one => <Who key={idText(one)} of={one} />)}</ul>
      <div className={look.evidence}>{children}</div>
      <div className={look.buttons}>{buttons}</div>
    </li>
  );
}

function Choose({ a, b, say, busy }: { a: Id; b: Id; say: Say; busy: boolean }) {
  const { t } = useTranslation();
  if (!useMay()) return null;
  return (
    <>
      <Button onClick={() => say(a, b, 'merge')} disabled={busy}>{t('suspects.merge')}</Button>
      <Button onClick={() => say(a, b, 'apart')} disabled={busy}>{t('suspects.apart')}</Button>
    </>
  );
}

const whys = {
  'two known users': 'users', 'too many ids of a kind': 'limit', 'kept apart by a decision': 'apart',
} as const;

/* An id as people say it: its kind in front, unless that is the usual one. */
function useNamed() {
  const { t } = useTranslation();
  return ({ kind, id }: Id) => {
    const label = t(`id.${kind}`);
    return kind === 'userId' ? id : `${label.charAt(0).toLocaleLowerCase()}${label.slice(1)} ${id}`;
  };
}

function Evidence({ of }: { of: Suspicion }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const named = useNamed();
  return (
    <>
      <p>{t(`suspects.how.${of.how}`, { a: named(of.a), b: named(of.b), day: format.day(of.since) })}</p>
      <p className={styles.small}>{t(`suspects.why.${whys[of.why]}`)}</p>
    </>
  );
}

function Fields({ of }: { of: Alike }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (
    <ul>
      {of.fields.map(one => (
        <li key={one.field}>
          {t(`suspects.${one.a === one.b ? 'both' : one.alike ? 'pair' : 'differ'}`, {
            field: t(`suspects.field.${one.field}`), a: one.a, b: one.b, alike: format.rate(one.alike),
          })}
        </li>
      ))}
    </ul>
  );
}

/* One of the three lists: its heading with how many there are, its pages, and a button for more. */
function List({ title, none, query, children }: {
  title: (n: number) => string; none: string; children: ReactNode;
  query: {
    data: { pages: { total: number }[] } | undefined; error: Error | null; hasNextPage: boolean;
    isFetchingNextPage: boolean; fetchNextPage: () => unknown; refetch: () => unknown;
  };
}) {
  const { t } = useTranslation();
  const total = query.data?.pages[0]?.total;
  if (query.error && !query.data)
    return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (total === undefined) return <Skeleton height={160} />;
  return (
    <>
      <h2>{title(total)}</h2>
      {total === 0 ? <p className={styles.small}>{none}</p> : <ul className={look.pairs}>{children}</ul>}
      {query.hasNextPage && (
        <p>
          <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
            {t('list.more')}
          </Button>
        </p>
      )}
    </>
  );
}

function Lookalikes({ customer, say, busy }: { customer: string | undefined; say: Say; busy: boolean }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const query = usePairs('similar', customer, pageSize);
  const client = useQueryClient();
  const search = useWork<object>('similar', () => void client.invalidateQueries({ queryKey: ['pairs', 'similar'] }));
  const may = useMay();
  const looked = query.data?.pages[0]?.looked;
  const number = (n: number) => t('suspects.alike', { n: format.number(n) });
  return (
    <section className={styles.section} data-list="similar" data-total={query.data?.pages[0]?.total}
      data-looked={looked ?? undefined}>
      <List title={number} none={t('suspects.noneAlike')} query={query}>
        {query.data?.pages.flatMap(page => page.pairs).map(pair => (
          <Pair key={pair.customers.map(idText).join(' ')} customers={pair.customers}
            buttons={<Choose a={pair.customers[0]} b={pair.customers[1]} say={say} busy={busy} />}>
            <Fields of={pair} />
          </Pair>
        ))}
      </List>
      {query.data && (
        <p className={styles.small}>
          {looked ? t('suspects.looked', { day: format.moment(looked) }) : t('suspects.notLooked')}
        </p>
      )}
      {may && <p><Button onClick={() => void search.start({})} disabled={search.running}>{t('suspects.look')}</Button></p>}
      <div role="status">
        {search.running && <Progress label={t('suspects.looking')} done={search.done} all={search.all}
          starting={search.starting} cancel={search.cancel} />}
        {search.fault && <p className={styles.fault}>{search.fault.message}</p>}
      </div>
    </section>
  );
}

function Shared({ customer, say, busy }: { customer: string | undefined; say: Say; busy: boolean }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const query = usePairs('suspicions', customer, pageSize);
  const number = (n: number) => t('suspects.met', { n: format.number(n) });
  return (
    <section className={styles.section} data-list="suspicions" data-total={query.data?.pages[0]?.total}>
      <List title={number} none={t('suspects.noneMet')} query={query}>
        {query.data?.pages.flatMap(page => page.suspicions).map(one => (
          <Pair key={`${idText(one.a)} ${idText(one.b)} ${one.how}`} customers={one.customers}
            buttons={<Choose a={one.customers[0]!} b={one.customers[1]!} say={say} busy={busy} />}>
            <Evidence of={one} />
          </Pair>
        ))}
      </List>
    </section>
  );
}

function Decided({ customer, say, busy }: { customer: string | undefined; say: Say; busy: boolean }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const query = usePairs('decisions', customer, pageSize);
  const may = useMay();
  const named = useNamed();
  const when = (one: Decision) => (one.by === null
    ? t('suspects.byNobody', { day: format.moment(one.at) })
    : t('suspects.by', { day: format.moment(one.at), name: one.by }));
  return (
    <section className={styles.section} data-list="decisions" data-total={query.data?.pages[0]?.total}>
      <List title={n => t('suspects.decided', { n: format.number(n) })} none={t('suspects.noneDecided')} query={query}>
        {query.data?.pages.flatMap(page => page.decisions).map(one => (
          <Pair key={`${idText(one.a)} ${idText(one.b)}`} customers={one.customers}
            buttons={may &&
              <Button onClick={() => say(one.a, one.b, 'undecided')} disabled={busy}>{t('suspects.undo')}</Button>}>
            <p>{t(one.says === 'merge' ? 'suspects.saysMerge' : 'suspects.saysApart')}: {named(one.a)}, {named(one.b)}</p>
            <p className={styles.small}>{when(one)}</p>
          </Pair>
        ))}
      </List>
    </section>
  );
}

const outcomes = { merge: 'isMerge', apart: 'isApart', undecided: 'isUndecided' } as const;

export default function Suspects() {
  const { t } = useTranslation();
  const [params] = useParams();
  const { said, fault, busy, say } = useDecide();
  const may = useMay();
  const named = useNamed();
  const customer = params.get('customer') ?? undefined;
  const of = { customer, say, busy };
  return (
    <DataPage note={t('suspects.what')}>
      {customer !== undefined && (
        <p className={look.of}>
          {t('suspects.of', { id: customer })}{' '}
          <Link to={link('/data/duplicates')} className={styles.link}>{t('suspects.all')}</Link>
        </p>
      )}
      {!may && <p className={styles.small}>{t('suspects.read')}</p>}
      <div role="status" className={look.said} data-said={said?.says}>
        {fault && <p className={styles.fault}>{fault.message}</p>}
        {said && !fault && (
          <p>
            {t(`suspects.${outcomes[said.says]}`, { a: named(said.a), b: named(said.b) })}{' '}
            {said.says !== 'undecided' && (
              <Button onClick={() => say(said.a, said.b, 'undecided')} disabled={busy}>{t('suspects.undo')}</Button>
            )}
          </p>
        )}
      </div>
      <Shared {...of} />
      <Lookalikes {...of} />
      <Decided {...of} />
    </DataPage>
  );
}
