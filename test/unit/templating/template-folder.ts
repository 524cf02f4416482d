import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

import { TemplateError, type TemplateFault } from '../../../src/templating/template-error.js';
import { Templates } from '../../../src/templating/templates.js';

/** A folder of templates that lives as long as the test. */
export function templateFolder(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'templates-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export const load = (files: Record<string, string>): Templates => Templates.load(templateFolder(files));

/** One type `t` of an email; what is not given is a word that fits. */
export const loadEmail = (parts: { subject?: string; html?: string; text?: string }): Templates =>
  load({
    't/email.subject.liquid': parts.subject ?? 'subject',
    't/email.text.liquid': parts.text ?? 'text',
    ...(parts.html === undefined ? {} : { 't/email.html.liquid': parts.html }),
  });

export const loadSms = (text: string): Templates => load({ 't/sms.liquid': text });

export function refusal(action: () => unknown): TemplateError {
  try {
    action();
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

export const faultsOf = (action: () => unknown): readonly TemplateFault[] => refusal(action).faults;
