/* Every report, under the question that it answers. A report's name is also that of its words
 * (lang/NAME.en.json, .it, .pt), of its title (report.pages in lang/reports.*.json), and of its address. */

export const reports = {
  stages: {
    stageflow: () => import('./stageflow'),
  },
  segments: {
    segments: () => import('./segments'),
    rfm: () => import('./rfm'),
    overlap: () => import('./overlap'),
    lookalikes: () => import('./lookalikes'),
    personas: () => import('./personas'),
  },
  behaviour: {
    funnel: () => import('./funnel'),
    paths: () => import('./paths'),
    journey: () => import('./journey'),
  },
  time: {
    cohorts: () => import('./cohorts'),
    returned: () => import('./returned'),
    survival: () => import('./survival'),
    churn: () => import('./churn'),
    propensity: () => import('./propensity'),
  },
  money: {
    value: () => import('./value'),
    channels: () => import('./channels'),
    attribution: () => import('./attribution'),
    lift: () => import('./lift'),
    spend: () => import('./spend'),
  },
  saved: {
    views: () => import('./views'),
    dashboards: () => import('./dashboards'),
  },
};

type Reports = typeof reports;
export type Group = keyof Reports;
export type Report = { [G in Group]: keyof Reports[G] }[Group];

const names = <T extends object>(of: T) => Object.keys(of) as (keyof T)[];

export const groups = names(reports).map(group => ({ group, pages: names(reports[group]) as Report[] }));

export const codes = Object.assign({}, ...Object.values(reports)) as Record<Report, () => Promise<{ default: () => React.ReactNode }>>;
