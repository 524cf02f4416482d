import type { News } from '../news.js';

/** Who is told. */
export interface Target {
  readonly name: string;
  /** Answers undefined when it has been told, else why not, without a secret. Bounded in time. */
  tell(news: News, signal: AbortSignal, tries: number): Promise<string | undefined>;
  close(): Promise<void>;
}
