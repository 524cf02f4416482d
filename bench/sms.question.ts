import type { Effort } from './support/effort.js';
import { compareSends } from './support/provider-sends.js';
import type { Answer } from './support/report.js';

/** What a text costs beyond the HTTP call to its gateway. The sink knows a text by its key, in the header a webhook has. */
export const sms = (effort: Effort): Promise<Answer> =>
  compareSends(effort, {
    question: 'How many texts a second go out to an HTTP gateway?',
    channel: 'sms',
    sink: 'support/sink.program.js',
    bare: 'bare-text.program.js',
    concurrencies: [20, 50, 200],
    installations: [{ workers: 1, places: 200 }],
    configuration: (port, places) => `providers:
  - name: gateway
    channel: sms
    kind: http-sms
    url: http://127.0.0.1:${port}/messages
    from: Acme
    id_header: webhook-id
    concurrency: ${places}
    body: '{ "from": {{ from | json }}, "to": {{ to | json }}, "text": {{ text | json }} }'
`,
  });
