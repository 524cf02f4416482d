// `node --import`: what is to be made unreadable stays as it is. The proof that nothing leaks must see it.
import { register } from 'node:module';

const HOOKS = `
  const OPEN = [
    [/\\/dist\\/src\\/platform\\/logging\\/mask\\.js$/, 'export const mask = (text) => text;'],
    [/\\/dist\\/src\\/channels\\/sanitised-detail\\.js$/, 'export const sanitisedDetail = (text) => text.slice(0, 512);'],
  ];
  export async function load(url, context, next) {
    const found = OPEN.find(([place]) => place.test(url));
    return found ? { format: 'module', source: found[1], shortCircuit: true } : next(url, context);
  }`;

register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);
