import { hostname } from 'node:os';

/** What a door says with a wake-up while it is pressed: on which machine. Nobody elsewhere helps it by waiting. */
export const PRESSED_HERE = `pressed ${hostname()}`;
