// Meta's popup: loads its SDK, opens the window, and hands each half to the server as it arrives.
const SDK_PATIENCE_MS = 8000;
// A window that is gone sooner than a person can act was never really shown.
const BLOCKED_WITHIN_MS = 2000;
// Meta's last message may follow the window's end.
const LAST_WORD_MS = 500;

const popup = { attempt: null, sent: new Set() };

// `told` has: ready, unloadable, half(view), refused(error), canceled(view), closed, blocked.
function listen(told) {
  window.addEventListener('message', (event) => {
    if (!settings.signup_origins.includes(event.origin)) return;
    const message = parsed(event.data);
    if (!message || message.type !== 'WA_EMBEDDED_SIGNUP' || typeof message.event !== 'string') return;
    if (popup.attempt) popup.attempt.spoke = true;
    const data = message.data && typeof message.data === 'object' ? message.data : {};
    if (message.event === 'CANCEL' || message.event === 'ERROR') left(message.event, data, told);
    else hand({ session: { event: message.event, data } }, told);
  });
}

// The SDK's own traffic arrives on the same channel as text that is not JSON.
function parsed(data) {
  if (typeof data !== 'string') return data && typeof data === 'object' ? data : null;
  try { return JSON.parse(data); } catch { return null; }
}

function left(event, data, told) {
  const code = data.error_code || data.error_id;
  const failed = event === 'ERROR' || code || data.error_message;
  journey(failed ? 'error' : 'canceled', {
    step: data.current_step,
    error_code: code,
    error_message: String(data.error_message || '').slice(0, 1000),
    session_id: data.session_id,
    timestamp: data.timestamp,
  }).then(told.canceled, told.refused);
}

async function hand(half, told) {
  const mark = JSON.stringify(half);
  if (popup.sent.has(mark)) return;
  popup.sent.add(mark);
  if (half.code) told.saving();
  try {
    told.half(await deliver('/o/signup', half));
  } catch (error) {
    popup.sent.delete(mark);
    told.refused(error);
  }
}

function loadSdk(signup, told) {
  let late = false;
  const patience = setTimeout(() => { late = true; told.unloadable(); }, SDK_PATIENCE_MS);
  window.fbAsyncInit = () => {
    clearTimeout(patience);
    window.FB.init({
      appId: signup.app_id,
      version: signup.graph_version,
      autoLogAppEvents: false,
      cookie: false,
      status: false,
      xfbml: false,
    });
    if (!late) journey('sdk_loaded').catch(() => {});
    told.ready();
  };
  const script = document.createElement('script');
  script.src = settings.sdk_url;
  script.async = true;
  script.addEventListener('error', () => {
    clearTimeout(patience);
    script.remove();
    if (!late) told.unloadable();
  });
  document.head.append(script);
}

// Runs inside the click, without any wait before `FB.login`, or browsers block the window.
function launch(signup, told) {
  const attempt = { at: performance.now(), spoke: false, blocked: false };
  popup.attempt = attempt;
  const real = window.open;
  window.open = function (...how) {
    const opened = real.apply(window, how);
    if (!opened) attempt.blocked = true;
    return opened;
  };
  try {
    // Not an async function: the SDK refuses those.
    window.FB.login((answer) => answered(attempt, answer, told), {
      config_id: signup.config_id,
      response_type: 'code',
      override_default_response_type: true,
      extras: signup.extras,
    });
  } finally {
    window.open = real;
  }
  if (attempt.blocked) shut(attempt, told);
}

function answered(attempt, answer, told) {
  const code = answer && answer.authResponse && answer.authResponse.code;
  if (code) {
    attempt.spoke = true;
    hand({ code }, told);
    return;
  }
  const lasted = performance.now() - attempt.at;
  if (lasted < BLOCKED_WITHIN_MS) attempt.blocked = true;
  setTimeout(() => shut(attempt, told), LAST_WORD_MS);
}

function shut(attempt, told) {
  if (popup.attempt !== attempt) return;
  popup.attempt = null;
  if (attempt.spoke) return told.over();
  journey(attempt.blocked ? 'popup_blocked' : 'closed').catch(() => {});
  if (attempt.blocked) told.blocked();
  else told.closed();
}

// Browsers inside other apps lose Meta's window or what it says.
function insideAnotherApp() {
  return /FBAN|FBAV|FB_IAB|Instagram|WhatsApp|Line\/|MicroMessenger|TikTok|; wv\)/.test(navigator.userAgent);
}
