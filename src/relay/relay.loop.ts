import { Inject, Injectable } from '@nestjs/common';

import { LANES } from '../domain/channel.js';
import { Config } from '../platform/config/config.js';
import { PRESSED_HERE } from '../outbox/wake-word.js';
import { Log } from '../platform/logging/log.js';
import { DoorYield } from './door-yield.js';
import { RelayService } from './relay.service.js';
import { WakeListener } from './wake-listener.js';

/** Behind LISTEN/NOTIFY: what a lost wake-up costs at most. */
const POLL_MS = 1_000;
/** While queues are full the relay looks again this often, woken or not: a window of two seconds does not run dry. */
const FULL_MS = 50;
/** Who is woken meanwhile and finds nothing, or its own queue full as well, is not the last: the next looks after this. */
const EMPTY_BESIDE_MS = 5;
const FULL_BESIDE_MS = 20;
/** When everything that was due has gone: when the next is due is not known yet, and seldom is it now. */
const SETTLE_MS = 20;
/** Due, with room, and yet not to be had: behind another of its ordering key, or in another relay's hands. */
const BLOCKED_MS = 100;
/** While the door of this machine is pressed, so much goes out so often: a twentieth of a core's work. */
const YIELDING_ROWS = 16;
const YIELDING_MS = 100;
/** After a failure, doubling to this: PostgreSQL or the queue is away, and asking faster does not bring it back. */
const BACK_OFF_MAX_MS = 2_000;

/** Runs the relay: at once when woken, at the time when something becomes due, and by poll in any case. */
@Injectable()
export class RelayLoop {
  private readonly listener: WakeListener;
  private readonly door = new DoorYield();
  private wake: (() => void) | undefined;
  private endSleep: (() => void) | undefined;
  private prepare: (() => Promise<unknown>) | undefined;
  private isWoken = false;
  private isWokenBeside = false;
  private hasFailedBeside = false;
  private isWaitingForRoom = false;
  private isStopping = false;
  private running: Promise<void> = Promise.resolve();
  /** A pass of the transactional lane alone, while the loop itself is busy with bulk. */
  private beside: Promise<void> | undefined;

  constructor(
    @Inject(RelayService) private readonly relay: RelayService,
    @Inject(Config) config: Config,
    @Inject(Log) private readonly log: Log,
  ) {
    this.listener = new WakeListener(config.environment.databaseUrl!, (word) => this.onWake(word));
  }

  /** `prepare`: what must have succeeded once before anything is published. */
  start(prepare: () => Promise<unknown>): void {
    this.prepare = prepare;
    void this.listener.start();
    this.running = this.run();
  }

  /** Ends after the batch under way: nothing is left between mark and publication. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.endSleep?.();
    await this.running;
    await this.beside;
    await this.listener.close();
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.isStopping) {
      this.isWoken = this.hasFailedBeside = false;
      try {
        await this.step();
        failures = 0;
      } catch (error) {
        failures++;
        if (failures === 1) this.log.warn('relay.failed', { err: error });
        // Not to be woken: taking marks back wakes every relay, and a queue that refuses at once would be asked without end.
        await this.sleep(Math.min(BACK_OFF_MAX_MS, 50 * 2 ** failures), false);
      }
    }
  }

  /** One pass, and the wait after it. */
  private async step(): Promise<void> {
    await this.prepare?.();
    this.prepare = undefined;
    const { most } = this;
    if (most < Infinity) await this.sleep(YIELDING_MS, false);
    const { published, isFull, goesOn, dueMs, failure } = await this.relay.runOnce(LANES, most);
    if (failure !== undefined && published === 0) throw failure;
    if (goesOn || this.isStopping) return;
    if (isFull) await this.waitForRoom(dueMs);
    else if (published > 0) await this.sleep(SETTLE_MS);
    else if (dueMs !== undefined && dueMs <= 0) await this.sleep(BLOCKED_MS);
    else await this.sleep(Math.min(POLL_MS, dueMs ?? POLL_MS));
  }

  private async waitForRoom(dueMs = Infinity): Promise<void> {
    this.isWaitingForRoom = true;
    if (this.isWoken) this.goBeside();
    await this.sleep(dueMs > 0 ? Math.min(FULL_MS, Math.max(SETTLE_MS, dueMs)) : FULL_MS, false);
    this.isWaitingForRoom = false;
  }

  /** Rows that one pass may let out. */
  private get most(): number {
    return this.door.isYielding() ? YIELDING_ROWS : Infinity;
  }

  private onWake(word: string): void {
    if (word === PRESSED_HERE) this.door.note();
    this.isWoken = true;
    this.wake?.();
    if (this.isBusyWithBulk) this.goBeside();
  }

  /** Or waits until a queue has room, which mostly is one of bulk: the loop's own next pass is some time away. */
  private get isBusyWithBulk(): boolean {
    return this.relay.isAtBulk || this.isWaitingForRoom;
  }

  /** One at a time: who comes during it is seen by another after it, or by the next of the loop. */
  private goBeside(): void {
    this.isWokenBeside = this.beside !== undefined;
    if (this.beside || this.hasFailedBeside || this.isStopping) return;
    this.beside = this.passBeside().then((isServed) => {
      this.beside = undefined;
      this.hasFailedBeside = !isServed;
      if (this.isWokenBeside && this.isBusyWithBulk) this.goBeside();
    });
  }

  /** False when something failed. The loop's own pass meets the same, says so and backs off: until then nothing is tried beside it. */
  private async passBeside(): Promise<boolean> {
    try {
      const { failure, published, isFull } = await this.relay.runOnce(['transactional'], this.most);
      if (published === 0) await pause(isFull ? FULL_BESIDE_MS : EMPTY_BESIDE_MS);
      return failure === undefined;
    } catch {
      return false;
    }
  }

  private async sleep(ms: number, isWakeable = true): Promise<void> {
    if (this.isStopping || (isWakeable && this.isWoken)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endSleep = () => {
        clearTimeout(timer);
        resolve();
      };
      if (isWakeable) this.wake = this.endSleep;
    });
    this.wake = this.endSleep = undefined;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
