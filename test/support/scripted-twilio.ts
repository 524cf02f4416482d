import { type CaughtRequest, type ScriptedHttp, startScriptedHttp, type Turn } from './scripted-http.js';

/** What becomes of the next text that is posted. */
export type PostTurn =
  | 'take_and_drop' // it is sent, and the connection cut before the answer
  | 'take_and_hang' // it is sent, and never answered
  | 'drop'; // the request is read, the connection cut, and nothing sent

/** What the next look at the list shows instead of the truth. */
export type ListTurn = 'empty' | 'error' | 'garbage' | 'hang' | 'other_body';

export interface TwilioText {
  sid: string;
  to: string;
  body: string;
  status: string;
  error_code: number | null;
  direction: string;
  date_created: string;
}

/** A Twilio that keeps what it takes, shows it in its list by pages, and can lie about both. */
export interface ScriptedTwilio {
  url: string;
  /** What people got. */
  readonly texts: TwilioText[];
  readonly posts: readonly CaughtRequest[];
  readonly looks: readonly CaughtRequest[];
  onPost(...turns: PostTurn[]): void;
  onList(...turns: ListTurn[]): void;
  /** Texts a page, whatever is asked for. */
  pageSize: number;
  server: ScriptedHttp;
  close(): Promise<void>;
}

const JSON_HEAD = { 'content-type': 'application/json' };
const json = (status: number, body: object): Turn => ({
  status,
  headers: JSON_HEAD,
  body: JSON.stringify(body),
});

export async function startScriptedTwilio(): Promise<ScriptedTwilio> {
  const texts: TwilioText[] = [];
  const postTurns: PostTurn[] = [];
  const listTurns: ListTurn[] = [];
  const posts: CaughtRequest[] = [];
  const looks: CaughtRequest[] = [];

  const post = (request: CaughtRequest): Turn => {
    posts.push(request);
    const turn = postTurns.shift();
    if (turn === 'drop') return 'drop';
    const form = new URLSearchParams(request.body);
    const text = textOf(texts.length + 1, form.get('To') ?? '', form.get('Body') ?? '');
    texts.push(text);
    if (turn === 'take_and_drop') return 'drop';
    return turn === 'take_and_hang' ? 'hang' : json(201, text);
  };

  const list = (request: CaughtRequest): Turn => {
    looks.push(request);
    const turn = listTurns.shift();
    if (turn === 'hang') return 'hang';
    if (turn === 'error') return json(500, { code: 20500, message: 'Internal' });
    if (turn === 'garbage') return { status: 200, body: '<html>' };
    const url = new URL(request.path, 'http://twilio');
    const to = url.searchParams.get('To');
    const page = Number(url.searchParams.get('Page') ?? 0);
    const all = (turn === 'empty' ? [] : texts).filter((one) => one.to === to).reverse();
    const shown = all.slice(page * twilio.pageSize, (page + 1) * twilio.pageSize);
    const isLast = (page + 1) * twilio.pageSize >= all.length;
    url.searchParams.set('Page', String(page + 1));
    return json(200, {
      messages: turn === 'other_body' ? shown.map((one) => ({ ...one, body: `${one.body}!` })) : shown,
      next_page_uri: isLast ? null : `${url.pathname}${url.search}`,
    });
  };

  const server = await startScriptedHttp({
    healthy: (request) => (request.method === 'GET' ? list(request) : post(request)),
  });
  const twilio: ScriptedTwilio = {
    url: server.url,
    texts,
    posts,
    looks,
    onPost: (...turns) => void postTurns.push(...turns),
    onList: (...turns) => void listTurns.push(...turns),
    pageSize: 50,
    server,
    close: () => server.close(),
  };
  return twilio;
}

/** As Twilio shows a message resource: dates in RFC 2822, whole seconds. */
export function textOf(number: number, to: string, body: string, more: Partial<TwilioText> = {}): TwilioText {
  return {
    sid: `SM${String(number).padStart(32, '0')}`,
    to,
    body,
    status: 'queued',
    error_code: null,
    direction: 'outbound-api',
    date_created: new Date().toUTCString().replace('GMT', '+0000'),
    ...more,
  };
}
