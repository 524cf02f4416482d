import { createDoorPool } from '../../src/platform/database/pools.js';
import { Templates } from '../../src/templating/templates.js';
import { TemplatesController } from '../../src/templating/templates.controller.js';
import { TemplatesPageController } from '../../src/templating/templates-page.controller.js';
import { startPart } from './part-app.js';

/** The templates' routes alone, behind the real guard, with the shipped templates. */
export const startTemplates = (databaseUrl: string) =>
  startPart(createDoorPool(databaseUrl), {
    controllers: [TemplatesController, TemplatesPageController],
    providers: [{ provide: Templates, useValue: Templates.load('templates') }],
  });
