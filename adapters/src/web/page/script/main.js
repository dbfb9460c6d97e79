// The order that matters: the session first, then the token out of the address bar, and only then
// Meta's SDK, which tells Meta the page's address.
const OPEN_AGAIN_AFTER_MS = 8000;
let current = null;
let local = null;
const button = { ready: false, busy: false, again: false, since: 0, at: null };
let sdkAsked = false;

const told = {
  ready: () => { button.ready = true; if (local && local.code === 'sdk_blocked') local = null; redraw(); },
  unloadable: () => {
    journey('sdk_blocked').catch(() => {});
    trouble('sdk_blocked', t.sdk_blocked, t.sdk_blocked_advice, { label: t.load_again, press: () => { local = null; sdkAsked = false; prepare(); redraw(); } });
  },
  saving: () => { button.busy = true; button.since = now(); local = null; hint(t.saving); },
  half: (view) => { settle(); show(view); },
  canceled: (view) => {
    settle();
    show(view);
    if (view.phase === 'signup' && !view.trouble) trouble('canceled', t.canceled, t.canceled_advice);
  },
  refused: (error) => { settle(); refused(error); },
  closed: () => { settle(); trouble('closed', t.closed, t.closed_advice); },
  blocked: () => { settle(); trouble('popup_blocked', t.blocked, t.blocked_advice); },
  over: () => { settle(); redraw(); },
};

function settle() { button.busy = false; button.again = false; }

function redraw() { if (current) { render(current, local); drawContinue(); tick(); } }

function show(view) {
  if (current && view.sequence < current.sequence) return;
  // What went wrong in this browser stays on the page until the server has something newer to say;
  // what has a button of its own stays until that is pressed, for nothing else mends it.
  if (local && !local.sticks && (view.phase !== 'signup' || (view.trouble && !local.button))) local = null;
  const moved = current && current.phase !== view.phase;
  current = view;
  redraw();
  if (moved) focusHeadline();
  if (view.phase === 'signup') prepare();
  if (view.phase === 'ended') stopFollowing();
}

function focusHeadline() {
  const first = document.getElementById('pin') || document.getElementById('otp') || document.getElementById('status-headline');
  if (first) first.focus({ preventScroll: false });
}

function trouble(code, happened, advice, press, more) {
  local = { code, happened, advice, button: press || null, ...more };
  redraw();
}

function refused(error) {
  if (isTaken(error)) return taken();
  const problem = error.problem || {};
  if (error.status === 401) return sessionOver();
  if (error instanceof Refused && error.status < 500) return trouble(problem.code || 'refused', t.refused, problem.detail || t.refused_advice);
  trouble('unreachable', t.unreachable, t.unreachable_advice);
}

function drawContinue() {
  const node = document.getElementById('continue');
  if (!node) return;
  const again = Boolean(local || (current && current.trouble));
  // Where the trouble has a button of its own, it is the only one.
  node.hidden = Boolean(local && local.button);
  node.disabled = !button.ready || button.busy;
  node.textContent = button.busy ? waitingWords() : button.again ? t.button_reopen : button.ready || !sdkAsked ? (again ? t.button_again : t.button_first) : t.button_loading;
  const line = document.getElementById('continue-hint');
  line.hidden = !(button.busy || button.again) || !line.textContent;
}

function waitingWords() {
  const seconds = Math.floor((now() - button.since) / 1000);
  return seconds >= ELAPSED_AFTER_S ? t.button_waiting + ' ' + span(seconds) : t.button_waiting;
}

function hint(text) {
  const line = document.getElementById('continue-hint');
  if (line) line.textContent = text;
  drawContinue();
}

function pressContinue() {
  local = null;
  button.busy = true;
  button.again = false;
  button.since = now();
  const at = {};
  button.at = at;
  try {
    launch(current.signup, told);
  } catch {
    settle();
    return trouble('popup_blocked', t.blocked, t.blocked_advice);
  }
  if (!button.busy) return;
  redraw();
  hint(t.in_window);
  setTimeout(() => {
    if (button.at !== at || !button.busy) return;
    button.busy = false;
    button.again = true;
    hint(t.in_window);
  }, OPEN_AGAIN_AFTER_MS);
}

function prepare() {
  if (sdkAsked || !current.signup || (local && local.sticks)) return;
  sdkAsked = true;
  drawContinue();
  if (window.FB) return told.ready();
  loadSdk(current.signup, told);
}

async function answerQuestion(ask, fields) {
  const given = fields.input.value;
  if (!/^[0-9]{6}$/.test(given)) return showWrong(fields, t.six_digits);
  const label = fields.button.textContent;
  fields.button.disabled = true;
  fields.button.textContent = t.sending;
  fields.wrong.hidden = true;
  fields.input.removeAttribute('aria-invalid');
  try {
    const view = await deliver('/o/' + ask.kind, ask.kind === 'pin' ? { pin: given } : { code: given });
    fields.input.value = '';
    show(view);
  } catch (error) {
    if (isTaken(error)) return taken();
    if (error.status === 401) return sessionOver();
    showWrong(fields, (error.problem && error.problem.detail) || t.unreachable_advice);
  } finally {
    fields.button.disabled = false;
    fields.button.textContent = label;
  }
}

async function askForCode(node) {
  node.disabled = true;
  try {
    show(await deliver('/o/otp', {}));
    say(t.otp_sent);
    node.textContent = t.otp_sent;
  } catch (error) {
    node.disabled = false;
    refused(error);
  }
}

// Another browser opened the link after this one. Only who still holds the link may take it back.
function taken() {
  stopFollowing();
  replaced(t.taken, memory.token ? t.taken_text : t.taken_lost, memory.token ? { label: t.use_this, press: begin } : null);
}

function sessionOver() {
  stopFollowing();
  replaced(t.session_over, t.open_again, memory.token ? { label: t.carry_on, press: begin } : null);
}

function replaced(headline, text, press) {
  current = null;
  local = null;
  face.removeAttribute('aria-busy');
  face.replaceChildren(el('div', { class: 'headline arrive' },
    el('h1', { id: 'status-headline', tabindex: '-1' }, headline),
    el('p', { id: 'status-text' }, text)),
  press ? el('button', { class: 'button', type: 'button', id: 'take-back', onclick: press.press }, press.label) : '');
  focusHeadline();
}

const heard = {
  view: (view) => show(view),
  taken,
  ended: sessionOver,
  lost: () => { document.getElementById('lost').hidden = false; },
  found: () => { document.getElementById('lost').hidden = true; },
};

async function begin() {
  if (!current) face.setAttribute('aria-busy', 'true');
  try {
    const view = memory.token ? await open(memory.token) : await call('GET', '/o/status');
    face.querySelectorAll(':scope > :not([data-part])').forEach((node) => node.remove());
    if (view.phase === 'signup' && insideAnotherApp()) insideApp(view);
    else enter(view);
  } catch (error) {
    if (isTaken(error)) return taken();
    if (error.status === 401) return sessionOver();
    if (error.status === 404) return replaced(t.unknown_link, t.unknown_link_text, null);
    if (error.status === 410) return replaced(t.dead_link, t.dead_link_text, null);
    replaced(t.unreachable, t.unreachable_advice, { label: t.load_again, press: begin });
  }
}

function enter(view) {
  history.replaceState(null, '', '/o');
  show(view);
  follow(heard);
}

// The address stays whole here, so that the app's own "open in browser" carries the link along;
// nothing of Meta's is loaded until the person decides to stay.
function insideApp(view) {
  current = view;
  local = {
    code: 'inside_app', happened: t.inside_app, advice: t.inside_app_advice, sticks: true,
    button: { label: t.copy_link, press: (event) => copyFrom(event.currentTarget) },
    aside: { label: t.stay_here, press: () => { local = null; enter(view); } },
  };
  redraw();
}

function copyFrom(node) {
  const field = el('input', { readonly: true, value: memory.link, 'aria-label': t.your_link, dir: 'ltr', class: 'copy' });
  if (!document.querySelector('#trouble input')) node.before(field);
  copyLink(document.querySelector('#trouble input'), node);
}

function localDates() {
  for (const time of document.querySelectorAll('footer time')) {
    const day = new Date(time.dateTime);
    time.textContent = day.toLocaleString(document.documentElement.lang, { dateStyle: 'long', timeStyle: 'short' });
  }
}

const asked = /^\/o\/([^/]+)$/.exec(location.pathname);
if (asked) {
  memory.token = asked[1];
  memory.link = location.origin + location.pathname;
}
listen(told);
localDates();
setInterval(() => { tick(); drawContinue(); }, 1000);
begin();
