// What goes over the wire: calls, their repeats, and the stream of views.
// The session and the link live in memory only; a cookie carries the session over a reload.
const settings = JSON.parse(document.getElementById('settings').textContent);
const t = settings.texts;
const skew = Date.parse(settings.now) - Date.now();
const memory = { session: null, link: null, token: null };

function now() { return Date.now() + skew; }

function Refused(status, problem) {
  this.status = status;
  this.problem = problem || {};
}

async function call(method, path, body) {
  const headers = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (memory.session) headers.Authorization = 'Bearer ' + memory.session;
  const answer = await fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: 'same-origin',
    cache: 'no-store',
    // A page that is closed a moment later still hands over what it has.
    keepalive: method === 'POST',
  });
  let json = null;
  try { json = await answer.json(); } catch { json = null; }
  if (!answer.ok) throw new Refused(answer.status, json);
  return json;
}

// Meta's code lives 30 s, so repeats come quickly; the same half gets the same answer.
const repeats = [300, 800, 1500, 3000, 5000];

function worthRepeating(error) {
  return !(error instanceof Refused) || error.status === 429 || error.status >= 500;
}

async function deliver(path, body) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call('POST', path, body);
    } catch (error) {
      if (tries >= repeats.length || !worthRepeating(error)) throw error;
      await new Promise((done) => setTimeout(done, repeats[tries]));
    }
  }
}

async function open(token) {
  memory.session = null;
  const opened = await deliver('/o/' + token + '/open', {});
  memory.session = opened.session;
  return opened.view;
}

function journey(kind, more) {
  const body = { kind };
  for (const [name, value] of Object.entries(more || {})) {
    if (value !== undefined && value !== null && value !== '') body[name] = String(value);
  }
  return deliver('/o/journey', body);
}

// Views as they change. A framed page has no cookie and an event source no header: it asks instead.
const POLL_MS = 3000;
let source = null;
let poll = null;

function follow(heard) {
  stopFollowing();
  if (!window.EventSource || window.top !== window.self) return ask(heard);
  source = new EventSource('/o/events');
  source.addEventListener('open', () => heard.found());
  source.addEventListener('view', (event) => heard.view(JSON.parse(event.data)));
  source.addEventListener('taken', () => { stopFollowing(); heard.taken(); });
  source.addEventListener('error', () => {
    if (source && source.readyState === EventSource.CLOSED) ask(heard);
    else heard.lost();
  });
}

function ask(heard) {
  stopFollowing();
  poll = setInterval(async () => {
    if (document.hidden) return;
    try {
      const view = await call('GET', '/o/status');
      heard.found();
      heard.view(view);
    } catch (error) {
      if (!(error instanceof Refused)) heard.lost();
      else if (isTaken(error)) { stopFollowing(); heard.taken(); }
      else if (error.status === 401) { stopFollowing(); heard.ended(); }
    }
  }, POLL_MS);
}

function stopFollowing() {
  if (source) source.close();
  clearInterval(poll);
  source = null;
  poll = null;
}

function isTaken(error) {
  return error instanceof Refused && error.problem.code === settings.taken_code;
}
