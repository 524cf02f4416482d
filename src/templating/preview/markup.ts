/** The page's frame. Everything that changes is put in by the script, as text, never as markup. */
export const markup = String.raw`
<header class="top">
  <div class="brand">
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M3 15.5 29 4l-7.5 24-6-9.5z"/><path class="fold" d="M29 4 15.5 18.5 15 27l3.2-4.3"/></svg>
    <h1>Posthaste <span>Templates</span></h1>
  </div>
  <button id="open-key" class="ghost" type="button">API key</button>
</header>
<main>
  <nav aria-label="Templates"><ul id="types"></ul></nav>
  <section class="letter" aria-label="Preview">
    <div class="bar">
      <div id="views" class="group" role="group" aria-label="Part"></div>
      <div class="group">
        <label class="pick" id="locale-pick">Language <select id="locale"></select></label>
        <div id="widths" class="group" role="group" aria-label="Width"></div>
        <div id="schemes" class="group" role="group" aria-label="Scheme"></div>
      </div>
    </div>
    <dl id="subject-line"><dt>Subject</dt><dd id="subject"></dd></dl>
    <div id="stage" class="stage"></div>
  </section>
  <section class="data" aria-label="Data">
    <div class="data-head"><h2>Data</h2><button id="reset" class="ghost" type="button">Back to the sample</button></div>
    <textarea id="data" spellcheck="false" autocomplete="off" autocapitalize="off" aria-label="Data as JSON" aria-describedby="faults"></textarea>
    <ul id="faults" class="faults" role="status" aria-live="polite"></ul>
  </section>
</main>
<dialog id="key" aria-labelledby="key-title">
  <form id="key-form">
    <h2 id="key-title">Your API key</h2>
    <p class="quiet">The start of Posthaste printed one: <code>ph_…</code>. It stays in this tab and is forgotten with it.</p>
    <label>Key <input id="key-input" type="password" autocomplete="off" spellcheck="false" required></label>
    <p id="key-fault" class="fault-text" role="alert"></p>
    <div class="group"><button class="primary" type="submit">Look inside</button><button id="key-close" class="ghost" type="button">Not now</button></div>
  </form>
</dialog>
`;
