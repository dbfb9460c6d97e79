// Draws the page from one view. Each part is rebuilt only when what it shows has changed, so that
// focus and half-typed digits survive.
const ELAPSED_AFTER_S = 4;
const face = document.getElementById('face');
const announcer = document.getElementById('announcer');

function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('viewBox', '0 0 24 24');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', '#i-' + name);
  svg.append(use);
  return svg;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

// A part is a slot in the page with the key of what it shows.
function part(name, key, build) {
  let slot = face.querySelector('[data-part="' + name + '"]');
  if (!slot) {
    slot = el('div', { 'data-part': name });
    face.append(slot);
  }
  const mark = JSON.stringify(key);
  if (slot.dataset.mark === mark) return;
  slot.dataset.mark = mark;
  const node = build();
  slot.replaceChildren(...(node ? [node] : []));
  slot.hidden = !node;
}

function render(view, local) {
  face.removeAttribute('aria-busy');
  // Which of the server's views this is, for whoever looks at a page from outside.
  face.dataset.sequence = view.sequence;
  const trouble = local || view.trouble;
  part('headline', [view.phase, view.headline, view.text, view.number], () => headline(view));
  part('trouble', [trouble, view.phase], () => (trouble ? notice(trouble) : null));
  part('deadline', [view.phase, view.deadline], () => deadline(view));
  part('ask', view.phase === 'asking' ? view.ask : null, () => (view.phase === 'asking' && view.ask ? question(view.ask) : null));
  part('signup', [view.phase === 'signup', Boolean(trouble), coexistence(view)], () => (view.phase === 'signup' ? signupPart(view, trouble) : null));
  part('steps', [view.phase, view.steps], () => steps(view));
  part('leave', [view.phase, view.return_url], () => leave(view));
  announce(view, trouble);
}

function headline(view) {
  const emblems = { done: ['good', 'done', t.emblem_done], ended: ['soft', 'todo', t.emblem_ended] };
  const emblem = emblems[view.phase];
  return el('div', { class: 'headline arrive', id: view.phase === 'done' ? 'done' : null },
    emblem ? el('p', { class: 'emblem ' + emblem[0] }, icon(emblem[1]), emblem[2]) : null,
    el('h1', { id: 'status-headline', tabindex: '-1' }, view.headline),
    view.number && !view.headline.includes(view.number) ? el('p', { class: 'number' }, view.number) : null,
    el('p', { id: 'status-text' }, view.text));
}

function notice(trouble) {
  const next = trouble.next_try_at ? el('p', { class: 'hint', 'data-next': trouble.next_try_at }) : null;
  const button = trouble.button;
  return el('section', { id: 'trouble', class: 'notice arrive', 'data-code': trouble.code },
    icon('trouble'),
    el('div', { class: 'stack' },
      el('p', { class: 'happened' }, trouble.happened),
      trouble.advice ? el('p', {}, trouble.advice) : null,
      next),
    button ? el('button', { class: 'button', type: 'button', onclick: button.press }, button.label) : null,
    trouble.aside ? el('button', { class: 'plain', type: 'button', onclick: trouble.aside.press }, trouble.aside.label) : null);
}

// Until when Meta allows it: told while there is still something to be done.
function deadline(view) {
  if (!view.deadline || view.phase === 'done' || view.phase === 'ended') return null;
  return el('section', { id: 'deadline', class: 'need' },
    el('p', {}, view.deadline.message),
    el('p', { class: 'hint', 'data-left': view.deadline.at }));
}

const words = { done: t.word_done, now: t.word_now, todo: t.word_todo, trouble: t.word_trouble };

function steps(view) {
  const begun = view.steps.some((step) => step.mark === 'done');
  const shown = view.phase === 'working' || view.phase === 'waiting' || view.phase === 'asking' || (view.phase === 'signup' && begun);
  if (!shown || !view.steps.length) return null;
  return el('ol', { class: 'steps', id: 'steps', 'aria-label': t.steps_label },
    ...view.steps.map((step) => el('li', { class: step.mark, 'data-key': step.key, 'data-mark': step.mark, 'aria-current': step.mark === 'now' ? 'step' : null },
      icon(step.mark),
      el('span', { class: 'name' }, step.label),
      el('span', { class: step.mark === 'todo' ? 'word unseen' : 'word', 'data-since': step.mark === 'now' ? step.since : null }, words[step.mark]))));
}

function coexistence(view) {
  const extras = (view.signup && view.signup.extras) || {};
  return extras.featureType === 'whatsapp_business_app_onboarding';
}

function signupPart(view, trouble) {
  const again = Boolean(trouble);
  const need = again ? null : el('section', { class: 'need', 'aria-labelledby': 'need' },
    el('h2', { id: 'need' }, t.need),
    el('ul', {},
      el('li', {}, icon('person'), el('span', {}, t.need_login)),
      el('li', {}, icon('phone'), el('span', {}, coexistence(view) ? t.need_app : t.need_number))));
  const button = el('button', { class: 'button', type: 'button', id: 'continue', onclick: pressContinue });
  const node = el('div', { class: 'stack' }, need, button, el('p', { class: 'hint', id: 'continue-hint', hidden: true }), elsewhere());
  // Drawn once the slot holds it.
  queueMicrotask(drawContinue);
  return node;
}

function elsewhere() {
  if (!memory.link) return null;
  const panel = el('div', { class: 'stack', id: 'elsewhere-panel', hidden: true }, el('p', { class: 'hint' }, t.elsewhere_how), linkCopier());
  const toggle = el('button', { class: 'plain', type: 'button', 'aria-expanded': 'false', 'aria-controls': 'elsewhere-panel', onclick: () => {
    panel.hidden = !panel.hidden;
    toggle.setAttribute('aria-expanded', String(!panel.hidden));
  } }, t.elsewhere);
  return el('div', {}, el('p', { class: 'aside' }, toggle), panel);
}

function linkCopier() {
  const field = el('input', { readonly: true, value: memory.link, 'aria-label': t.your_link, dir: 'ltr', onfocus: () => field.select() });
  const button = el('button', { class: 'button quiet', type: 'button', onclick: () => copyLink(field, button) }, t.copy_link);
  return el('div', { class: 'stack copy' }, field, button);
}

async function copyLink(field, button) {
  try {
    await navigator.clipboard.writeText(memory.link);
  } catch {
    field.select();
    document.execCommand('copy');
  }
  button.textContent = t.copied;
  say(t.copied);
}

function question(ask) {
  const id = ask.kind;
  const wrong = el('p', { class: 'wrong', id: id + '-wrong', hidden: true });
  const input = el('input', {
    id, name: id, class: 'digits', type: 'text', inputmode: 'numeric', required: true,
    pattern: '[0-9]{6}', autocomplete: id === 'otp' ? 'one-time-code' : 'off', 'aria-describedby': id + '-help ' + id + '-wrong',
    oninput: () => { input.value = input.value.replace(/\D/g, '').slice(0, 6); },
  });
  const button = el('button', { class: 'button', id: id + '-submit', type: 'submit' }, ask.button);
  return el('form', { class: 'ask arrive', novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    answerQuestion(ask, { input, button, wrong });
  } },
  el('label', { for: id }, ask.label),
  el('p', { class: 'help', id: id + '-help' }, ask.help),
  input, wrong, button,
  id === 'otp' ? el('button', { class: 'plain', id: 'otp-again', type: 'button', onclick: (event) => askForCode(event.currentTarget) }, t.otp_again) : null);
}

function showWrong(fields, text) {
  fields.wrong.replaceChildren(icon('trouble'), text);
  fields.wrong.hidden = false;
  fields.input.setAttribute('aria-invalid', 'true');
  fields.input.focus();
  say(text);
}

function leave(view) {
  const back = safeUrl(view.return_url);
  const partner = view.branding.display_name;
  if (view.phase !== 'done' && view.phase !== 'ended') return null;
  if (back) return el('a', { class: 'button', id: 'return', href: back }, partner ? fill(t.return_to, { partner }) : t.return_back);
  return view.phase === 'done' ? el('p', { class: 'hint' }, t.may_close) : null;
}

function safeUrl(text) {
  try {
    const url = new URL(text);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
  } catch { return null; }
}

// Summaries only: a screen reader hears that the page's sentence changed, not each tick.
let announced = null;

function announce(view, trouble) {
  const now = view.steps.find((step) => step.mark === 'now');
  const text = [view.headline, now && view.phase === 'working' ? now.label : null, trouble ? trouble.happened : null].filter(Boolean).join('. ');
  if (announced !== null && text !== announced) say(text);
  announced = text;
}

function say(text) { announcer.textContent = text; }

function tick() {
  for (const word of face.querySelectorAll('[data-since]')) {
    const seconds = Math.floor((now() - Date.parse(word.dataset.since)) / 1000);
    if (seconds >= ELAPSED_AFTER_S) word.textContent = span(seconds);
  }
  for (const line of face.querySelectorAll('[data-next]')) {
    const seconds = Math.round((Date.parse(line.dataset.next) - now()) / 1000);
    line.textContent = seconds > 0 ? fill(t.next_try, { when: ahead(seconds) }) : t.next_try_now;
  }
  for (const line of face.querySelectorAll('[data-left]')) {
    const end = new Date(line.dataset.left);
    const seconds = Math.round((end - now()) / 1000);
    const day = end.toLocaleString(document.documentElement.lang, { dateStyle: 'long', timeStyle: 'short' });
    line.textContent = seconds > 0 ? fill(t.time_left, { when: ahead(seconds), day }) : t.time_up;
  }
}

function span(seconds) {
  if (seconds < 60) return fill(t.seconds, { n: seconds });
  if (seconds < 3600) return fill(t.minutes, { n: Math.floor(seconds / 60) });
  return fill(t.hours, { n: Math.floor(seconds / 3600) });
}

function ahead(seconds) {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang);
  if (seconds < 60) return words.format(seconds, 'second');
  if (seconds < 5400) return words.format(Math.round(seconds / 60), 'minute');
  if (seconds < 129600) return words.format(Math.round(seconds / 3600), 'hour');
  return words.format(Math.round(seconds / 86400), 'day');
}
