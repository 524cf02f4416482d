/** Elements that never have an end tag. HTML Living Standard §13.1.2. */
const VOID = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'track',
  'wbr',
]);

/** Comments, the doctype, styles and a tag with its quoted attributes; Outlook's conditional comments are comments. */
const TOKEN =
  /<!--[\s\S]*?-->|<!doctype[^>]*>|<style[^>]*>[\s\S]*?<\/style>|<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>/gi;

/**
 * What is wrong with the nesting: the first tag that closes another one's element, or was never closed; undefined when
 * all is well. Browsers forgive, mail clients each in another way.
 */
export function htmlFault(html: string): string | undefined {
  const open: { name: string; line: number }[] = [];
  for (const token of html.matchAll(TOKEN)) {
    const [, slash, tag, rest] = token;
    const name = tag?.toLowerCase();
    if (name === undefined || VOID.has(name) || rest!.endsWith('/')) continue;
    const line = html.slice(0, token.index).split('\n').length;
    if (slash === '') open.push({ name, line });
    else if (open.at(-1)?.name === name) open.pop();
    else return `</${name}> in line ${line} closes <${open.at(-1)?.name ?? 'nothing'}>`;
  }
  const left = open.at(-1);
  return left && `<${left.name}> in line ${left.line} is never closed`;
}
