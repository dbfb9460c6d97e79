// The sandbox's stand-in for Meta's login script: the same names and habits, none of its code.
(function () {
  'use strict';

  var origin = new URL(document.currentScript.src).origin;
  var settings = null;
  var CLOSED_CHECK_MS = 200;
  // Messages that were posted just before the popup closed are still on their way.
  var CLOSED_GRACE_MS = 400;

  function unknown() {
    return { status: 'unknown', authResponse: null };
  }

  function init(given) {
    if (!given || !given.appId) {
      throw new Error('init requires an appId');
    }
    settings = { appId: String(given.appId), version: given.version || 'v25.0' };
  }

  function dialogUrl(options, channel) {
    var url = new URL('/' + settings.version + '/dialog/oauth', origin);
    var query = url.searchParams;
    query.set('client_id', settings.appId);
    query.set('display', 'popup');
    query.set('channel', channel);
    query.set('origin', window.location.origin);
    // Meta's script sends the page's whole address too: whatever is in it, Meta sees.
    query.set('fallback_redirect_uri', window.location.href);
    Object.keys(options).forEach(function (name) {
      var value = options[name];
      query.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
    });
    return url.toString();
  }

  function login(callback, options) {
    if (Object.prototype.toString.call(callback) === '[object AsyncFunction]') {
      throw new Error('Expression is of type asyncfunction, not function');
    }
    if (typeof callback !== 'function') {
      throw new Error('Expression is of type ' + typeof callback + ', not function');
    }
    if (!settings) {
      console.error('FB.login() called before FB.init().');
      return;
    }
    var channel = 'f' + crypto.getRandomValues(new Uint32Array(2)).join('');
    var popup = window.open(dialogUrl(options || {}, channel), channel, 'width=600,height=760');
    if (!popup) {
      setTimeout(function () { callback(unknown()); }, 0);
      return;
    }
    waitFor(popup, channel, callback);
  }

  function waitFor(popup, channel, callback) {
    var timer = 0;
    function end(response) {
      window.removeEventListener('message', hear);
      clearInterval(timer);
      callback(response);
    }
    function hear(event) {
      if (event.origin !== origin || typeof event.data !== 'string') { return; }
      var said = new URLSearchParams(event.data);
      if (said.get('cb') !== channel || !said.get('code')) { return; }
      end({ status: 'connected', authResponse: { code: said.get('code'), userID: null, expiresIn: null } });
    }
    window.addEventListener('message', hear);
    timer = setInterval(function () {
      if (!popup.closed) { return; }
      clearInterval(timer);
      timer = setTimeout(function () { end(unknown()); }, CLOSED_GRACE_MS);
    }, CLOSED_CHECK_MS);
  }

  function getLoginStatus(callback) {
    setTimeout(function () { callback(unknown()); }, 0);
  }

  window.FB = { init: init, login: login, getLoginStatus: getLoginStatus };
  if (typeof window.fbAsyncInit === 'function') {
    setTimeout(function () { window.fbAsyncInit(); }, 0);
  }
})();
