import { Liquid, type Template } from 'liquidjs';
import { describe, expect, it } from 'vitest';

import { RenderContext } from '../../../src/templating/render-context.js';
import { renderPart } from '../../../src/templating/render-part.js';
import { createEngine, type Medium } from '../../../src/templating/template-engine.js';
import { Random } from '../../support/random.js';
import { RandomTemplate } from './random-template.js';

const SHARED = {
  '_layouts/frame.html.liquid':
    "{% assign p = 'P' %}<{{ lang }}>{% block head %}none{% endblock %}|{% block body %}{{ p }}{% endblock %}</>",
  '_partials/fact.html.liquid': '[{{ name }}={{ value | default: "-" }}]',
  '_layouts/page.html.liquid':
    "{% layout '_layouts/frame.html', lang: 'en' %}{% block body %}<{{ block.super }}{% block inner %}I{% endblock %}>{% endblock %}",
  '_layouts/open.html.liquid': '({% block %}{% endblock %})',
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
  '{% for a in many limit: 2 %}{{ a }}{% endfor %}|{% for a in many limit: 1 offset: continue %}{{ a }}{% endfor %}|{% for a in many offset: continue %}{{ a }}{% endfor %}',
  '{% for a in many reversed offset: n limit: zero %}{{ a }}{% else %}else{% endfor %}{% for a in many limit: word %}{{ a }}{% endfor %}{% for a in many offset: nothing %}{{ a }}{% endfor %}',
  '{% for a in many %}{{ forloop.first }}{{ forloop.last }}{{ forloop.index0 }}{{ forloop.rindex }}{{ forloop.rindex0 }}{{ forloop.name }}{{ forloop.i }}{% endfor %}',
  '{% for a in many %}{{ forloop | json }}{% for b in forloop %}{{ b }}{% endfor %}{% if forloop == forloop %}same{% endif %}{% endfor %}{% if forloop %}after{% endif %}{% if a %}after{% endif %}',
  '{% for i in (1..3) %}{% for j in (1..3) %}{% if j == 2 %}{% continue %}{% endif %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{{ j }}{% endfor %};{% endfor %}',
  '{% for a in many %}{% include "_partials/fact.html", name: a, value: forloop.index %}{% assign word = a %}{% endfor %}{{ word }}{% for a in lines[0].tags %}{{ a }}{% endfor %}',
  '{% for a in lines[0].tags %}{% capture c %}{{ c | default: "" }}{{ a }}{% break %}{% endcapture %}x{% endfor %}{{ c }}',
  '{% layout "_layouts/page.html" %}{% block inner %}{{ block.super }}{{ name }}{% endblock %}{% block head %}{% for a in many %}{{ a }}{{ block.super }}{% break %}{% endfor %}H{% endblock %}',
  '{% layout "_layouts/page.html" %}{% block body %}{{ block.super }}{% block inner %}mine{% endblock %}{% endblock %}rest',
  '{% layout "_layouts/open.html" %}a{{ name }}{% assign late = 1 %}{% include "_partials/block.html" %}b',
  '{% layout "_layouts/open.html" %}dropped{% block %}kept{% endblock %}{% block unknown %}gone{% endblock %}',
  '{% block a %}{{ block.super }}[{{ block | json }}]{% block b %}{{ block.super }}{% endblock %}{% endblock %}{% block a %}again{% endblock %}{% block constructor %}c{% endblock %}',
  '{% if no == not n %}a{% endif %}{% if n == 3 and not no %}b{% endif %}{% if many == many and nothing == nil or hollow == blank %}c{% endif %}{% if "a" < "b" %}d{% endif %}{% if nothing < n %}e{% endif %}{% if zero == no or zero == hollow or n == "3" %}f{% endif %}',
  '{% block a %}{% block a %}{% endblock %}{% block b %}{{ block }}{% endblock %}{% endblock %}',
  '{% layout "_layouts/frame.html", lang: gone %}{% block head %}{% endblock %}',
  '{% for a in gone %}{{ a }}{% endfor %}',
  '{% for a in many limit: gone.more %}{{ a }}{% endfor %}',
  '{% for forloop in lines %}{{ forloop.what }}{% endfor %}',
  'x\n{% for a in many %}\n{{ a }}{% if a == "b" %}{{ forloop.gone }}{% endif %}{% endfor %}',
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

interface Outcome {
  /** The letter, or what went wrong and where. */
  letter: string;
  /** What its caller is told first. (Liquid's own renderer also notes what a condition forgives.) */
  told: unknown;
  /** What it took of the memory that it may use. */
  memory: number;
}

function outcomeOf(engine: Liquid, template: string): Outcome {
  const context = new RenderContext(DATA, engine);
  const nodes: Template[] = [];
  let letter: string;
  try {
    nodes.push(...engine.parse(template, 'file'));
    letter = engine.renderSync(nodes, context) as string;
  } catch (error) {
    const { name, message } = error as Error;
    letter = `${name}: ${message}`;
  }
  const part = renderPart({ file: 'file', engine, nodes, given: new Set() }, DATA);
  const told = 'faults' in part ? part.faults[0] : part;
  return { letter, told, memory: (context.memoryLimit as unknown as { base: number }).base };
}

const isRefused = ({ letter }: Outcome): boolean => /^\w+Error: /.test(letter);

type Shared = Readonly<Record<string, string>>;

const ours = (medium: Medium, shared: Shared = SHARED): Liquid => createEngine(medium, shared);
const liquids = (medium: Medium, shared: Shared = SHARED): Liquid =>
  Object.assign(createEngine(medium, shared), { renderer: new Liquid().renderer });

/** A template and the files that it may name. None names itself: each only those that come after it. */
function drawn(random: Random): { template: string; shared: Shared } {
  const names = (kind: string): string[] => ['a', 'b', 'c'].map((name) => `${kind}/${name}.html`);
  const partials = names('_partials');
  const layouts = names('_layouts');
  const shared: Record<string, string> = {};
  partials.forEach((name, at) => {
    const files = { partials: partials.slice(at + 1), layouts: [] };
    shared[`${name}.liquid`] = new RandomTemplate(random, files).file(false);
  });
  layouts.forEach((name, at) => {
    shared[`${name}.liquid`] = new RandomTemplate(random, { partials, layouts: layouts.slice(at + 1) }).file(
      true,
    );
  });
  return { template: new RandomTemplate(random, { partials, layouts }).file(true), shared };
}

const DRAWN = 200;

describe('rendering from start to end', () => {
  describe.each(['html', 'text'] as const)('as %s', (medium) => {
    it.each(TEMPLATES)('comes to what Liquid’s own renderer makes of it: %s', (template) => {
      expect(outcomeOf(ours(medium), template)).toEqual(outcomeOf(liquids(medium), template));
    });

    it('writes most of them, and refuses the others, the second time as the first', () => {
      const engine = ours(medium);
      const outcomes = TEMPLATES.map((template) => outcomeOf(engine, template));
      expect(outcomes.filter(isRefused)).toHaveLength(16);
      expect(TEMPLATES.map((template) => outcomeOf(engine, template))).toEqual(outcomes);
    });

    it('comes to what Liquid’s own renderer makes of whatever can be written', () => {
      let written = 0;
      for (let seed = 1; seed <= DRAWN; seed++) {
        const { template, shared } = drawn(new Random(seed));
        const wanted = outcomeOf(liquids(medium, shared), template);
        expect({ seed, template, ...outcomeOf(ours(medium, shared), template) }).toEqual({
          seed,
          template,
          ...wanted,
        });
        if (!isRefused(wanted)) written++;
      }
      expect(written).toBeGreaterThan(DRAWN / 5);
    });
  });
});
