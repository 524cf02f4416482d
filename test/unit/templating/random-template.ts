import type { Random } from '../../support/random.js';

/** Paths that are there, absent, of each kind, and hostile. */
const PATHS = [
  'name',
  'word',
  'n',
  'zero',
  'no',
  'nothing',
  'hollow',
  'many',
  'none',
  'lines',
  'deep',
  'gone',
  'deep.a',
  'deep.size',
  'deep.first',
  'deep.gone.more',
  'deep["a"]["b c"].d',
  'deep[which]',
  'many[0]',
  'many[9]',
  'many.size',
  'many.first',
  'lines.last.what',
  'lines[0].tags[1]',
  'word.size',
  'toString',
  'constructor',
  'deep.__proto__',
  'nothing.more',
  'item',
  'item.what',
  'item.tags',
  'item[0]',
  'pair',
  'pair[1]',
  'forloop',
  'forloop.index',
  'forloop.index0',
  'forloop.rindex',
  'forloop.rindex0',
  'forloop.first',
  'forloop.last',
  'forloop.length',
  'forloop.name',
  'forloop.i',
  'forloop.gone',
  'block',
  'block.super',
  'block.gone',
  'kept',
  'given',
  'i',
] as const;

/** Paths that can be printed, mostly. */
const PRINTED = [
  'name',
  'word',
  'n',
  'zero',
  'no',
  'nothing',
  'hollow',
  'deep.size',
  'deep.first',
  'many[0]',
  'many.last',
  'lines.last.what',
  'lines[0].tags[1]',
  'nothing.more',
] as const;

const LITERALS = [
  '"text"',
  "'a\\nb'",
  '""',
  '3',
  '-1',
  '2.5',
  'true',
  'false',
  'nil',
  'empty',
  'blank',
] as const;
const COLLECTIONS = [
  'many',
  'lines',
  'none',
  'deep',
  'word',
  'item.tags',
  '(1..n)',
  '(2..4)',
  'deep.a',
  'pair',
] as const;
const FILTERS = [
  'upcase',
  'default: word',
  'default: gone',
  'append: name',
  'size',
  'first',
  'last',
  'plus: n',
  'join: "-"',
  'slice: 1, n',
  'json',
  'escape',
  'newline_to_br',
  'split: ""',
  'reverse',
  'where: "what", word',
  'default: "x", allow_false: true',
  'safe_url',
] as const;
const BOUNDS = [
  'limit: 2',
  'offset: 1',
  'reversed',
  'limit: n',
  'offset: continue',
  'limit: zero',
  'offset: gone',
  'limit: word',
  'offset: -2',
  'limit: nothing',
  'reversed: no',
  'other: 3',
] as const;
const VARIABLES = ['item', 'pair', 'i', 'word', 'forloop', 'kept'] as const;
const BLOCKS = ['head', 'body', 'inner', '', 'constructor'] as const;
const OPERATORS = ['==', '!=', '<', '>', '<=', '>=', 'contains', 'and', 'or'] as const;

/** A template of everything a letter is made of, deeper and wilder than anyone would write it. */
export class RandomTemplate {
  constructor(
    private readonly random: Random,
    /** Files that are there, in the order in which they may name each other: only later ones. */
    private readonly files: { readonly partials: readonly string[]; readonly layouts: readonly string[] },
  ) {}

  /** A whole file; `mayExtend`: whether it may begin with a layout. */
  file(mayExtend: boolean): string {
    const layout = mayExtend && this.files.layouts.length > 0 && this.random.chance(0.5);
    return (layout ? this.layout() : '') + this.nodes(3);
  }

  private layout(): string {
    return `${this.words()}{% layout '${this.random.pick(this.files.layouts)}'${this.given()} %}`;
  }

  private nodes(depth: number): string {
    return Array.from({ length: this.random.integer(1, 5) }, () => this.node(depth)).join('');
  }

  private node(depth: number): string {
    const leaves = [() => this.words(), () => `{{ ${this.printed()} }}`, () => `{{- ${this.printed()} -}}`];
    if (depth === 0) return this.random.pick(leaves)();
    return this.random.pick([
      ...leaves,
      () => this.branches(depth - 1),
      () => this.branches(depth - 1),
      () => this.loop(depth - 1),
      () => this.loop(depth - 1),
      () => this.block(depth - 1),
      () => this.block(depth - 1),
      () => this.partial(),
      () => `{% assign ${this.random.pick(VARIABLES)} = ${this.value()} %}`,
      () => this.rare(depth - 1),
    ])();
  }

  private words(): string {
    return this.random.pick(['a', ' ', '\n', '<b>', 'é\r\n', '\u0007', '€ ', 'x\ty', '\ud83d']);
  }

  private operand(): string {
    return this.random.chance(0.75) ? this.random.pick(PATHS) : this.random.pick(LITERALS);
  }

  private printed(): string {
    return this.random.chance(0.9) ? this.random.pick(PRINTED) : this.value();
  }

  private value(): string {
    const filters = Array.from(
      { length: this.random.integer(0, 3) },
      () => ` | ${this.random.pick(FILTERS)}`,
    );
    return (this.random.chance(0.85) ? this.operand() : this.condition()) + filters.join('');
  }

  private condition(): string {
    const parts = Array.from({ length: this.random.integer(1, 4) }, () =>
      this.random.chance(0.2) ? `not ${this.operand()}` : this.operand(),
    );
    return parts.reduce((left, right) => `${left} ${this.random.pick(OPERATORS)} ${right}`);
  }

  private branches(depth: number): string {
    const tag = this.random.pick(['if', 'if', 'unless']);
    const more = this.random.chance(0.3) ? `{% elsif ${this.condition()} %}${this.nodes(depth)}` : '';
    const rest = this.random.chance(0.4) ? `{% else %}${this.nodes(depth)}` : '';
    return `{% ${tag} ${this.condition()} %}${this.nodes(depth)}${more}${rest}{% end${tag} %}`;
  }

  private loop(depth: number): string {
    const bounds = Array.from(
      { length: this.random.integer(0, 3) },
      () => ` ${this.random.pick(BOUNDS)}`,
    ).join('');
    const end = this.random.chance(0.3)
      ? `{% if ${this.condition()} %}{% ${this.random.pick(['break', 'continue'])} %}{% endif %}`
      : '';
    const rest = this.random.chance(0.3) ? `{% else %}${this.nodes(depth)}` : '';
    const head = `${this.random.pick(VARIABLES)} in ${this.random.pick(COLLECTIONS)}${bounds}`;
    return `{%- for ${head} %}${this.nodes(depth)}${end}${this.nodes(depth)}${rest}{% endfor %}`;
  }

  private block(depth: number): string {
    return `{% block ${this.random.pick(BLOCKS)} %}${this.nodes(depth)}{% endblock %}`;
  }

  private given(): string {
    return this.random.chance(0.6)
      ? `, given: ${this.operand()}, ${this.random.pick(VARIABLES)}: ${this.operand()}`
      : '';
  }

  private partial(): string {
    if (this.files.partials.length === 0) return this.words();
    const how = this.random.pick(['include', 'include', 'include', 'render']);
    const bound = this.random.chance(0.1) ? ` with ${this.random.pick(PATHS)}` : '';
    return `{% ${how} '${this.random.pick(this.files.partials)}'${bound}${this.given()} %}`;
  }

  /** What stays Liquid's own, with ours within it. */
  private rare(depth: number): string {
    const inner = this.nodes(depth);
    return this.random.pick([
      `{% capture kept %}${inner}{% endcapture %}`,
      `{% case ${this.operand()} %}{% when ${this.operand()} %}${inner}{% else %}${this.nodes(depth)}{% endcase %}`,
      `{% tablerow i in ${this.random.pick(COLLECTIONS)} %}${inner}{% endtablerow %}`,
      `{% increment i %}{% cycle "a", "b" %}{% echo ${this.value()} %}`,
      `{% comment %}${inner}{% endcomment %}{% break %}`,
      `{% continue %}`,
    ]);
  }
}
