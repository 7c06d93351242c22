// Sign in, and the change of a password that was set by somebody else. Plain forms, so that password managers work.
(function() {
  var $ = function(id) { return document.getElementById(id); };
  var query = new URLSearchParams(location.search);
  var to = query.get('to') || '/dashboard/clusters';
  if (!/^\/dashboard(\/|$)/.test(to) || to.indexOf('/dashboard/login') === 0) to = '/dashboard/clusters';
  var known = '';
  $('host').textContent = location.host;

  function fail(text, field) {
    $('error').textContent = text;
    $('error').hidden = false;
    if (field) { field.setAttribute('aria-invalid', 'true'); field.focus(); }
  }
  function calm() {
    $('error').hidden = true;
    document.querySelectorAll('[aria-invalid]').forEach(function(e) { e.removeAttribute('aria-invalid'); });
  }
  function cookie(name) {
    var m = document.cookie.match('(?:^|; )' + name + '=([^;]*)');
    return m ? decodeURIComponent(m[1]) : '';
  }
  function send(method, url, body) {
    var headers = { 'Accept': 'application/json', 'Content-Type': 'application/json' };
    if (cookie('CSRF')) headers['X-API-CSRF'] = cookie('CSRF');
    return fetch(url, { method: method, headers: headers, body: body && JSON.stringify(body), credentials: 'same-origin' })
      .then(function(r) {
        return r.json().catch(function() { return {}; }).then(function(json) {
          return { ok: r.ok, status: r.status, json: json, wait: r.headers.get('Retry-After') };
        });
      });
  }
  function unreachable() { fail('The server cannot be reached. Try again in a moment.'); }
  function change() {
    $('title').textContent = 'Choose a password';
    $('login').hidden = true;
    $('change').hidden = false;
    $('current-box').hidden = known !== '';
    $('change').elements.username.value = $('username').value;
    $(known ? 'new' : 'current').focus();
  }
  function go() {
    return send('GET', '/v3/users?me=true').then(function(r) {
      var me = r.json.data && r.json.data[0] || {};
      if (r.ok && me.mustChangePassword) change();
      else if (r.ok) location.assign(to);
      else fail(r.json.message || 'Your account cannot be read.');
    });
  }

  $('login').addEventListener('submit', function(e) {
    e.preventDefault();
    calm();
    var button = this.querySelector('.primary');
    button.disabled = true;
    known = $('password').value;
    send('POST', '/v3-public/localProviders/local?action=login',
      { username: $('username').value, password: known, responseType: 'cookie', description: 'dashboard' })
      .then(function(r) {
        if (r.ok) return go();
        if (r.status == 429) return fail('Too many tries. Try again in ' + (r.wait || 'some') + ' seconds.');
        if (r.status == 401 || r.status == 403) return fail('Username or password is wrong.', $('password'));
        fail(r.json.message || 'The server answered ' + r.status + '.');
      })
      .catch(unreachable).then(function() { button.disabled = false; });
  });

  $('change').addEventListener('submit', function(e) {
    e.preventDefault();
    calm();
    var next = $('new').value;
    if (next.length < 12) return fail('At least 12 characters, please.', $('new'));
    if (next != $('again').value) return fail('The two new passwords differ.', $('again'));
    var button = this.querySelector('.primary');
    button.disabled = true;
    send('POST', '/v3/users?action=changepassword', { currentPassword: known || $('current').value, newPassword: next })
      .then(function(r) {
        if (r.ok) { known = next; location.assign(to); return; }
        fail(r.json.message || 'The password was not changed.', $('new'));
      })
      .catch(unreachable).then(function() { button.disabled = false; });
  });

  document.querySelector('.eye').addEventListener('click', function() {
    var p = $('password'), show = p.type == 'password';
    p.type = show ? 'text' : 'password';
    this.setAttribute('aria-pressed', String(show));
  });
  $('theme').addEventListener('click', function() {
    var dark = document.documentElement.dataset.theme != 'dark';
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    try { localStorage.setItem('paddock.theme', dark ? 'dark' : 'light'); } catch (x) { /* private mode */ }
  });
  if (query.get('change')) go();

  // The picture: a yard of clusters, one of them lit.
  var NS = 'http://www.w3.org/2000/svg', svg = $('art'), seed = 11;
  function random() { seed = (seed * 1664525 + 1013904223) % 4294967296; return seed / 4294967296; }
  function shape(name, a, kind, parent) {
    var e = document.createElementNS(NS, name);
    for (var k in a) e.setAttribute(k, a[k]);
    if (kind) e.setAttribute('class', kind);
    (parent || svg).appendChild(e);
    return e;
  }
  svg.setAttribute('viewBox', '0 0 832 884');
  for (var row = 0; row < 9; row++) {
    for (var i = -1; i < 7; i++) {
      var x = i * 144 + (row % 2 ? -100 : -28), y = row * 112 - 34, lit = row == 3 && i == 3;
      var fade = row < 4 ? 1 - Math.abs(3 - row) * 0.1 : Math.max(0, 0.8 - (row - 4) * 0.26);
      var g = shape('g', { opacity: lit ? 1 : fade }, lit ? 'lit' : '');
      shape('line', { x1: x + 124, x2: x + 144, y1: y + 30, y2: y + 30 }, 'wire', g);
      shape('line', { x1: x + 124, x2: x + 144, y1: y + 60, y2: y + 60 }, 'wire', g);
      shape('rect', { x: x, y: y, width: 124, height: 92, rx: 10 }, 'box', g);
      var n = lit ? 8 : 1 + Math.floor(random() * 10), warm = !lit && random() < 0.1;
      for (var k = 0; k < n; k++) {
        shape('rect', { x: x + 16 + (k % 5) * 20, y: y + 18 + (k > 4 ? 20 : 0), width: 12, height: 12, rx: 2.5 }, warm && k < 2 ? 'warm' : 'cell', g);
      }
      shape('rect', { x: x + 16, y: y + 73, width: 92, height: 4, rx: 2 }, 'track', g);
      shape('rect', { x: x + 16, y: y + 73, width: lit ? 46 : 20 + random() * 60, height: 4, rx: 2 }, 'bar', g);
    }
  }
})();
