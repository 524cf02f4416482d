import type { NotificationsRepository } from '../notifications/notifications.repository.js';
import type { RetentionConfig } from '../platform/config/retention-section.js';
import type { RetentionTask } from './retention-task.js';
import { eraseEvents, forgetEvents } from './sql/erase-events.js';
import { holdEvents, holdNotifications } from './sql/held.js';
import { EVENTS_PAGE, NOTIFICATIONS_PAGE, readPage } from './sql/pages.js';
import { ENDPOINT_CHANGES, RECEIPTS, type Swept, sweep } from './sql/sweep.js';
import { type Ground, Walk } from './walk.js';

type Page = typeof NOTIFICATIONS_PAGE;
const pageBy =
  (page: Page): Ground['page'] =>
  (tx, after, before, limit) =>
    readPage(tx, page, after, before, limit);

const sweeping = (swept: Swept, ageMs: number): RetentionTask => ({
  name: swept.table,
  step: (tx, reached, limit) => sweep(tx, swept, reached, ageMs, limit),
});

/** What is kept for a time, as configured; what is kept for ever has no task. */
export function retentionTasks(
  { payloadMs, attemptsMs, keysMs }: RetentionConfig,
  notifications: NotificationsRepository,
  nowMs: () => number,
): RetentionTask[] {
  const walk = (name: string, ageMs: number, ground: Ground): Walk => new Walk(name, ageMs, ground, nowMs);
  return [
    ...(payloadMs === undefined
      ? []
      : [
          walk('content', payloadMs, contentOf(notifications)),
          walk('event_content', payloadMs, EVENT_CONTENT),
        ]),
    ...(attemptsMs === undefined
      ? []
      : [
          walk('attempts', attemptsMs, attemptsOf(notifications)),
          sweeping(RECEIPTS, attemptsMs),
          sweeping(ENDPOINT_CHANGES, attemptsMs),
        ]),
    ...(keysMs === undefined
      ? []
      : [walk('keys', keysMs, keysOf(notifications)), walk('event_keys', keysMs, EVENT_KEYS)]),
  ];
}

const contentOf = (notifications: NotificationsRepository): Ground => ({
  page: pageBy(NOTIFICATIONS_PAGE),
  erase: async (tx, ids, ageMs) => (await notifications.eraseContent(tx, ids, ageMs)).map(({ id }) => id),
  hold: (tx, task, ids, ageMs) => holdNotifications(tx, task, ids, ageMs, true),
});

const attemptsOf = (notifications: NotificationsRepository): Ground => ({
  page: pageBy(NOTIFICATIONS_PAGE),
  erase: (tx, ids, ageMs) => notifications.forgetAttempts(tx, ids, ageMs),
  hold: (tx, task, ids, ageMs) => holdNotifications(tx, task, ids, ageMs, false),
});

const keysOf = (notifications: NotificationsRepository): Ground => ({
  page: pageBy(NOTIFICATIONS_PAGE),
  erase: (tx, ids, ageMs) => notifications.forgetNotifications(tx, ids, ageMs),
  hold: (tx, task, ids, ageMs) => holdNotifications(tx, task, ids, ageMs, false),
});

const EVENT_CONTENT: Ground = {
  page: pageBy(EVENTS_PAGE),
  erase: eraseEvents,
  hold: (tx, task, ids) => holdEvents(tx, task, ids, true),
};

const EVENT_KEYS: Ground = {
  page: pageBy(EVENTS_PAGE),
  erase: forgetEvents,
  hold: (tx, task, ids) => holdEvents(tx, task, ids, false),
};
