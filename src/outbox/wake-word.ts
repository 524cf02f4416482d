import { hostname } from 'node:os';

/** Where relays hear that something is in the outbox. */
export const OUTBOX_CHANNEL = 'posthaste_outbox';

/** What a door says with a wake-up while it is pressed: on which machine. Nobody elsewhere helps it by waiting. */
export const PRESSED_HERE = `pressed ${hostname()}`;
