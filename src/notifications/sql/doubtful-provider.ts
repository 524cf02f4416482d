/**
 * The provider that may have a notification already: that of its last doubtful attempt. A retry goes there or nowhere, also
 * after a plain failure there: another provider would make a second message. `id`: an expression for its id.
 */
export const DOUBTFUL_PROVIDER = (id: string): string =>
  `(SELECT a.provider FROM attempts a
     WHERE a.notification_id = ${id} AND a.outcome = 'in_doubt' ORDER BY a.number DESC LIMIT 1)`;
