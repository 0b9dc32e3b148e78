/* The frame around every page: header, navigation, and which page an address means. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Redirect, Route, Switch, useLocation, useSearchParams } from 'wouter';
import { ApiError, infoQuery, logOut, useSession, type Info } from './api';
import styles from './app.module.css';
import { Board } from './board/board';
import { prettified } from './format';
import { InfoProvider } from './info';
import { choose, languages, page, type Language } from './language';
import { customerHere, link, useParams } from './links';
import { useLive } from './live';
import { Login } from './login';
import { Mark } from './mark';
import { codes, type Report } from './reports/list';
import { IconButton, Select, Skeleton } from './ui/controls';
import { Leave, Moon, Sun } from './ui/icons';
import { Failure, Link, Notice, Words } from './ui/page';
import { useScheme, useToggleScheme } from './ui/theme';

const CustomerPage = page(() => import('./customer/customer'), 'customers', 'duplicates');
const Customers = page(() => import('./customers'));
const ModelWords = page(() => import('./model/words'), 'model');
const Edit = page(() => import('./model/edit'), 'model');
const History = page(() => import('./model/history'), 'model');
const Dictionary = page(() => import('./data/dictionary'), 'data');
const Refused = page(() => import('./data/refused'), 'data');
const Retention = page(() => import('./data/retention'), 'data');
const Suspects = page(() => import('./data/suspects'), 'data', 'duplicates');
const Keys = page(() => import('./data/keys'), 'data');
const Webhooks = page(() => import('./data/webhooks'), 'data');
const reports = Object.entries(codes).map(([name, code]) => ({
  path: `/reports/${name}`,
  Report: page(code, 'reports', name as Report),
}));

/* Only who came in by a key can go. */
function Leaving() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const name = useSession(true).data?.name;
  if (!name) return null;
  const leave = () => void logOut().then(() => client.resetQueries());
  return <IconButton label={t('nav.leave', { name })} onClick={leave}><Leave /></IconButton>;
}

function Header({ info, stranger }: { info: Info | undefined; stranger: boolean }) {
  const { t, i18n } = useTranslation();
  const [path] = useLocation();
  const [params, change] = useParams();
  const scheme = useScheme();
  const toggle = useToggleScheme();
  const at = params.get('at') ?? undefined;
  const pages = [
    { to: '/', label: t('nav.board'), here: path === '/' },
    { to: '/customers', label: t('nav.customers'), here: path.startsWith('/customers') },
    { to: '/reports/segments', label: t('nav.reports'), here: path.startsWith('/reports') },
    { to: '/model', label: t('nav.model'), here: path.startsWith('/model') },
    { to: '/data', label: t('nav.data'), here: path.startsWith('/data') },
  ];
  const setLanguage = (language: string) => {
    if (params.has('lang')) change({ lang: language });
    void choose(language as Language);
  };
  /* What is asked of one lifecycle's stages is not asked of another's. */
  const setLifecycle = (name: string) => change({
    lifecycle: name === info!.lifecycles[0] ? undefined : name,
    stage: undefined, entered: undefined, left: undefined, move_from: undefined, move_to: undefined,
  });
  return (
    <header className={styles.header}>
      <a className={styles.skip} href="#main">{t('nav.skip')}</a>
      <Link to={link('/', { at })} className={styles.mark}>
        <Mark />
        <span>{info?.workspace.name ?? 'Ciclo'}</span>
      </Link>
      <nav className={styles.nav} aria-label={t('nav.label')}>
        {!stranger && pages.map(page => (
          <Link key={page.to} to={link(page.to, { at })} aria-current={page.here ? 'page' : undefined}>
            {page.label}
          </Link>
        ))}
      </nav>
      {info && info.lifecycles.length > 1 && (
        <div className={styles.lifecycle}>
          <Select label={t('nav.lifecycle')} value={info.lifecycle.name} onChange={setLifecycle}
            options={info.lifecycles.map(value => ({ value, label: prettified(value) }))} />
        </div>
      )}
      <div className={styles.settings}>
        <Select label={t('nav.language')} value={i18n.language} onChange={setLanguage}
          options={Object.entries(languages).map(([value, label]) => ({ value, label }))} />
        <IconButton label={t(scheme === 'dark' ? 'nav.light' : 'nav.dark')} onClick={toggle}>
          {scheme === 'dark' ? <Sun /> : <Moon />}
        </IconButton>
        {info && <Leaving />}
      </div>
    </header>
  );
}

/* A file without events: there is nothing to see yet, only what to do first. */
function Empty() {
  const { t } = useTranslation();
  useLive(''); /* the first event brings the board */
  return (
    <Notice title={t('empty.title')}>
      <p>{t('empty.what')}</p>
      <pre tabIndex={0}>{`ciclo import shop.ciclo orders.csv \\
  --customer CustomerID --time InvoiceDate \\
  --event purchase --id InvoiceNo \\
  --property 'revenue:money=sum(Quantity * UnitPrice)'`}</pre>
      <p><Words text={t('empty.columns')} /></p>
      <p><Words text={t('empty.send')} /></p>
      <pre tabIndex={0}>{`curl ${location.origin}/v1/track -d \\
  '{"userId":"ada","event":"purchase","properties":{"revenue":12.5}}'`}</pre>
    </Notice>
  );
}

function Waiting() {
  return (
    <div className={styles.waiting} aria-busy="true">
      <Skeleton height={28} width={260} />
      <Skeleton height={48} />
      <Skeleton height={320} />
    </div>
  );
}

function Pages({ info }: { info: Info }) {
  const { t } = useTranslation();
  return (
    <InfoProvider info={info}>
      <Suspense fallback={<Waiting />}>
        <Switch>
          <Route path="/">{info.events === 0 ? <Empty /> : <Board />}</Route>
          <Route path="/customers">{info.events === 0 ? <Empty /> : <Customers />}</Route>
          <Route path="/customers/*">
            {() => <CustomerPage key={customerHere()} id={customerHere()} />}
          </Route>
          <Route path="/reports"><Redirect to={link('/reports/segments')} replace /></Route>
          {reports.map(({ path, Report }) => (
            <Route key={path} path={path}>{info.events === 0 ? <Empty /> : <Report />}</Route>
          ))}
          <Route path="/model"><ModelWords /></Route>
          <Route path="/model/edit"><Edit /></Route>
          <Route path="/model/history"><History /></Route>
          <Route path="/data"><Dictionary /></Route>
          <Route path="/data/refused"><Refused /></Route>
          <Route path="/data/retention"><Retention /></Route>
          <Route path="/data/duplicates"><Suspects /></Route>
          <Route path="/data/keys"><Keys /></Route>
          <Route path="/data/webhooks"><Webhooks /></Route>
          <Route>
            <Notice title={t('missing.page')}>
              <p><Link to={link('/')} className={styles.link}>{t('missing.home')}</Link></p>
            </Notice>
          </Route>
        </Switch>
      </Suspense>
    </InfoProvider>
  );
}

export function App() {
  const { i18n } = useTranslation();
  const [params] = useSearchParams();
  const info = useQuery(infoQuery(i18n.language, params.get('lifecycle') ?? undefined));
  const [path] = useLocation();
  const stranger = info.error instanceof ApiError && ['no_key', 'no_right'].includes(info.error.code);
  const known = stranger ? undefined : info.data;

  useEffect(() => { void window.scrollTo(0, 0); }, [path]);
  useEffect(() => {
    document.title = known ? `${known.workspace.name} · Ciclo` : 'Ciclo';
  }, [known]);

  return (
    <>
      <Header info={known} stranger={stranger} />
      <main id="main" className={styles.main} tabIndex={-1}>
        {stranger ? <Login />
          : known ? <Pages info={known} />
          : info.error ? <Failure error={info.error} retry={() => void info.refetch()} />
          : <Waiting />}
      </main>
    </>
  );
}
