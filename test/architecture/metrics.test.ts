import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { figureGauges } from '../../src/overview/figure-gauges.js';
import { meterFigures } from '../../src/overview/meter-figures.js';
import { Gauges } from '../../src/platform/metrics/gauges.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(ROOT + path, 'utf8');

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; runbook_url: string };
}
interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}

const rules = (
  parse(read('deploy/prometheus/alerts.yml')) as { groups: { name: string; rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('deploy/grafana/posthaste.json')) as { title: string; panels: Panel[] };
const expressions = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
];
/** prom-client's own: of the process and of Node. */
const isOfTheProcess = (name: string): boolean => /^posthaste_(process|nodejs)_/.test(name);

let labelsOf: Map<string, Set<string>>;

/** Every name that a scrape may show, with its labels: a histogram has three. */
beforeAll(async () => {
  const gauges = new Gauges();
  meterFigures(gauges, () => Promise.resolve(undefined));
  const all = gauges.registry.getMetricsAsArray() as unknown as {
    name: string;
    type: string;
    labelNames: string[];
  }[];
  const parts = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] };
  labelsOf = new Map(
    all.flatMap(({ name, type, labelNames }) =>
      (parts[type as keyof typeof parts] ?? ['']).map((part): [string, Set<string>] => [
        name + part,
        new Set([...labelNames, ...(part === '_bucket' ? ['le'] : []), 'instance', 'job']),
      ]),
    ),
  );
});

const namesIn = (expr: string): string[] => expr.match(/\bposthaste_\w+/g) ?? [];
/** Labels that an expression chooses by, with the metric whose they are. */
const matchersIn = (expr: string): [metric: string, label: string][] =>
  [...expr.matchAll(/(posthaste_\w+)\{([^}]*)\}/g)].flatMap(([, metric, inner]) =>
    [...inner!.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]): [string, string] => [metric!, label!]),
  );
const groupedBy = (expr: string): string[] =>
  [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) =>
    list!.split(',').map((label) => label.trim()),
  );

describe('metrics', () => {
  it('have a line each in docs/metrics.md, with their labels, and no line is of another', () => {
    const page = read('docs/metrics.md');
    const table = page.slice(page.indexOf('| Metric'), page.indexOf('Beside these'));
    const documented = [...table.matchAll(/^\| `(posthaste_\w+)`(?: \*\*P\*\*)? *\| ([^|]*)\|/gm)].map(
      ([, name, labels]) =>
        `${name}: ${[...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label).join(' ')}`,
    );
    const exposed = [...labelsOf]
      .filter(([name]) => !isOfTheProcess(name) && !/_(bucket|count)$/.test(name))
      .map(
        ([name, labels]) =>
          [
            name.replace(/_sum$/, ''),
            [...labels].filter((one) => !['instance', 'job'].includes(one)),
          ] as const,
      )
      .map(([name, labels]) => `${name}: ${labels.join(' ')}`);
    expect(documented.sort()).toEqual(exposed.sort());
  });

  it('say by their mark in docs/metrics.md which are read for all processes', () => {
    const marked = [...read('docs/metrics.md').matchAll(/^\| `(posthaste_\w+)` \*\*P\*\*/gm)].map(
      ([, name]) => name!,
    );
    const shared = figureGauges(new Gauges()).map(({ gauge }) => (gauge as unknown as { name: string }).name);
    expect(marked.sort()).toEqual(shared.sort());
  });

  it('are named by the conventions: ours, in base units, counters end in _total', () => {
    const all = (
      new Gauges().registry.getMetricsAsArray() as unknown as { name: string; type: string }[]
    ).filter(({ name }) => !isOfTheProcess(name));
    expect(all.filter(({ name }) => !/^posthaste_[a-z_]+$/.test(name))).toEqual([]);
    expect(all.filter(({ name, type }) => (type === 'counter') !== name.endsWith('_total'))).toEqual([]);
    expect(all.filter(({ name }) => /_(ms|millis|milliseconds|minutes|percent)\b/.test(name))).toEqual([]);
  });

  it('have no label for what has no bound', () => {
    const labels = new Set([...labelsOf.values()].flatMap((one) => [...one]));
    for (const unbounded of ['id', 'recipient', 'to', 'endpoint', 'key', 'detail', 'path', 'url', 'template'])
      expect(labels).not.toContain(unbounded);
    // The service's own types alone: a caller's are a caller's words.
    const withType = [...labelsOf].filter(([, one]) => one.has('type')).map(([name]) => name);
    expect(
      withType.filter((name) => !name.startsWith('posthaste_own_event') && !isOfTheProcess(name)),
    ).toEqual([]);
  });
});

describe.each(expressions)('%s: %s', (_title, expr) => {
  it('asks for metrics and labels that there are', () => {
    expect(namesIn(expr).length).toBeGreaterThan(0);
    expect(namesIn(expr).filter((name) => !labelsOf.has(name))).toEqual([]);
    expect(matchersIn(expr).filter(([metric, label]) => !labelsOf.get(metric)!.has(label))).toEqual([]);
    const known = new Set(namesIn(expr).flatMap((name) => [...labelsOf.get(name)!]));
    expect(groupedBy(expr).filter((label) => !known.has(label))).toEqual([]);
  });

  it('closes what it opens', () => {
    for (const [open, close] of ['()', '{}', '[]']) {
      const depths = [...expr].reduce<number[]>(
        (all, one) => [...all, all.at(-1)! + Number(one === open) - Number(one === close)],
        [0],
      );
      expect(Math.min(...depths)).toBe(0);
      expect(depths.at(-1)).toBe(0);
    }
  });
});

describe('deploy/prometheus/alerts.yml', () => {
  it('is a file of rules, each named once', () => {
    expect(rules.length).toBeGreaterThan(10);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s is a whole rule', (alert, rule) => {
    expect(alert).toMatch(/^Posthaste[A-Z][A-Za-z]+$/);
    expect(
      Object.keys(rule).filter((key) => !['alert', 'expr', 'for', 'labels', 'annotations'].includes(key)),
    ).toEqual([]);
    if (rule.for !== undefined) expect(rule.for).toMatch(/^\d+[smh]$/);
    expect(['warning', 'critical']).toContain(rule.labels.severity);
    expect(rule.annotations.summary).toMatch(/^\S.*[^.]$/);
    const [page, heading] = rule.annotations.runbook_url.split('#');
    expect(headingsOf(read(page!))).toContain(heading);
  });

  it('has a word in docs/metrics.md for each whose runbook is there', () => {
    const there = rules.filter(({ annotations }) => annotations.runbook_url.startsWith('docs/metrics.md'));
    expect(there.filter(({ alert }) => !read('docs/metrics.md').includes(`\`${alert}\``))).toEqual([]);
  });

  it('never adds up what every process shows', () => {
    const shared = figureGauges(new Gauges()).map(({ gauge }) => (gauge as unknown as { name: string }).name);
    const added = expressions.filter(([, expr]) =>
      shared.some((name) => new RegExp(`sum(?: by \\([^)]*\\))? \\(?${name}`).test(expr)),
    );
    expect(added).toEqual([]);
  });
});

describe('deploy/grafana/posthaste.json', () => {
  it('asks the four questions first', () => {
    const [top, ...rest] = dashboard.panels;
    const four = ['Where is it stuck?', 'How many are failing?', 'Since when?', 'What happens next?'];
    expect(top!.type).toBe('row');
    expect(rest.slice(0, 4).map(({ title }) => title)).toEqual(four);
  });

  it('has panels that do not lie on one another, each with an id of its own', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const overlaps = panels.flatMap((a, i) =>
      panels
        .slice(i + 1)
        .filter(
          (b) =>
            a.gridPos.x < b.gridPos.x + b.gridPos.w &&
            b.gridPos.x < a.gridPos.x + a.gridPos.w &&
            a.gridPos.y < b.gridPos.y + b.gridPos.h &&
            b.gridPos.y < a.gridPos.y + a.gridPos.h,
        ),
    );
    expect(overlaps).toEqual([]);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });
});

/** As GitHub makes anchors. */
const headingsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
