import { describe, expect, it } from 'vitest';

import { parsePosthasteFile } from '../../../src/platform/config/posthaste-file.js';

const read = (alerts: string) => {
  const { file, faults } = parsePosthasteFile(`alerts: ${alerts}`, { URL: 'https://pager.example/hook' });
  return { ...file.alerts, faults };
};

describe('the section alerts', () => {
  it('has times that suit most, and nobody to tell', () => {
    expect(read('{}')).toEqual({
      heartbeatUrl: undefined,
      targets: [],
      queueAgeMs: 60_000,
      inDoubtAgeMs: 900_000,
      windowMs: 900_000,
      quietMs: 30_000,
      faults: [],
    });
  });

  it('names targets by their kind, counted, unless they have a name', () => {
    const { targets, faults } = read(
      '{ to: [ { kind: slack, url: "${URL}" }, { kind: webhook, url: "${URL}" }, { kind: slack, url: "${URL}" }, { kind: email, name: night, to: ops@acme.example } ] }',
    );
    expect(faults).toEqual([]);
    expect(targets.map(({ name }) => name)).toEqual(['slack', 'webhook', 'slack-2', 'night']);
  });

  it.each([
    ['{ to: [ { kind: slack } ] }', '/alerts/to/0 needs url'],
    ['{ to: [ { kind: email, url: "https://a.example" } ] }', '/alerts/to/0 needs to'],
    [
      '{ to: [ { kind: slack, url: "https://a.example", to: a@b.example } ] }',
      '/alerts/to/0 has to, which a target of kind slack does not know',
    ],
    [
      '{ to: [ { kind: webhook, url: "ftp://a.example" } ] }',
      '/alerts/to/0 url must be an http or https URL',
    ],
    ['{ heartbeat_url: nowhere }', '/alerts/heartbeat_url must be an http or https URL'],
    [
      '{ to: [ { kind: slack, name: a, url: "https://a.example" }, { kind: slack, name: a, url: "https://b.example" } ] }',
      '/alerts/to has two targets named a',
    ],
    ['{ queue_agee: 1s }', 'did you mean queue_age?'],
    ['{ to: [ { kind: webhook, url: "https://a.example", secret: short } ] }', '/alerts/to/0/secret'],
  ])('%s is a fault that says where', (text, fault) => {
    expect(read(text).faults.join('\n')).toContain(fault);
  });
});
