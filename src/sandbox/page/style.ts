/** One sheet, both schemes, from 320 px up. Airmail on top, because something should make you smile on a first run. */
export const style = String.raw`
:root { color-scheme: light dark;
  --paper: #f6f4ef; --card: #fffefb; --line: #e2ddd2; --ink: #1d2230; --quiet: #666c7a; --accent: #2a4bd0; --on-accent: #fff;
  --soft: #e9edfb; --good: #14733f; --good-soft: #def3e5; --bad: #b3261e; --bad-soft: #fbe4e1; --warn: #8a5a00; --warn-soft: #fbeccb;
  --bubble: #e6e5eb; --code: #f3f0e9; --shadow: 0 1px 2px rgb(40 30 10 / .06), 0 8px 24px rgb(40 30 10 / .06);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #12151c; --card: #1a1e28; --line: #2c3240; --ink: #e9ebf1; --quiet: #9ba3b4; --accent: #8ea6ff; --on-accent: #0f1530;
  --soft: #242c47; --good: #7fdba5; --good-soft: #173325; --bad: #ff9d94; --bad-soft: #3d1f1d; --warn: #f3c969; --warn-soft: #38290c;
  --bubble: #2c3240; --code: #141821; --shadow: none; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
body::before { content: ''; flex: none; height: 6px; background: repeating-linear-gradient(-55deg, #c8372d 0 18px, var(--paper) 18px 30px, #2a4bd0 30px 48px, var(--paper) 48px 60px); }
h1, h2, h3, p, ul, dl, dd { margin: 0; padding: 0; } ul { list-style: none; }
button, input, select { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.quiet { color: var(--quiet); }
.top { flex: none; display: flex; justify-content: space-between; align-items: center; gap: 8px; padding: 12px 20px 8px; }
.brand { display: flex; align-items: center; gap: 10px; min-width: 0; }
.mark { width: 28px; height: 28px; flex: none; fill: var(--accent); } .mark .fold { fill: none; stroke: var(--paper); stroke-width: 1.6; stroke-linejoin: round; }
h1 { font-size: 18px; font-weight: 700; letter-spacing: -.01em; white-space: nowrap; } h1 span { font-weight: 400; color: var(--quiet); }
.tools, .row { display: flex; gap: 8px; align-items: center; }
.ghost { background: transparent; border: 1px solid var(--line); border-radius: 8px; padding: 5px 11px; min-height: 34px; white-space: nowrap; }
.ghost:hover { background: var(--soft); } .ghost.danger { color: var(--bad); } .ghost.danger:hover { background: var(--bad-soft); }
.ghost[aria-pressed='true'] { border-color: var(--accent); color: var(--accent); background: var(--soft); }
.ghost.wide { width: calc(100% - 24px); margin: 8px 12px 16px; }
.primary { background: var(--accent); color: var(--on-accent); border: 0; border-radius: 8px; padding: 8px 16px; min-height: 38px; font-weight: 600; } .primary:hover { filter: brightness(1.08); } .primary:disabled { opacity: .55; cursor: default; }
.dot { display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: var(--quiet); margin-right: 7px; }
#live { min-width: 92px; } #live[aria-pressed='true'] { color: inherit; border-color: var(--line); background: transparent; }
#live[aria-pressed='true'] .dot { background: #1fa35b; animation: pulse 2s infinite; } #live.lost .dot { background: var(--bad); animation: none; }
@keyframes pulse { 0% { box-shadow: 0 0 0 0 rgb(31 163 91 / .5); } 70%, 100% { box-shadow: 0 0 0 7px rgb(31 163 91 / 0); } }
.wide-only { white-space: pre; } .count { font-size: 12px; font-weight: 600; font-variant-numeric: tabular-nums; background: var(--line); border-radius: 99px; padding: 1px 7px; margin-left: 5px; } .count:empty { display: none; } .count.hot { background: var(--bad); color: var(--card); }
.bar { flex: none; display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; padding: 0 20px; border-bottom: 1px solid var(--line); }
.tabs { display: flex; align-self: end; }
.tabs button { background: none; border: 0; border-bottom: 3px solid transparent; padding: 9px 14px 8px; color: var(--quiet); font-weight: 600; white-space: nowrap; }
.tabs button[aria-selected='true'] { color: var(--ink); border-color: var(--accent); } .tabs button:focus-visible { outline-offset: -3px; }
.search { flex: 1; min-width: 180px; max-width: 360px; margin: 6px 0 6px auto; }
input, select { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 6px 10px; min-height: 36px; width: 100%; font-weight: 400; }
main { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(260px, 360px) 1fr; outline: none; }
.side { overflow-y: auto; border-right: 1px solid var(--line); min-height: 0; } .side > .quiet { padding: 24px; text-align: center; }
.item { display: block; width: 100%; text-align: left; background: none; border: 0; border-bottom: 1px solid var(--line); border-left: 3px solid transparent; padding: 10px 16px 11px 13px; }
.item:hover { background: var(--card); } .item[aria-current='true'] { background: var(--soft); border-left-color: var(--accent); } .item:focus-visible { outline-offset: -2px; }
.item.fresh { animation: land .7s ease-out; } @keyframes land { from { opacity: 0; transform: translateY(-8px); background: var(--soft); } }
.item span { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.item .who { display: flex; justify-content: space-between; gap: 10px; font-weight: 600; } .item .who time { flex: none; font-weight: 400; font-size: 13px; color: var(--quiet); font-variant-numeric: tabular-nums; }
.item .what { color: var(--ink); } .item .gist { color: var(--quiet); font-size: 13.5px; }
.badges { display: flex; flex-wrap: wrap; gap: 5px; margin-top: 4px; } .badges:empty { display: none; }
.badge { display: inline-block; font-size: 12px; font-weight: 600; border-radius: 99px; padding: 1px 9px; background: var(--line); color: var(--ink); } .badge.good { background: var(--good-soft); color: var(--good); } .badge.bad { background: var(--bad-soft); color: var(--bad); } .badge.warn { background: var(--warn-soft); color: var(--warn); }
.detail { min-width: 0; min-height: 0; overflow-y: auto; padding: 20px 24px 28px; outline: none; display: flex; flex-direction: column; gap: 14px; }
.detail h2 { font-size: 20px; line-height: 1.3; letter-spacing: -.01em; overflow-wrap: anywhere; } .back { display: none; align-self: start; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; font-size: 14px; } .facts dt { color: var(--quiet); } .facts dd { overflow-wrap: anywhere; min-width: 0; }
.views { display: flex; flex-wrap: wrap; gap: 4px 16px; justify-content: space-between; border-bottom: 1px solid var(--line); }
.views .group { display: flex; flex-wrap: wrap; } .views > .group > .group + .group { margin-left: 14px; } .views button { background: none; border: 0; border-bottom: 2px solid transparent; padding: 6px 10px; color: var(--quiet); font-size: 14px; font-weight: 600; } .views button[aria-pressed='true'], .views [role='tab'][aria-selected='true'] { color: var(--accent); border-color: var(--accent); }
.stage { flex: 1; min-height: 320px; display: flex; flex-direction: column; }
.sheet { flex: 1; width: 100%; min-height: 420px; border: 1px solid var(--line); border-radius: 10px; background: #fff; box-shadow: var(--shadow); align-self: center; transition: max-width .2s; max-width: 100%; } .sheet.dark { background: #12151c; } .sheet.phone { max-width: 375px; }
pre { margin: 0; background: var(--code); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; font: 13px/1.55 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 2; } pre.letter { font: inherit; background: var(--card); }
pre .k { color: var(--accent); } pre .s { color: var(--good); } pre .n { color: var(--warn); } pre .c { color: var(--quiet); }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; } th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; } th { font-weight: 600; width: 30%; color: var(--quiet); } td { font-family: var(--mono); font-size: 13px; }
.phone-frame { align-self: center; width: 100%; max-width: 390px; border: 1px solid var(--line); border-radius: 30px; background: var(--card); box-shadow: var(--shadow); overflow: hidden; display: flex; flex-direction: column; max-height: 640px; }
.phone-head { text-align: center; padding: 14px; border-bottom: 1px solid var(--line); font-size: 13px; } .phone-head b { display: block; font-size: 15px; }
.bubbles { overflow-y: auto; padding: 16px; display: flex; flex-direction: column; gap: 4px; }
.bubble { align-self: start; text-align: left; max-width: 86%; border: 2px solid transparent; background: var(--bubble); border-radius: 18px 18px 18px 5px; padding: 8px 13px; white-space: pre-wrap; overflow-wrap: anywhere; } .bubble[aria-current='true'] { border-color: var(--accent); }
.bubble-meta { font-size: 12px; color: var(--quiet); margin: 0 0 10px 6px; }
.story { border-left: 2px solid var(--line); margin-left: 6px; } .story li { position: relative; padding: 0 0 14px 20px; } .story li::before { content: ''; position: absolute; left: -6px; top: 7px; width: 10px; height: 10px; border-radius: 50%; background: var(--accent); } .story li.bad::before { background: var(--bad); } .story li.good::before { background: #1fa35b; } .story b { font-weight: 600; } .story small { display: block; color: var(--quiet); font-size: 13px; overflow-wrap: anywhere; }
.hint { border-radius: 10px; padding: 9px 14px; font-size: 14px; background: var(--warn-soft); color: var(--warn); }
.choose { margin: auto; color: var(--quiet); text-align: center; }
.empty { grid-column: 1 / -1; overflow-y: auto; padding: 6vh 20px 40px; display: flex; flex-direction: column; align-items: center; gap: 14px; text-align: center; }
.empty h2 { font-size: 24px; letter-spacing: -.015em; } .empty > p { max-width: 34em; } .empty .try { width: 100%; max-width: 720px; text-align: left; display: flex; flex-direction: column; gap: 8px; margin-top: 10px; } .empty .try .row { justify-content: space-between; }
.stamp { width: 112px; height: 88px; border: 2px dashed var(--line); border-radius: 6px; display: grid; place-items: center; background: var(--card); transform: rotate(-3deg); box-shadow: var(--shadow); } .stamp svg { width: 44px; height: 44px; fill: none; stroke: var(--accent); stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
.notice { position: fixed; left: 50%; bottom: 20px; transform: translateX(-50%); max-width: min(92vw, 560px); background: var(--ink); color: var(--paper); border-radius: 10px; padding: 10px 16px; z-index: 5; overflow-wrap: anywhere; }
dialog { border: 1px solid var(--line); border-radius: 16px; background: var(--card); color: var(--ink); padding: 20px 22px; width: min(480px, calc(100vw - 24px)); max-height: calc(100dvh - 32px); box-shadow: 0 20px 60px rgb(0 0 0 / .25); } dialog::backdrop { background: rgb(15 18 28 / .45); }
.dialog-head { display: flex; justify-content: space-between; align-items: center; margin-bottom: 6px; } dialog h2 { font-size: 18px; } dialog h3 { font-size: 14px; margin: 18px 0 6px; } dialog form { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin-top: 14px; } dialog form > fieldset, dialog form > .primary, #key-form > * { grid-column: 1 / -1; } #key-form { margin-top: 0; } dialog label { font-size: 13.5px; font-weight: 600; } dialog label > input:not([type='radio']), dialog label > select { margin-top: 4px; }
fieldset { border: 0; padding: 0; margin: 0; display: flex; flex-direction: column; gap: 4px; min-width: 0; } legend { font-size: 13.5px; font-weight: 600; padding: 0; margin-bottom: 4px; }
.kind { display: flex; gap: 10px; align-items: start; border: 1px solid var(--line); border-radius: 9px; padding: 7px 11px; font-weight: 400 !important; } .kind:has(:checked) { border-color: var(--accent); background: var(--soft); } .kind input { width: auto; min-height: 0; margin: 4px 0 0; accent-color: var(--accent); } .kind b { display: block; font-size: 14px; } .kind small { color: var(--quiet); }
.orders li { display: flex; justify-content: space-between; gap: 10px; padding: 6px 0; border-bottom: 1px solid var(--line); font-size: 14px; } #clear-faults { margin-top: 12px; } .fault-text { color: var(--bad); font-size: 14px; } .fault-text:empty { display: none; }
@media (max-width: 760px) {
  .top { padding: 10px 12px 6px; } h1 { font-size: 16px; } .mark { width: 24px; height: 24px; } .tools { gap: 5px; } .ghost { padding: 5px 9px; } .tools .ghost { font-size: 13.5px; min-width: 0 !important; } .dot { margin-right: 5px; }
  .bar { padding: 0 12px; gap: 6px 8px; } .tabs { width: 100%; } .tabs button { flex: 1; padding: 9px 6px 8px; } .search { margin: 0 0 8px; max-width: none; } #clear { margin-bottom: 8px; }
  main { display: block; overflow-y: auto; } .side { border: 0; overflow: visible; } .detail { display: none; padding: 14px 14px 28px; } .back { display: inline-block; }
  body.reading .side, body.reading .bar { display: none; } body.reading .detail { display: flex; } .facts { font-size: 13px; gap: 3px 10px; } .widths { display: none !important; } .views > .group > .group + .group { margin-left: 0; } .kind small { display: block; line-height: 1.35; } .stage { min-height: 60vh; } .sheet { min-height: 66vh; } th { width: 38%; }
}
@media (max-width: 440px) { h1 span, .wide-only { display: none; } #open-key { text-transform: capitalize; } .count { margin-left: 3px; padding: 1px 6px; } .tools .ghost { padding: 5px 8px; } }
@media (prefers-reduced-motion: reduce) { *, *::before { animation: none !important; transition: none !important; } }
`;
