import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { TemplateFilesError } from '../../../src/templating/template-error.js';
import { Templates } from '../../../src/templating/templates.js';
import { faultsOf, load, loadEmail, loadSms, refusal, templateFolder } from './template-folder.js';

describe('missing variables', () => {
  it('are all named at once, over all parts, each once', () => {
    const templates = loadEmail({
      subject: '{{ name }} {{ number }}',
      html: '<p>{{ name }} {{ user.address.city }}</p>{% for item in items %}{{ item.price }}{% endfor %}',
      text: '{{ note }}',
    });
    const data = { user: { address: {} }, items: [{ price: 1 }, {}, { price: 3 }, {}] };
    expect(faultsOf(() => templates.renderEmail('t', undefined, data)).map(({ path }) => path)).toEqual([
      '/data/name',
      '/data/number',
      '/data/user/address/city',
      '/data/items/1/price',
      '/data/items/3/price',
      '/data/note',
    ]);
  });

  it('are only those that the taken branches print', () => {
    const templates = loadSms(
      '{% if paid %}{{ paid_on }}{% else %}{{ due_on }}{% endif %}{% if nick %}{{ nick }}{% endif %}',
    );
    expect(templates.renderSms('t', undefined, { paid: true, paid_on: 'today' })).toBe('today');
    expect(faultsOf(() => templates.renderSms('t', undefined, { paid: false }))).toEqual([
      { path: '/data/due_on', message: 'is not given' },
    ]);
  });

  it('are forgiven where the template says what to do without them', () => {
    const templates = loadSms(
      "{{ brand | default: 'Us' }} {{ a.b.c | default: 'x' }} {% unless z %}y{% endunless %}",
    );
    expect(templates.renderSms('t', undefined, {})).toBe('Us x y');
  });

  it('keep their names when these hold slashes and tildes', () => {
    expect(faultsOf(() => loadSms('{{ a["x/y~z"] }}').renderSms('t', undefined, { a: {} }))[0]!.path).toBe(
      '/data/a/x~1y~0z',
    );
  });

  it('end the search after twenty', () => {
    const templates = loadSms('{% for item in items %}{{ item.x }}{% endfor %}');
    const items = Array.from({ length: 2_000 }, () => ({}));
    expect(faultsOf(() => templates.renderSms('t', undefined, { items })).length).toBeLessThanOrEqual(20);
  });

  it('are told in a sentence that holds no data', () => {
    const error = refusal(() => loadSms('{{ a }}{{ b }}').renderSms('t', undefined, {}));
    expect(error).toMatchObject({
      code: 'template_error',
      template: 't',
      message: '/data/a is not given; /data/b is not given',
    });
  });
});

describe('a template that never ends', () => {
  it.each([
    ['a range too long to hold', '{% for i in (1..1000000000) %}x{% endfor %}'],
    [
      'loops in loops',
      '{% for i in (1..10000) %}{% for j in (1..10000) %}{% for k in (1..9) %}x{% endfor %}{% endfor %}{% endfor %}',
    ],
    [
      'text that doubles',
      "{% assign x = 'aaaaaaaa' %}{% for i in (1..60) %}{% assign x = x | append: x %}{% endfor %}{{ x }}",
    ],
    ['a partial that includes itself', "{% include '_partials/again.text' %}"],
  ])('is stopped: %s', (_, template) => {
    const templates = load({
      't/sms.liquid': template,
      '_partials/again.text.liquid': "{% include '_partials/again.text' %}",
    });
    const started = performance.now();
    expect(faultsOf(() => templates.renderSms('t', undefined, {}))).toEqual([
      { path: '/data', message: expect.stringMatching(/^takes too much time or memory to render \(/) },
    ]);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('a partial that includes itself as often as the data say', () => {
  const templates = (): Templates =>
    load({
      't/sms.liquid': "{% include '_partials/post.text', post: first %}",
      '_partials/post.text.liquid':
        "{{ post.text }}{% if post.reply %}{% include '_partials/post.text', post: post.reply %}{% endif %}",
    });
  const conversation = (replies: number): object => {
    let post: object = { text: 'z' };
    for (let reply = 0; reply < replies; reply++) post = { text: 'a', reply: post };
    return { first: post };
  };

  it('follows them a hundred deep', () => {
    expect(templates().renderSms('t', undefined, { ...conversation(100) })).toBe(`${'a'.repeat(100)}z`);
  });

  it.each([200, 100_000])('is stopped before the stack ends, at %i', (replies) => {
    expect(faultsOf(() => templates().renderSms('t', undefined, { ...conversation(replies) }))).toEqual([
      { path: '/data', message: 'takes too much time or memory to render (_partials/post.text.liquid:1)' },
    ]);
  });
});

describe('a block that a loop fills anew as often as the data say', () => {
  const templates = (): Templates =>
    load({
      't/sms.liquid':
        "{% layout '_layouts/sms.text' %}{% for one in all %}{% block text %}Hi {{ name }}{% endblock %}{% endfor %}",
      '_layouts/sms.text.liquid': '{% block text %}{% endblock %}',
    });

  const filled = (times: number): string =>
    templates().renderSms('t', undefined, { name: 'Ada', all: Array(times).fill(0) });

  it('is written once, after a hundred times', () => {
    expect(filled(100)).toBe('Hi Ada');
  });

  it.each([300, 100_000])('is stopped before the stack ends, at %i', (times) => {
    expect(faultsOf(() => filled(times))).toEqual([
      { path: '/data', message: 'takes too much time or memory to render (_layouts/sms.text.liquid:1)' },
    ]);
  });
});

describe('a machine that stands still', () => {
  it('is not held against a template, however long it lasts', () => {
    const standsStill = new Int32Array(new SharedArrayBuffer(4));
    const user = {
      get name(): string {
        Atomics.wait(standsStill, 0, 0, 600);
        return 'Ada';
      },
    };
    const templates = loadSms('{{ user.name }}{% for i in (1..3) %}{{ i }}{% endfor %}');
    expect(templates.renderSms('t', undefined, { user })).toBe('Ada123');
  });
});

describe('rendering', () => {
  it('gives the same letter at any time: the clock cannot be printed, by template or data', () => {
    expect(faultsOf(() => loadSms("{{ 'now' | date: '%Y' }}").renderSms('t', undefined, {}))).toHaveLength(1);
    expect(faultsOf(() => loadSms('{{ d | date }}').renderSms('t', undefined, { d: 'today' }))[0]!.path).toBe(
      '/data/d',
    );
    const shown = loadSms("{{ d | date: '%-d %B %Y %H:%M' }}").renderSms('t', undefined, {
      d: '2026-11-22T23:30:00+05:00',
    });
    expect(shown).toBe('22 November 2026 23:30');
  });

  it.each(['raw', 'sample'])('does not know the filter %s', (filter) => {
    expect(() => loadSms(`{{ x | ${filter} }}`)).toThrow(`undefined filter: ${filter}`);
  });

  it('refuses a part that comes out empty', () => {
    expect(faultsOf(() => loadSms('{{ x }}').renderSms('t', undefined, { x: ' \n' }))).toEqual([
      { path: '/data', message: 'leaves sms empty' },
    ]);
  });

  it('leaves at most one empty line where conditions were false', () => {
    const { text } = loadEmail({ text: 'a\n\n{% if x %}x{% endif %}\n\n\nb   \n\n' }).renderEmail(
      't',
      undefined,
      {},
    );
    expect(text).toBe('a\n\nb\n');
  });

  it('says which template is missing, and which part', () => {
    const templates = loadSms('x');
    expect(refusal(() => templates.renderSms('nothing.here', undefined, {}))).toMatchObject({
      code: 'no_template',
    });
    expect(refusal(() => templates.renderEmail('t', undefined, {}))).toMatchObject({
      code: 'no_template',
      faults: [{ path: '/template', message: 'has no email template' }],
    });
    for (const name of ['__proto__', 'constructor', '_layouts', '../t', ''])
      expect(templates.hasSms(name)).toBe(false);
  });
});

describe('languages', () => {
  const templates = (): Templates =>
    load({
      't/email.subject.liquid': 'default subject',
      't/email.text.liquid': 'default text',
      't/pt/email.subject.liquid': 'pt subject',
      't/pt/email.text.liquid': 'pt text',
      't/pt-BR/email.subject.liquid': 'pt-BR subject',
    });

  it.each([
    [undefined, 'default subject', 'default text'],
    ['pt-BR', 'pt-BR subject', 'pt text'],
    ['pt_br', 'pt-BR subject', 'pt text'],
    ['pt-PT', 'pt subject', 'pt text'],
    ['pt', 'pt subject', 'pt text'],
    ['de-AT', 'default subject', 'default text'],
  ])('%s falls back part by part', (locale, subject, text) => {
    expect(templates().renderEmail('t', locale, {})).toEqual({ subject, text: `${text}\n` });
  });

  it.each(['../pt', 'p', 'pt/../..', '', 'x'.repeat(40), '__proto__'])('%j is no language', (locale) => {
    expect(faultsOf(() => templates().renderEmail('t', locale, {}))[0]!.path).toBe('/locale');
  });

  it('are listed with their samples', () => {
    const folder = templateFolder({
      't/sms.liquid': '{{ a }}',
      't/sample.json': '{"a":1}',
      't/de/sms.liquid': '{{ a }}',
      't/de/sample.json': '{"a":2}',
    });
    expect(Templates.load(folder).list()).toEqual([
      { name: 't', locales: ['de'], parts: ['sms'], sample: { a: 1 }, samples: { de: { a: 2 } } },
    ]);
  });
});

describe('loading', () => {
  it('names every fault with file and line', () => {
    const folder = templateFolder({
      'a/email.subject.liquid': 'fine',
      'a/email.html.liquid': 'one\ntwo {{ x | nonsense }}',
      'b/sms.liquid': 'x\n\n{% if y %}',
      'c/email.htm.liquid': '',
      'c/sms.liquid': 'x',
      'c/pt-br/sms.liquid': 'x',
      'c/de/email.text.liquid': 'x',
      'd/sms.liquid': "{% layout '_layouts/none.html' %}",
      'd/sample.json': '[1]',
      'Bad Name/sms.liquid': 'x',
    });
    const faults = ((): readonly string[] => {
      try {
        Templates.load(folder);
      } catch (error) {
        return (error as TemplateFilesError).faults;
      }
      return [];
    })();
    expect(faults).toEqual(
      expect.arrayContaining([
        'a/email.html.liquid:2: undefined filter: nonsense',
        'a/email.text.liquid: is missing; an email needs subject and text',
        'b/sms.liquid:3: tag {% if y %} not closed',
        'c/email.htm.liquid: is none of email.subject, email.html, email.text, sms (.liquid), sample.json',
        'c/pt-br: is not a language tag; did you mean pt-BR?',
        'c/de/email.text.liquid: has no counterpart in c/',
        'd/sms.liquid: there is no _layouts/none.html.liquid',
        'd/sample.json: must be a JSON object',
        "Bad Name: is not a type's name (lower case, dotted, at most 128 characters)",
      ]),
    );
    expect(faults).toHaveLength(9);
  });

  it('does not follow a link out of the folder', () => {
    const outside = templateFolder({ 'secret.txt': 'secret' });
    const folder = templateFolder({ 't/sample.json': '{}' });
    symlinkSync(join(outside, 'secret.txt'), join(folder, 't', 'sms.liquid'));
    expect(() => Templates.load(folder)).toThrow('t/sms.liquid: leads out of');
  });

  it('does not read a file outside that a template names', () => {
    for (const name of ['../../etc/passwd', '/etc/passwd', '__proto__', 'constructor', './sms']) {
      expect(() => load({ 't/sms.liquid': `{% include '${name}' %}` })).toThrow('there is no');
    }
  });

  it('says that a folder is not there', () => {
    expect(() => Templates.load('/nowhere/templates')).toThrow(TemplateFilesError);
  });
});
