import { describe, expect, it } from 'vitest';

import { faultsOf, load, loadEmail, loadSms } from './template-folder.js';

const parsed = (json: string): Record<string, unknown> => JSON.parse(json) as Record<string, unknown>;

describe('hostile data', () => {
  it('is printed, never evaluated', () => {
    const templates = loadSms('Hello {{ name }}');
    const name = '{{ secret }}{% for i in (1..9) %}x{% endfor %}{{ "a" | upcase }}';
    expect(templates.renderSms('t', undefined, { name, secret: 'no' })).toBe(`Hello ${name}`);
  });

  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'reaches nothing by the name %s',
    (name) => {
      expect(faultsOf(() => loadSms(`{{ ${name} }}`).renderSms('t', undefined, {}))).toEqual([
        { path: `/data/${name}`, message: 'is not given' },
      ]);
      expect(faultsOf(() => loadSms(`{{ user.${name} }}`).renderSms('t', undefined, { user: {} }))).toEqual([
        { path: `/data/user/${name}`, message: 'is not given' },
      ]);
      expect(
        faultsOf(() => loadSms(`{{ word.${name} }}`).renderSms('t', undefined, { word: 'x' })),
      ).toHaveLength(1);
    },
  );

  it('does not read prototype keys that are its own', () => {
    const data = parsed(
      '{"__proto__": {"a": 1}, "constructor": {"name": "x"}, "user": {"__proto__": {"a": 1}}}',
    );
    for (const path of ['__proto__.a', 'constructor.name', 'user.__proto__.a', 'user.a']) {
      expect(faultsOf(() => loadSms(`{{ ${path} }}`).renderSms('t', undefined, data))).toHaveLength(1);
    }
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  it('is left as it was', () => {
    const data = { count: 1, list: [3, 1, 2] };
    loadSms('{% increment count %}{% assign list = list | sort %}{{ list | join: "," }}').renderSms(
      't',
      undefined,
      data,
    );
    expect(data).toEqual({ count: 1, list: [3, 1, 2] });
  });

  it('cannot end a header, whatever stands in the subject', () => {
    const templates = loadEmail({ subject: 'For {{ name }}\r\nX-Ours: 1\n' });
    const name = 'Ada\r\nBcc: evil@example.com\u0000\u0085\u2028\u2029\u001b[2J\tx';
    const { subject } = templates.renderEmail('t', undefined, { name });
    expect(subject).toBe('For Ada Bcc: evil@example.com [2J x X-Ours: 1');
    expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  });

  it('keeps line breaks in texts and loses other control characters', () => {
    const { text } = loadEmail({ text: '{{ note }}' }).renderEmail('t', undefined, {
      note: 'a\r\nb\u0000\u001bc\td',
    });
    expect(text).toBe('a\nbc\td\n');
    expect(loadSms('{{ note }}').renderSms('t', undefined, { note: 'a\u0007\r\nb' })).toBe('a\nb');
  });

  it('makes one line break of two halves, one given and one written', () => {
    expect(loadSms('{{ a }}\nb{{ c }}').renderSms('t', undefined, { a: 'a\r', c: '\u0007c' })).toBe('a\nbc');
  });

  it('mends half characters, which have no UTF-8 form', () => {
    expect(loadSms('{{ x }}').renderSms('t', undefined, { x: 'a\ud83db \ud83d\ude00' })).toBe('a\ufffdb 😀');
  });

  it('is escaped in HTML and only there', () => {
    const html = '<p title="{{ x }}">{{ x }}</p>';
    const x = `<script>alert("1")</script> & 'so'`;
    const letter = loadEmail({ subject: '{{ x }}', html, text: '{{ x }}' }).renderEmail('t', undefined, {
      x,
    });
    const escaped = '&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; &#39;so&#39;';
    expect(letter).toEqual({ subject: x, html: `<p title="${escaped}">${escaped}</p>`, text: `${x}\n` });
  });

  it('is escaped before line breaks are drawn', () => {
    const { html } = loadEmail({ html: '{{ x | newline_to_br }}' }).renderEmail('t', undefined, {
      x: '<b>\n&',
    });
    expect(html).toBe('&lt;b&gt;<br>\n&amp;');
  });

  it('is refused where text is wanted and a list or an object is given', () => {
    const data = { user: { names: ['a'] } };
    expect(faultsOf(() => loadSms('{{ user }}').renderSms('t', undefined, data))).toEqual([
      { path: '/data/user', message: 'is an object where text is wanted (t/sms.liquid:1)' },
    ]);
    expect(faultsOf(() => loadSms('{{ user.names }}').renderSms('t', undefined, data))[0]!.path).toBe(
      '/data/user/names',
    );
  });

  it('may hold what breaks conversions', () => {
    const data = parsed('{"a": {"toString": 1, "valueOf": 2, "toLiquid": 3, "size": null}}');
    expect(faultsOf(() => loadSms('{{ a }}').renderSms('t', undefined, data))[0]!.path).toBe('/data/a');
    expect(faultsOf(() => loadSms('{{ a | upcase }}').renderSms('t', undefined, data))).toHaveLength(1);
  });

  it('may be nested a hundred thousand levels deep', () => {
    const deep = parsed(`{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    expect(faultsOf(() => loadSms('{{ a }}').renderSms('t', undefined, deep))[0]!.path).toBe('/data/a');
    expect(faultsOf(() => loadSms('{{ a | json }}').renderSms('t', undefined, deep))).toHaveLength(1);
    expect(faultsOf(() => loadSms('{{ b }}').renderSms('t', undefined, deep))).toEqual([
      { path: '/data/b', message: 'is not given' },
    ]);
  });

  it.each(['x', ' ', '\n', 'a b ', '<'])(
    'is refused when it makes a part too long, and quickly: %j',
    (unit) => {
      const long = 'a' + unit.repeat(300_000) + 'z';
      const templates = loadEmail({ subject: '{{ x }}', html: '<p>{{ x }}</p>', text: '{{ x }}' });
      const started = performance.now();
      const answer = (): unknown => templates.renderEmail('t', undefined, { x: long });
      if (unit.trim() !== '')
        for (const { path, message } of faultsOf(answer))
          expect(`${path} ${message}`).toMatch(/^\/data .*characters long/);
      else expect(faultsOf(answer).length).toBeGreaterThan(0);
      expect(performance.now() - started).toBeLessThan(5_000);
    },
  );

  it('never shows in a fault', () => {
    const secret = 'ada@example.com';
    const cases = [
      '{{ x | url_decode | safe_url }}',
      '{{ x | hex_color }}',
      '{{ x | base64_decode }}',
      '{{ x | divided_by: y }}',
    ];
    for (const template of cases) {
      const data = { x: secret, y: [secret] };
      for (const fault of faultsOf(() => loadSms(template + '{{ z }}').renderSms('t', undefined, data))) {
        expect(JSON.stringify(fault)).not.toContain('ada');
      }
    }
  });

  it('cannot choose a file', () => {
    for (const tag of ['layout', 'include', 'render']) {
      expect(() => load({ 't/sms.liquid': `{% ${tag} choice %}`, '_partials/a.liquid': 'a' })).toThrow(
        'must be written out',
      );
      expect(() =>
        load({ 't/sms.liquid': `{% ${tag} '_partials/{{ choice }}' %}`, '_partials/a.liquid': 'a' }),
      ).toThrow('must be written out');
    }
  });
});

describe('links', () => {
  const render = (url: unknown): string => loadSms('{{ url | safe_url }}').renderSms('t', undefined, { url });

  it.each([
    ['https://a.example/x?y=1#z', 'https://a.example/x?y=1#z'],
    ['http://a.example', 'http://a.example/'],
    ['mailto:help@a.example', 'mailto:help@a.example'],
    ['tel:+15005550006', 'tel:+15005550006'],
    ['  https://a.example/"onclick="x ', 'https://a.example/%22onclick=%22x'],
    ['https://a.example/\r\nx', 'https://a.example/x'],
  ])('%j is taken', (url, normal) => expect(render(url)).toBe(normal));

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    ' \u0001javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    '//evil.example',
    '/relative',
    'https://bank.example@evil.example/',
    '',
    null,
    7,
    { href: 'https://a.example' },
  ])('%j is refused', (url) => {
    const [fault] = faultsOf(() => render(url));
    expect(fault).toEqual({
      path: '/data/url',
      message: expect.stringContaining('is not an http, https, mailto or tel address'),
    });
  });
});

describe('colours', () => {
  it('take six digits and nothing else, so that no style can be written through them', () => {
    const render = (c: string): string =>
      loadSms('{{ c | hex_color }} {{ c | ink_on }}').renderSms('t', undefined, { c });
    expect(render('#2447d8')).toBe('#2447d8 #ffffff');
    expect(render('#FFE600')).toBe('#FFE600 #111827');
    for (const c of ['red', '#fff', '#2447d8;background:url(//evil)', '#2447d8\n'])
      expect(faultsOf(() => render(c))).toHaveLength(1);
  });
});
