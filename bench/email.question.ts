import type { Effort } from './support/effort.js';
import { compareSends } from './support/provider-sends.js';
import type { Answer } from './support/report.js';

/** What a mail costs beyond what nodemailer takes for itself. */
export const email = (effort: Effort): Promise<Answer> =>
  compareSends(effort, {
    question: 'How many mails a second go out over SMTP?',
    channel: 'email',
    sink: 'support/mail-sink.program.js',
    bare: 'bare-mail.program.js',
    concurrencies: [5, 20, 50],
    installations: [
      { workers: 1, places: 50 },
      { workers: 2, places: 100 },
    ],
    configuration: (port, places) => `providers:
  - { name: smtp, channel: email, kind: smtp, url: 'smtp://127.0.0.1:${port}', from: 'Acme <no-reply@acme.example>', concurrency: ${places} }
`,
  });
