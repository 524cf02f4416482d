const WIDTH = 78;

/** One notification's story, a line for each thing that happened. */
export function timeline(title, story) {
  const startedAt = Date.parse(story.created_at);
  const rows = story.history.map((entry) => `    ${after(startedAt, entry.at)}  ${wordsOf(entry)}`);
  return [
    headline(title, story.status),
    `    ${story.id}`,
    ...rows,
    `    ${' '.repeat(9)}  ${story.next.reason}`,
    '',
  ].join('\n');
}

/** What the second and third request with one key were told. */
export function answers(title, repeated, arrived) {
  const rows = repeated.map(({ what, status, body, isSame }) => {
    const word = body.code
      ? `${body.code}: ${body.fields?.join(', ')} differs`
      : `duplicate: ${body.duplicate}`;
    return `    ${String(status)}  ${what.padEnd(26)} ${word}${isSame ? ', the same id' : ''}`;
  });
  return [headline(title, `arrived ${arrived} ×`), ...rows, ''].join('\n');
}

const headline = (title, end) =>
  `  ${title} ${'·'.repeat(Math.max(3, WIDTH - title.length - end.length))} ${end}`;

function wordsOf(entry) {
  if (entry.event !== 'attempt') return entry.event;
  const { number, provider, outcome, code, duration_ms: ms } = entry;
  return `attempt ${number}  ${provider.padEnd(14)} ${(outcome ?? 'under way').padEnd(9)} ${code ?? ''}${ms === null ? '' : ` after ${ms} ms`}`;
}

function after(startedAt, at) {
  const ms = Date.parse(at) - startedAt;
  const text = ms < 1_000 ? `+${ms} ms` : `+${(ms / 1_000).toFixed(1)} s`;
  return text.padStart(9);
}
