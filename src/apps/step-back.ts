import { setPriority } from 'node:os';

import type { Config } from '../platform/config/config.js';

/** Of a process behind the door: a tenth of the door's share while both want the processor, all of it otherwise. */
const BEHIND_THE_DOOR = 10;

/**
 * On a machine that is short of processor time, the door goes first: a caller waits for its answer, what has been accepted
 * can wait. What is behind the door has its turn as soon as the door rests.
 *
 * Weighs processes of one control group: between containers and between units of systemd, their own weights decide.
 */
export function stepBack({ environment }: Config): void {
  const usual = environment.roles.includes('api') ? 0 : BEHIND_THE_DOOR;
  const niceness = environment.niceness ?? usual;
  if (niceness > 0) setPriority(niceness); // never asked to go ahead of others: that takes a privilege
}
