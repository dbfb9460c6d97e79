// Comfort only: every page and act works without this. Keys, copied ids, and a page that keeps itself fresh.
(() => {
'use strict';
const REFRESH_MS = 10000;
const QUICK_MS = 2000;
const main = () => document.querySelector('main');
const rows = () => [...document.querySelectorAll('tr.row a.to')];

function step(by) {
  const links = rows();
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
  links[next].focus();
}

function typing() {
  const at = document.activeElement;
  return at && (at.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName));
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    if (event.key === 'k' && !event.altKey) search(event);
    return;
  }
  if (typing()) {
    if (event.key === 'Escape') document.activeElement.blur();
    return;
  }
  if (event.key === 'j') step(1);
  else if (event.key === 'k') step(-1);
  else if (event.key === '/') search(event);
  else if (event.key === '?') document.getElementById('keys')?.showModal();
});

function search(event) {
  const field = document.getElementById('find');
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    tell('Copied ' + button.dataset.copy);
    const was = button.dataset.was || button.textContent;
    button.dataset.was = was;
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = was; }, 1500);
  } catch {
    tell('Could not copy: select the text instead');
  }
});

function tell(text) { document.getElementById('told').textContent = text; }

// Nothing is taken from under somebody's hands: an open form or a focused field holds the page still.
function busy() {
  return document.hidden || typing() || main().querySelector('details[open], dialog[open]') || String(getSelection()) !== '';
}

async function refresh() {
  if (!main().hasAttribute('data-live') || main().querySelector('.once') || busy()) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, redirect: 'error', cache: 'no-store' });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (busy()) return;
    const focused = document.activeElement?.getAttribute('href');
    const picture = document.querySelector('.picture');
    const scrolled = picture ? picture.scrollLeft : 0;
    for (const part of ['main', '.top nav', '.health']) {
      const [old, now] = [document.querySelector(part), fresh.querySelector(part)];
      if (old && now && old.innerHTML !== now.innerHTML) old.replaceChildren(...now.childNodes);
    }
    if (focused) rows().find((link) => link.getAttribute('href') === focused)?.focus();
    const drawn = document.querySelector('.picture');
    if (drawn) drawn.scrollLeft = scrolled;
  } catch { /* The next turn tries again; the page still says when it was true. */ }
}

document.documentElement.classList.add('js');
setInterval(refresh, REFRESH_MS);
// What moves by itself is looked at more often.
setInterval(() => { if (main().querySelector('[data-quick]')) refresh(); }, QUICK_MS);
})();
