/** One sheet, both schemes, from 320 px up; the same paper and ink as the sandbox's page. */
export const style = String.raw`
:root { color-scheme: light dark;
  --paper: #f6f4ef; --card: #fffefb; --line: #e2ddd2; --ink: #1d2230; --quiet: #666c7a; --accent: #2a4bd0; --on-accent: #fff;
  --soft: #e9edfb; --bad: #b3261e; --bad-soft: #fbe4e1; --bubble: #e6e5eb; --code: #f3f0e9; --shadow: 0 1px 2px rgb(40 30 10 / .06), 0 8px 24px rgb(40 30 10 / .06);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #12151c; --card: #1a1e28; --line: #2c3240; --ink: #e9ebf1; --quiet: #9ba3b4; --accent: #8ea6ff; --on-accent: #0f1530;
  --soft: #242c47; --bad: #ff9d94; --bad-soft: #3d1f1d; --bubble: #2c3240; --code: #141821; --shadow: none; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
body::before { content: ''; flex: none; height: 6px; background: repeating-linear-gradient(-55deg, #c8372d 0 18px, var(--paper) 18px 30px, #2a4bd0 30px 48px, var(--paper) 48px 60px); }
h1, h2, p, ul, dl, dd { margin: 0; padding: 0; } ul { list-style: none; }
button, input, select, textarea { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.quiet { color: var(--quiet); }
.top { flex: none; display: flex; justify-content: space-between; align-items: center; gap: 8px; padding: 12px 20px 10px; border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: 10px; }
.mark { width: 28px; height: 28px; flex: none; fill: var(--accent); } .mark .fold { fill: none; stroke: var(--paper); stroke-width: 1.6; stroke-linejoin: round; }
h1 { font-size: 18px; letter-spacing: -.01em; white-space: nowrap; } h1 span { font-weight: 400; color: var(--quiet); } h2 { font-size: 15px; }
.ghost { background: transparent; border: 1px solid var(--line); border-radius: 8px; padding: 4px 11px; min-height: 34px; white-space: nowrap; } .ghost:hover { background: var(--soft); }
.primary { background: var(--accent); color: var(--on-accent); border: 0; border-radius: 8px; padding: 8px 16px; min-height: 38px; font-weight: 600; }
main { flex: 1; min-height: 0; display: grid; grid-template-columns: 210px minmax(0, 1fr) minmax(280px, 380px); }
nav { border-right: 1px solid var(--line); overflow-y: auto; padding: 10px; }
nav button { display: block; width: 100%; text-align: left; background: none; border: 0; border-radius: 9px; padding: 8px 12px; }
nav button:hover { background: var(--card); } nav button[aria-current='true'] { background: var(--soft); } nav b { display: block; font-weight: 600; overflow-wrap: anywhere; } nav small { color: var(--quiet); font-size: 13px; }
.letter { min-width: 0; min-height: 0; display: flex; flex-direction: column; overflow-y: auto; padding: 0 20px 20px; }
.bar { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 18px; padding: 8px 0 0; border-bottom: 1px solid var(--line); }
.group { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: center; } .group [role='group'], .group.group[role='group'] { gap: 0; }
[role='group'] button { background: none; border: 0; border-bottom: 2px solid transparent; padding: 6px 10px; color: var(--quiet); font-size: 14px; font-weight: 600; } [role='group'] button[aria-pressed='true'] { color: var(--accent); border-color: var(--accent); }
.pick { font-size: 14px; color: var(--quiet); } select, input { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 3px 8px; min-height: 30px; }
#subject-line { display: flex; gap: 12px; padding: 12px 2px; } #subject-line dt { color: var(--quiet); } #subject { font-weight: 600; overflow-wrap: anywhere; min-width: 0; }
.stage { flex: 1; min-height: 420px; display: flex; flex-direction: column; } .stage.stale { opacity: .45; } .stage.plain { padding-top: 14px; }
.sheet { flex: 1; width: 100%; border: 1px solid var(--line); border-radius: 10px; background: #fff; box-shadow: var(--shadow); align-self: center; transition: max-width .2s; } .sheet.dark { background: #12151c; } .sheet.phone { max-width: 375px; }
pre { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; font: 14px/1.6 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
.phone-frame { align-self: center; width: 100%; max-width: 375px; border: 1px solid var(--line); border-radius: 30px; background: var(--card); box-shadow: var(--shadow); overflow: hidden; }
.phone-head { text-align: center; padding: 14px; border-bottom: 1px solid var(--line); font-weight: 600; } .bubbles { padding: 18px 16px 26px; min-height: 260px; }
.bubble { width: fit-content; max-width: 88%; background: var(--bubble); border-radius: 18px 18px 18px 5px; padding: 9px 14px; white-space: pre-wrap; overflow-wrap: anywhere; } .measure { font-size: 12.5px; color: var(--quiet); margin: 6px 0 0 6px; }
.data { min-height: 0; display: flex; flex-direction: column; gap: 10px; border-left: 1px solid var(--line); padding: 10px 16px 16px; }
.data-head { display: flex; justify-content: space-between; align-items: center; }
textarea { flex: 1; min-height: 180px; width: 100%; resize: none; background: var(--code); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; font: 13px/1.55 var(--mono); tab-size: 2; } textarea[aria-invalid='true'] { border-color: var(--bad); }
.faults { max-height: 40%; overflow-y: auto; font-size: 14px; } .faults li { background: var(--bad-soft); color: var(--bad); border-radius: 8px; padding: 6px 11px; margin-top: 6px; overflow-wrap: anywhere; } .faults code { font: 600 13px var(--mono); }
dialog { border: 1px solid var(--line); border-radius: 16px; background: var(--card); color: var(--ink); padding: 20px 22px; width: min(440px, calc(100vw - 24px)); box-shadow: 0 20px 60px rgb(0 0 0 / .25); } dialog::backdrop { background: rgb(15 18 28 / .45); }
dialog form { display: flex; flex-direction: column; gap: 12px; } dialog h2 { font-size: 18px; } dialog label { font-size: 13.5px; font-weight: 600; } dialog input { width: 100%; min-height: 38px; margin-top: 4px; font-weight: 400; } .fault-text { color: var(--bad); font-size: 14px; } .fault-text:empty { display: none; }
@media (max-width: 1000px) {
  html, body { height: auto; } main { display: block; } nav { border: 0; border-bottom: 1px solid var(--line); padding: 8px 12px; overflow-x: auto; } nav ul { display: flex; gap: 4px; } nav button { white-space: nowrap; padding: 6px 10px; } nav small { display: none; }
  .letter { padding: 0 12px 16px; overflow: visible; } .sheet { min-height: 72vh; } .data { border: 0; border-top: 1px solid var(--line); padding: 10px 12px 20px; } textarea { min-height: 320px; } .top { padding: 10px 12px; }
}
@media (max-width: 520px) { #widths { display: none; } }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
`;
