// The simulated signup's steps. Messages go to the page that opened the window, in Meta's shapes.
(function () {
  'use strict';

  const query = new URLSearchParams(window.location.search);
  const extras = parse(query.get('extras'));
  const setup = extras.setup || {};
  const prefilled = setup.business || {};
  const sim = String(query.get('sim') || extras.sim || '').replace(/^sim:/, '');
  const steps = ['login', 'business', 'waba', 'phone', 'otp', 'review', 'final'];
  // What Meta calls the step a person gave up at.
  const names = {
    login: 'BUSINESS_ACCOUNT_SELECTION', business: 'BUSINESS_ACCOUNT_SELECTION',
    waba: 'WHATSAPP_BUSINESS_PROFILE_SETUP', phone: 'PHONE_NUMBER_SETUP',
    otp: 'PHONE_NUMBER_VERIFICATION', review: 'PERMISSIONS'
  };
  const CODE_FIRST_GAP_MS = 400;
  // A window that closes at once may take its last message with it.
  const CLOSE_AFTER_MS = 150;
  // Some windows stay open for a while after they have said everything.
  const SLOW_CLOSE_AFTER_MS = 4000;

  // Nobody gets past the first screen before names and a number are suggested.
  let offered = null;
  const state = { step: 'login', phone: '', password: '', granted: null, misbehavior: '', told: false };

  function parse(text) {
    try { return JSON.parse(text) || {}; } catch (error) { return {}; }
  }
  function at(id) { return document.getElementById('sim-' + id); }

  function show(step) {
    state.step = step;
    at('error').hidden = true;
    for (const section of document.querySelectorAll('[data-step]')) {
      section.hidden = section.dataset.step !== step;
    }
    at('progress').textContent = 'Step ' + (steps.indexOf(step) + 1) + ' of ' + steps.length;
    at('cancel').hidden = step === 'final';
    const section = document.querySelector('[data-step="' + step + '"]');
    (section.querySelector('input') || section.querySelector('h1')).focus();
    if (step === 'phone' && sim.startsWith('abandon_at_phone')) { cancel(); }
  }

  function complain(text) {
    at('error').textContent = text;
    at('error').hidden = false;
  }

  function tell(message) {
    const target = query.get('origin');
    if (window.opener && target) { window.opener.postMessage(message, target); }
  }
  function tellSession(event, data) {
    const message = { type: 'WA_EMBEDDED_SIGNUP', event: event, data: data };
    if (state.misbehavior !== 'no_version') { message.version = 3; }
    // Not every window sends text.
    tell(state.misbehavior === 'object_payload' ? message : JSON.stringify(message));
  }
  function tellCode(code) {
    tell(new URLSearchParams({ cb: query.get('channel') || '', code: code }).toString());
  }
  function closeSoon() {
    const wait = state.misbehavior === 'slow_close' ? SLOW_CLOSE_AFTER_MS : CLOSE_AFTER_MS;
    setTimeout(function () { window.close(); }, wait);
  }

  function cancel() {
    state.told = true;
    tellSession('CANCEL', { current_step: names[state.step] });
    closeSoon();
  }

  function cancelWithError() {
    state.told = true;
    tellSession('CANCEL', {
      error_message: 'The phone number is registered to an existing WhatsApp account.',
      error_code: '3441030',
      session_id: crypto.randomUUID ? crypto.randomUUID() : 'f' + Date.now(),
      timestamp: String(Math.floor(Date.now() / 1000))
    });
    closeSoon();
  }

  // Listed by Meta without a payload; older windows name the code differently.
  function failWithError() {
    state.told = true;
    tellSession('ERROR', {
      error_message: 'Your account has been restricted.',
      error_id: '2655089',
      session_id: crypto.randomUUID ? crypto.randomUUID() : 'f' + Date.now(),
      timestamp: String(Math.floor(Date.now() / 1000))
    });
    closeSoon();
  }

  function newPassword() {
    const number = crypto.getRandomValues(new Uint32Array(1))[0] % 1000000;
    state.password = String(number).padStart(6, '0');
    at('sms').textContent = 'Simulated SMS: ' + state.password.slice(0, 3) + '-' + state.password.slice(3);
  }

  function review() {
    at('review-business').textContent = at('business').value;
    at('review-waba').textContent = at('waba-name').value;
    at('review-phone').textContent = state.phone || 'no number yet';
    show('review');
  }

  async function accept() {
    state.misbehavior = at('misbehave').value;
    if (state.misbehavior === 'cancel_with_error') { cancelWithError(); return false; }
    if (state.misbehavior === 'error_event') { failWithError(); return false; }
    if (state.misbehavior === 'close_silently') { window.close(); return false; }
    const kinds = ['ids_missing', 'code_missing', 'webhook_only', 'without_number', 'only_waba', 'coexistence', 'other_waba', 'several_wabas', 'wa_login_user'];
    const asked = {
      app_id: query.get('client_id'),
      business_name: at('business').value.trim(),
      waba_name: at('waba-name').value.trim(),
      phone_number: state.phone || null,
      kind: kinds.includes(state.misbehavior) ? state.misbehavior : wantedKind(),
      sim: sim || null,
      // Meta shows the first one only.
      pre_verified_id: ((setup.preVerifiedPhone || {}).ids || [])[0] || null,
      partner_id: extras.partner_id || null
    };
    at('review-accept').disabled = true;
    try {
      const answer = await fetch('/popup/finish', {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(asked)
      });
      const body = await answer.json();
      if (!answer.ok) { complain(body.error); return false; }
      state.granted = body;
    } catch (error) {
      complain('The simulator did not answer. Is it still running?');
      return false;
    } finally {
      at('review-accept').disabled = false;
    }
    show('final');
    return true;
  }

  function wantedKind() {
    if (extras.featureType === 'whatsapp_business_app_onboarding') { return 'coexistence'; }
    if (extras.featureType === 'only_waba_sharing') { return 'only_waba'; }
    const features = Array.isArray(extras.features) ? extras.features : [];
    const appOnly = features.some(function (feature) { return feature && feature.name === 'app_only_install'; });
    return appOnly ? 'grant_only_api_access' : 'finish';
  }

  // Also on closing by the window's own button: on the last screen that counts as success.
  function handOver() {
    if (state.told || !state.granted) { return 0; }
    state.told = true;
    const code = state.granted.code;
    const session = state.granted.session;
    const sayCode = function () { if (code) { tellCode(code); } };
    const saySession = function () { if (session) { tellSession(session.event, session.data); } };
    if (code) {
      navigator.sendBeacon('/popup/release', new Blob([JSON.stringify({ code: code })], { type: 'application/json' }));
    }
    if (state.misbehavior === 'code_first') {
      sayCode();
      setTimeout(saySession, CODE_FIRST_GAP_MS);
      return CODE_FIRST_GAP_MS;
    }
    saySession();
    if (state.misbehavior === 'double_finish') { saySession(); }
    sayCode();
    return 0;
  }

  function finish() {
    const wait = handOver();
    setTimeout(closeSoon, wait);
  }

  async function fast() {
    await offered;
    state.phone = at('phone').value.trim();
    if (sim.startsWith('abandon_at_phone')) { show('phone'); return; }
    if (await accept()) { finish(); }
  }

  function onSubmit(step, next) {
    const form = document.querySelector('[data-step="' + step + '"] form');
    form.addEventListener('submit', function (event) {
      event.preventDefault();
      next();
    });
  }

  function fillOffer(offer) {
    const accounts = offer.accounts || [];
    const distinct = function (name) {
      return Array.from(new Set(accounts.map(function (account) { return account[name]; }).filter(Boolean)));
    };
    for (const [list, values] of [['businesses', distinct('business_name')], ['wabas', distinct('name')]]) {
      for (const value of values) {
        const option = document.createElement('option');
        option.value = value;
        at(list).append(option);
      }
    }
    const suggest = function (id, value) { if (!at(id).value) { at(id).value = value; } };
    suggest('business', offer.business_name);
    suggest('waba-name', at('business').value);
    suggest('phone', offer.phone_number);
  }

  function prefill() {
    at('business').value = prefilled.name || '';
    at('waba-name').value = (setup.phone && setup.phone.displayName) || prefilled.name || '';
    const phone = prefilled.phone;
    if (phone && phone.code && phone.number) { at('phone').value = '+' + phone.code + ' ' + phone.number; }
  }

  function listen() {
    at('login').addEventListener('click', async function () { await offered; show('business'); });
    at('fast').addEventListener('click', fast);
    at('cancel').addEventListener('click', cancel);
    at('finish').addEventListener('click', finish);
    at('phone-skip').addEventListener('click', function () { state.phone = ''; review(); });
    onSubmit('business', function () { show('waba'); });
    onSubmit('waba', function () { show('phone'); });
    onSubmit('phone', function () {
      state.phone = at('phone').value.trim();
      const digits = state.phone.replace(/\D/g, '').length;
      if (digits < 7 || digits > 15) { complain('A number has 7 to 15 digits, country code first.'); return; }
      newPassword();
      show('otp');
    });
    onSubmit('otp', function () {
      if (at('otp').value.replace(/\D/g, '') !== state.password) { complain('That is not the code of the simulated SMS.'); return; }
      review();
    });
    onSubmit('review', accept);
    window.addEventListener('pagehide', handOver);
  }

  async function loadOffer() {
    try {
      const answer = await fetch('/popup/offer?client_id=' + encodeURIComponent(query.get('client_id') || ''));
      fillOffer(await answer.json());
    } catch (error) {
      complain('The simulator did not answer. Is it still running?');
    }
  }

  async function start() {
    prefill();
    listen();
    show('login');
    offered = loadOffer();
    await offered;
    document.body.dataset.ready = 'true';
    if (query.get('auto') === '1' || extras.auto === '1') { fast(); }
  }

  start();
})();
