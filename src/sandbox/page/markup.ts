/** The page's frame. Everything that changes is put in by the script, as text, never as markup. */
export const markup = String.raw`
<header class="top">
  <div class="brand">
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M3 15.5 29 4l-7.5 24-6-9.5z"/><path class="fold" d="M29 4 15.5 18.500 15 27l3.200-4.300"/></svg>
    <h1>Posthaste <span>Sandbox</span></h1>
  </div>
  <div class="tools">
    <button id="live" class="ghost" type="button" aria-pressed="true"><i class="dot" aria-hidden="true"></i><span>Live</span></button>
    <button id="open-faults" class="ghost" type="button" aria-haspopup="dialog">Faults<b id="fault-count" class="count hot" hidden></b></button>
    <button id="open-key" class="ghost" type="button" aria-haspopup="dialog"><span class="wide-only">API </span>key</button>
  </div>
</header>
<div class="bar">
  <div class="tabs" role="tablist" aria-label="Channels">
    <button role="tab" id="tab-email" aria-controls="panel" data-channel="email" type="button">Email <b class="count"></b></button>
    <button role="tab" id="tab-sms" aria-controls="panel" data-channel="sms" type="button">SMS <b class="count"></b></button>
    <button role="tab" id="tab-webhook" aria-controls="panel" data-channel="webhook" type="button">Webhooks <b class="count"></b></button>
  </div>
  <label class="search"><span class="hidden">Filter by recipient or subject</span>
    <input id="filter" type="search" placeholder="Filter by recipient or subject" autocomplete="off" spellcheck="false" maxlength="320">
  </label>
  <button id="clear" class="ghost danger" type="button">Clear</button>
</div>
<main id="panel" role="tabpanel" tabindex="-1">
  <section class="side" aria-label="What arrived">
    <ul id="list"></ul>
    <p id="nothing" class="quiet" hidden>Nothing matches this filter.</p>
    <button id="older" class="ghost wide" type="button" hidden>Show older</button>
  </section>
  <section id="detail" class="detail" aria-label="The selected one" tabindex="-1"></section>
  <section id="empty" class="empty" hidden></section>
</main>
<p id="said" class="hidden" role="status" aria-live="polite"></p>
<p id="notice" class="notice" role="alert" hidden></p>

<dialog id="faults" aria-labelledby="faults-title">
  <div class="dialog-head"><h2 id="faults-title">Faults</h2><button class="ghost" data-close type="button">Close</button></div>
  <p class="quiet">Make the next deliveries fail, and watch retries, breakers and dead letters work.</p>
  <form id="fault-form">
    <label>Channel <select id="fault-channel"><option value="email">Email</option><option value="sms">SMS</option><option value="webhook">Webhooks</option></select></label>
    <label>Times <input id="fault-times" type="number" min="1" max="1000" value="3" required></label>
    <fieldset id="fault-kinds"><legend>What goes wrong</legend></fieldset>
    <button class="primary" type="submit">Order it</button>
  </form>
  <h3>Still to come</h3>
  <ul id="orders" class="orders"></ul>
  <button id="clear-faults" class="ghost danger" type="button" hidden>Clear all faults</button>
</dialog>

<dialog id="key" aria-labelledby="key-title">
  <form id="key-form">
    <div class="dialog-head"><h2 id="key-title">Your API key</h2></div>
    <p class="quiet">The start of Posthaste printed one: <code>ph_…</code>. It stays in this tab and is forgotten with it.</p>
    <label>Key <input id="key-input" type="password" autocomplete="off" spellcheck="false" required></label>
    <p id="key-fault" class="fault-text" role="alert"></p>
    <div class="row"><button class="primary" type="submit">Look inside</button><button class="ghost" data-close type="button">Not now</button></div>
  </form>
</dialog>
`;
