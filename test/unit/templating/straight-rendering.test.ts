import { Liquid } from 'liquidjs';
import { describe, expect, it } from 'vitest';

import { RenderContext } from '../../../src/templating/render-context.js';
import { createEngine, type Medium } from '../../../src/templating/template-engine.js';

const SHARED = {
  '_layouts/frame.html.liquid':
    "{% assign p = 'P' %}<{{ lang }}>{% block head %}none{% endblock %}|{% block body %}{{ p }}{% endblock %}</>",
  '_partials/fact.html.liquid': '[{{ name }}={{ value | default: "-" }}]',
  '_partials/block.html.liquid': '{% block body %}in partial{% endblock %}',
};

const DATA = {
  name: 'Ada <3 & "so"',
  nothing: null,
  no: false,
  zero: 0,
  hollow: '',
  many: ['a', 'b', 'c', 'd'],
  none: [],
  lines: [
    { what: 'x', count: 2, tags: ['t', 'u'] },
    { what: 'y', count: 10 },
  ],
  deep: { a: { 'b c': { d: 1 } }, size: 7, first: 'f' },
  n: 3,
  word: 'hello',
  which: 'size',
  toString: 'own',
};

const TEMPLATES = [
  'plain text, and {% comment %} not {{ this }} {% endcomment %} that',
  '{{ name }} {{ "a\tb" }} {{ 4.5 }} {{ true }} {{ nothing }} {{ hollow }}',
  '{{ deep.a["b c"].d }} {{ deep["a"]["b c"]["d"] }} {{ deep.size }} {{ deep.first }} {{ deep[which] }}',
  '{{ many[0] }} {{ many[-1] }} {{ many.first }} {{ many.last }} {{ many.size }} {{ word.size }} {{ many[n] }}',
  '{{ word | upcase | append: "!" | replace: "L", name }} {{ word | slice: 1, n }} {{ n | plus: zero | times: 2.5 }}',
  '{{ gone | default: "x" }} {{ gone.deeper | default: word | upcase }} {{ no | default: "y", allow_false: true }} {{ no | default: "y" }}',
  '{% if gone %}1{% elsif deep.gone.more %}2{% elsif zero %}3{% else %}4{% endif %}{% if no %}5{% endif %}',
  '{% if n > 2 and no == false or word == "x" %}a{% endif %}{% if not no %}b{% endif %}{% if word contains "ell" %}c{% endif %}',
  '{% if many contains "b" %}a{% endif %}{% if hollow == empty and none == empty %}b{% endif %}{% if nothing == nil %}c{% endif %}{% if word != blank %}d{% endif %}',
  '{% if n >= 3 and n <= 3 and n != 4 %}a{% endif %}{% if word == "hello" | upcase %}b{% endif %}{% if "" %}c{% endif %}',
  '{% unless gone %}a{% elsif n %}b{% endunless %}{% unless n %}c{% else %}d{% endunless %}{% unless n %}e{% elsif n %}f{% endunless %}',
  '{% assign a = gone %}{{ a }}{% assign b = word | upcase %}{{ b }}{% assign lines = 1 %}{{ lines }}{% assign c = many | join: "," %}{{ c }}',
  '{% for line in lines %}{{ forloop.index }}/{{ forloop.length }} {{ line.what }}{% unless forloop.last %}, {% endunless %}{% endfor %}',
  '{% for a in many reversed limit: 3 offset: 1 %}{{ a }}{% if a == "c" %}{% continue %}{% endif %}-{% else %}never{% endfor %}',
  '{% for a in many %}{% if a == "c" %}{% break %}{% endif %}{{ a }}{% endfor %}{% for a in none %}x{% else %}none{% endfor %}{% for i in (1..n) %}{{ i }}{% endfor %}',
  '{% for pair in deep %}{{ pair[0] }}{% endfor %}{% for line in lines %}{% for t in line.tags %}{{ t }}{% break %}{% endfor %}{{ line.what }}{% break %}{% endfor %}',
  '{% case n %}{% when 1, 2 %}low{% when 3 %}three{% else %}other{% endcase %}{% capture c %}<{{ name }}>{% endcapture %}{{ c }}',
  '{% cycle "a", "b" %}{% cycle "a", "b" %}{% increment n %}{% increment n %}{% decrement z %}{{ n }}{% echo word | upcase %}',
  '{% tablerow a in many cols: 2 %}{{ a }}{% endtablerow %}{% raw %}{{ raw }}{% endraw %}{% liquid assign q = word\necho q %}',
  '{{ lines | map: "what" | join: "," }} {{ lines | where: "count", 10 | map: "what" | first }} {{ lines | sort: "what" | size }} {{ lines | sum: "count" }}',
  '{% include "_partials/fact.html", name: "n", value: gone %}',
  '{% include "_partials/fact.html", name: "n", value: word %}{% include "_partials/fact.html", name: name, value: nothing %}{% include "_partials/block.html" %}',
  '{% render "_partials/fact.html", name: "n", value: word %}{% for line in lines %}{% include "_partials/fact.html", name: line.what, value: line.count %}{% endfor %}',
  '{% layout "_layouts/frame.html", lang: word %}{% block head %}{{ name }}{{ block.super }}{% include "_partials/block.html" %}{% endblock %}{% block body %}[{{ block.super }}]{% endblock %}',
  '{% layout "_layouts/frame.html", lang: word %}{% block head %}{{ gone }}{% endblock %}',
  '{{ gone }}',
  '{{ deep.gone.more }}',
  'one\n{% if n %}\n{{ lines[1].tags.first }}{% endif %}',
  '{{ deep }}',
  'a\nb {{ many }}',
  '{{ word | safe_url }}',
  '{{ word | divided_by: many }}',
  '{{ toString }} {{ constructor }}',
  '{{ word[constructor] }}',
  '{% for a in word %}{{ a }}{% endfor %}{% for a in n %}{{ a }}{% endfor %}{{ many | slice: 1, 2 | join }}',
  "{{ '2026-11-22' | date: '%Y' }}{{ name | newline_to_br }}{{ name | escape }}{{ name | url_encode }}{{ many | json }}",
];

/** The letter, or what went wrong and where. */
function outcomeOf(engine: Liquid, template: string): string {
  try {
    const nodes = engine.parse(template, 'file');
    return engine.renderSync(nodes, new RenderContext(DATA, engine)) as string;
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
}

const liquids = (medium: Medium): Liquid =>
  Object.assign(createEngine(medium, SHARED), { renderer: new Liquid().renderer });

describe('rendering from start to end', () => {
  describe.each(['html', 'text'] as const)('as %s', (medium) => {
    it.each(TEMPLATES)('comes to what Liquid’s own renderer makes of it: %s', (template) => {
      expect(outcomeOf(createEngine(medium, SHARED), template)).toBe(outcomeOf(liquids(medium), template));
    });

    it('writes most of them, and refuses the others, the second time as the first', () => {
      const engine = createEngine(medium, SHARED);
      const outcomes = TEMPLATES.map((template) => outcomeOf(engine, template));
      expect(outcomes.filter((one) => /^\w+Error: /.test(one))).toHaveLength(10);
      expect(TEMPLATES.map((template) => outcomeOf(engine, template))).toEqual(outcomes);
    });
  });
});
