// The browser's side of Backend: canvas, input, fetch, WebSocket, history, clipboard and the hidden DOM of the mirror. C++ calls the
// functions of the library, and is called back through the exported pd_* functions with bytes that it frees itself.
var PaddockHost = {
  $PD__deps: ['malloc', 'free'],
  $PD__postset: 'PD.dec = new TextDecoder(); PD.enc = new TextEncoder(); PD.nodes = new Map(); Module["preRun"] = (Module["preRun"] || []).concat(function() { PD.load(); });',
  $PD: {
    files: {}, reqs: {}, socks: {}, gl: null, raf: 0, timer: 0, timerAt: 0, dpr: 1, touch: null, frames: 0, marks: {}, hidden: false,
    str: function(p, n) { return PD.dec.decode(HEAPU8.subarray(p, p + n)); },
    give: function(bytes, call) {
      if (typeof bytes == 'string') bytes = PD.enc.encode(bytes);
      var p = _malloc(bytes.length + 1);
      HEAPU8.set(bytes, p);
      HEAPU8[p + bytes.length] = 0;
      return call(p, bytes.length);
    },
    // Fonts are fetched beside the wasm; the names come from the page.
    load: function() {
      document.querySelectorAll('link[data-font]').forEach(function(link) {
        var name = link.dataset.font;
        addRunDependency(name);
        fetch(link.href, { credentials: 'same-origin' }).then(function(r) { return r.arrayBuffer(); }).then(function(b) {
          PD.files[name] = new Uint8Array(b);
          removeRunDependency(name);
        });
      });
    },
    start: function() {
      PD.canvas = document.getElementById('canvas');
      PD.tree = document.getElementById('mirror');
      PD.agent = document.getElementById('agent');
      if (!PD.context()) {
        document.body.classList.add('no-canvas');
        document.getElementById('notice').hidden = false;
      }
      PD.listen();
      PD.size();
    },
    context: function() {
      var gl = PD.canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false, stencil: false });
      if (!gl) return false;
      PD.gl = gl;
      PD.tex = {};
      PD.texNext = 1;
      var shader = function(type, text) {
        var s = gl.createShader(type);
        gl.shaderSource(s, '#version 300 es\nprecision highp float;' + text);
        gl.compileShader(s);
        return s;
      };
      var p = gl.createProgram();
      gl.attachShader(p, shader(gl.VERTEX_SHADER, 'uniform vec4 u;layout(location=0) in vec2 a;layout(location=1) in vec2 b;' +
        'layout(location=2) in vec4 c;out vec2 t;out vec4 f;void main(){t=b;f=c;gl_Position=vec4(a*u.xy+u.zw,0,1);}'));
      gl.attachShader(p, shader(gl.FRAGMENT_SHADER, 'uniform sampler2D s;in vec2 t;in vec4 f;out vec4 o;' +
        'void main(){o=vec4(f.rgb,f.a*texture(s,t).r);}'));
      gl.linkProgram(p);
      gl.useProgram(p);
      PD.scale = gl.getUniformLocation(p, 'u');
      PD.vbo = gl.createBuffer();
      PD.ebo = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, PD.vbo);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, PD.ebo);
      for (var i = 0; i < 3; i++) gl.enableVertexAttribArray(i);
      gl.enable(gl.BLEND);
      gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      return true;
    },
    clear: function(c) {
      PD.gl.clearColor((c & 255) / 255, (c >> 8 & 255) / 255, (c >> 16 & 255) / 255, 1);
      PD.gl.clear(PD.gl.COLOR_BUFFER_BIT);
    },
    // To whole device pixels; false where nothing is left.
    clip: function(x1, y1, x2, y2) {
      var k = PD.k;
      x1 = Math.round(x1 * k); y1 = Math.round(y1 * k); x2 = Math.round(x2 * k); y2 = Math.round(y2 * k);
      if (x2 <= x1 || y2 <= y1) return false;
      PD.gl.scissor(x1, PD.canvas.height - y2, x2 - x1, y2 - y1);
      return true;
    },
    wake: function(delay) {
      if (delay > 0) {
        var at = performance.now() + delay;
        if (PD.timer && PD.timerAt <= at) return;
        clearTimeout(PD.timer);
        PD.timerAt = at;
        PD.timer = setTimeout(function() { PD.timer = 0; PD.wake(0); }, delay);
        return;
      }
      if (!PD.raf) PD.raf = requestAnimationFrame(PD.frame);
    },
    frame: function() {
      PD.raf = 0;
      if (document.hidden) { PD.hidden = true; return; }
      PD.frames++;
      var next = _pd_frame();
      if (next >= 0) PD.wake(next);
      if (!PD.marks.first) {
        PD.marks.first = performance.now();
        document.documentElement.dataset.ready = Math.round(PD.marks.first);
      }
      if (PD.tree.textContent && PD.canvas.hidden === false) document.getElementById('skeleton').hidden = true;
    },
    size: function(box) {
      var dpr = window.devicePixelRatio || 1, c = PD.canvas, w = innerWidth, h = innerHeight;
      PD.dpr = dpr;
      // The browser's own count of device pixels, where it agrees with the ratio (an emulated one it does not know).
      var exact = box && Math.abs(box.inlineSize - w * dpr) < 2 && Math.abs(box.blockSize - h * dpr) < 2;
      c.width = exact ? box.inlineSize : Math.round(w * dpr);
      c.height = exact ? box.blockSize : Math.round(h * dpr);
      _pd_size(w, h, c.width / w);
      PD.wake(0);
    },
    mods: function(e) { return (e.ctrlKey ? 1 : 0) | (e.shiftKey ? 2 : 0) | (e.altKey ? 4 : 0) | (e.metaKey ? 8 : 0); },
    text: function(s) { if (s) { PD.give(s, _pd_text); PD.wake(0); } },
    focusAgent: function() { if (document.activeElement != PD.agent) PD.agent.focus({ preventScroll: true }); },
    listen: function() {
      var w = window;
      var on = function(t, f, o) { w.addEventListener(t, f, o); };
      on('pointermove', function(e) {
        if (e.pointerType == 'touch') return PD.touchMove(e);
        _pd_mouse(e.clientX, e.clientY, PD.mods(e));
        PD.wake(0);
      });
      on('pointerdown', function(e) {
        if (PD.foreign(e.target)) return;
        e.preventDefault();
        PD.focusAgent();
        if (e.pointerType == 'touch') return PD.touchDown(e);
        _pd_mouse(e.clientX, e.clientY, PD.mods(e));
        _pd_button(e.button, 1);
        PD.wake(0);
      });
      on('pointerup', function(e) {
        if (e.pointerType == 'touch') return PD.touchUp(e);
        _pd_mouse(e.clientX, e.clientY, PD.mods(e));
        _pd_button(e.button, 0);
        PD.wake(0);
      });
      on('pointercancel', function() { clearTimeout(PD.touch && PD.touch.long); PD.touch = null; });
      document.documentElement.addEventListener('mouseleave', function() { _pd_mouse(-1e9, -1e9, 0); PD.wake(0); });
      on('contextmenu', function(e) { if (!PD.foreign(e.target) && !e.shiftKey) e.preventDefault(); });
      on('click', function(e) {
        var n = e.target.closest && e.target.closest('#mirror [data-id]');
        if (n && n.tagName == 'A') e.preventDefault();
        // A click without a pointer (a screen reader, a script) is played as one in the middle of the part.
        if (n && e.detail === 0) { var r = n.getBoundingClientRect(); _pd_press(r.left + r.width / 2, r.top + r.height / 2); PD.wake(0); }
      });
      on('auxclick', function(e) { if (e.target.closest && e.target.closest('#mirror a')) e.preventDefault(); });
      on('wheel', function(e) {
        if (e.ctrlKey) return;
        e.preventDefault();
        var k = e.deltaMode == 1 ? 16 : e.deltaMode == 2 ? innerHeight : 1;
        var x = e.deltaX * k, y = e.deltaY * k;
        if (e.shiftKey && !x) { x = y; y = 0; }
        _pd_mouse(e.clientX, e.clientY, PD.mods(e));
        _pd_wheel(x, y);
        PD.wake(0);
      }, { passive: false });
      on('keydown', function(e) {
        if (e.isComposing || e.keyCode == 229 || PD.foreign(e.target)) return;
        if ((e.ctrlKey || e.metaKey) && e.code == 'KeyV') return;  // comes as a paste event
        var claimed = PD.give(e.code, function(p, n) {
          return PD.give(e.key, function(q, m) { return _pd_key(p, n, q, m, PD.mods(e), 1); });
        });
        if (claimed) e.preventDefault();
        else if (e.target != PD.agent && e.key.length == 1 && !e.ctrlKey && !e.metaKey) PD.text(e.key);
        PD.wake(0);
      });
      on('keyup', function(e) {
        PD.give(e.code, function(p, n) { return PD.give(e.key, function(q, m) { return _pd_key(p, n, q, m, PD.mods(e), 0); }); });
        PD.wake(0);
      });
      PD.agent.addEventListener('input', function(e) {
        if (e.isComposing) return;
        PD.text(e.data || PD.agent.value);
        PD.agent.value = '';
      });
      PD.agent.addEventListener('compositionend', function(e) { PD.text(e.data); PD.agent.value = ''; });
      document.addEventListener('paste', function(e) {
        if (PD.foreign(e.target)) return;
        e.preventDefault();
        PD.give(e.clipboardData.getData('text/plain'), _pd_paste);
        PD.wake(0);
      });
      PD.tree.addEventListener('focusin', function(e) {
        if (e.target.dataset.id) { _pd_focus_node(+e.target.dataset.id); PD.wake(0); }
      });
      on('blur', function() { _pd_focus(0); PD.wake(0); });
      on('focus', function() { _pd_focus(1); PD.wake(0); });
      on('popstate', function() { _pd_popstate(); PD.wake(0); });
      on('dragover', function(e) { e.preventDefault(); });
      on('drop', function(e) { e.preventDefault(); if (e.dataTransfer.files[0]) PD.file(e.dataTransfer.files[0]); });
      on('online', function() { _pd_online(); PD.wake(0); });
      document.addEventListener('visibilitychange', function() { if (!document.hidden) PD.wake(0); });
      ['(prefers-color-scheme: dark)', '(prefers-reduced-motion: reduce)'].forEach(function(q) {
        matchMedia(q).addEventListener('change', function() { _pd_media(); PD.wake(0); });
      });
      new ResizeObserver(function(entries) {
        var b = entries[0].devicePixelContentBoxSize;
        PD.size(b && b[0]);
      }).observe(PD.canvas, { box: 'device-pixel-content-box' });
      PD.canvas.addEventListener('webglcontextlost', function(e) { e.preventDefault(); PD.gl = null; });
      PD.canvas.addEventListener('webglcontextrestored', function() { PD.context(); _pd_context(); PD.wake(0); });
      PD.focusAgent();
    },
    foreign: function(t) { return t && t.closest && t.closest('[data-foreign]'); },
    touchDown: function(e) {
      clearTimeout(PD.touch && PD.touch.long);
      PD.touch = { x: e.clientX, y: e.clientY, lx: e.clientX, ly: e.clientY, moved: false, long: setTimeout(function() {
        if (PD.touch && !PD.touch.moved) { _pd_mouse(PD.touch.x, PD.touch.y, 0); _pd_button(2, 1); _pd_button(2, 0); PD.touch = null; PD.wake(0); }
      }, 500) };
    },
    touchMove: function(e) {
      var t = PD.touch;
      if (!t) return;
      if (!t.moved && Math.hypot(e.clientX - t.x, e.clientY - t.y) < 8) return;
      t.moved = true;
      clearTimeout(t.long);
      _pd_mouse(t.x, t.y, 0);
      _pd_wheel(t.lx - e.clientX, t.ly - e.clientY);
      t.lx = e.clientX;
      t.ly = e.clientY;
      PD.wake(0);
    },
    touchUp: function(e) {
      var t = PD.touch;
      PD.touch = null;
      if (!t) return;
      clearTimeout(t.long);
      if (!t.moved) _pd_press(e.clientX, e.clientY);
      PD.wake(0);
    },
    file: function(f) {
      f.text().then(function(text) {
        PD.give(f.name, function(p, n) { PD.give(text, function(q, m) { _pd_file(p, n, q, m); }); });
        PD.wake(0);
      });
    },
    // One line of the mirror: id, parent's id, tag, then name=value pairs, split by the unit separator.
    apply: function(text) {
      var seen = new Set(), order = new Map();
      text.split('\x1e').forEach(function(line) {
        if (!line) return;
        var f = line.split('\x1f'), id = f[0], parent = f[1], tag = f[2], el = PD.nodes.get(id);
        seen.add(id);
        if (el && el.pdTag != tag) { el.remove(); el = null; }
        if (!el) {
          el = document.createElement(tag);
          el.pdTag = tag;
          el.pdAttr = {};
          el.dataset.id = id;
          if (tag == 'input' || tag == 'textarea') el.readOnly = true;
          PD.nodes.set(id, el);
        }
        var box = parent == '0' ? PD.tree : PD.nodes.get(parent) || PD.tree;
        var at = order.get(box) || 0;
        order.set(box, at + 1);
        if (box.children[at] !== el) box.insertBefore(el, box.children[at] || null);
        var had = el.pdAttr, now = {};
        for (var i = 4; i < f.length; i++) {
          var eq = f[i].indexOf('='), k = f[i].slice(0, eq), v = f[i].slice(eq + 1);
          now[k] = v;
          if (had[k] === v) continue;
          if (k == 'text') {
            if (!el.firstChild || el.firstChild.nodeType != 3) el.insertBefore(document.createTextNode(v), el.firstChild);
            else el.firstChild.data = v;
          }
          else if (k == 'value') el.value = v;
          else el.setAttribute(k, v);
        }
        for (var old in had) if (!(old in now)) { if (old == 'text') { if (el.firstChild && el.firstChild.nodeType == 3) el.firstChild.data = ''; } else el.removeAttribute(old); }
        el.pdAttr = now;
        if (el.pdRect !== f[3]) {
          el.pdRect = f[3];
          var r = f[3].split(' ');
          el.style.left = r[0] + 'px'; el.style.top = r[1] + 'px'; el.style.width = r[2] + 'px'; el.style.height = r[3] + 'px'; el.style.zIndex = r[4];
        }
      });
      PD.nodes.forEach(function(el, id) { if (!seen.has(id)) { el.remove(); PD.nodes.delete(id); } });
    }
  },

  pd_js_start__deps: ['$PD'],
  pd_js_start: function() { PD.start(); },
  pd_js_wake: function(ms) { PD.wake(ms); },
  pd_js_now: function() { return performance.now(); },
  pd_js_wall: function() { return Date.now(); },
  pd_js_zone: function(ms) { return -new Date(ms).getTimezoneOffset(); },
  pd_js_file: function(p, n, lenOut) {
    var f = PD.files[PD.str(p, n)];
    if (!f) return 0;
    var q = _malloc(f.length);
    HEAPU8.set(f, q);
    HEAPU32[lenOut >> 2] = f.length;
    delete PD.files[PD.str(p, n)];
    return q;
  },
  pd_js_ask: function(what, p, n) {  // 0 location, 1 origin, 2 cookie, 3 local storage
    var key = PD.str(p, n), s = '';
    if (what == 0) s = location.pathname + location.search + location.hash;
    else if (what == 1) s = location.origin;
    else if (what == 2) { var m = document.cookie.match('(?:^|; )' + key + '=([^;]*)'); s = m ? decodeURIComponent(m[1]) : ''; }
    else { try { s = localStorage.getItem('paddock.' + key) || ''; } catch (e) { s = ''; } }
    return PD.give(s, function(q, m) { _pd_answer(q, m); return 0; });
  },
  pd_js_tell: function(what, p, n, q, m) {
    var a = PD.str(p, n), b = PD.str(q, m);
    if (what == 0) history.pushState(null, '', a);
    else if (what == 1) history.replaceState(null, '', a);
    else if (what == 2) location.assign(a);
    else if (what == 3) window.open(a, '_blank', 'noopener');
    else if (what == 4) document.title = a;
    else if (what == 5) { try { localStorage.setItem('paddock.' + a, b); } catch (e) { /* private mode */ } }
    else if (what == 6) { document.documentElement.dataset.theme = a; }
    else if (what == 7) PD.apply(a);
    else if (what == 8) {
      var copied = function() {
        PD.agent.value = a; PD.agent.select(); document.execCommand('copy'); PD.agent.value = '';
      };
      if (navigator.clipboard && isSecureContext) navigator.clipboard.writeText(a).catch(copied);
      else copied();
    } else if (what == 9) {
      var input = document.createElement('input');
      input.type = 'file';
      input.onchange = function() { if (input.files[0]) PD.file(input.files[0]); };
      input.click();
    }
  },
  pd_js_download: function(p, n, q, m, d, k) {
    var url = URL.createObjectURL(new Blob([HEAPU8.slice(d, d + k)], { type: PD.str(q, m) }));
    var a = document.createElement('a');
    a.href = url;
    a.download = PD.str(p, n);
    a.click();
    setTimeout(function() { URL.revokeObjectURL(url); }, 10000);
  },
  pd_js_media: function(what) {
    return matchMedia(what == 0 ? '(prefers-color-scheme: dark)' : '(prefers-reduced-motion: reduce)').matches ? 1 : 0;
  },
  pd_js_cursor: function(c) {
    document.body.style.cursor = ['default', 'pointer', 'text', 'ew-resize', 'ns-resize', 'progress'][c] || 'default';
  },
  pd_js_agent: function(x, y, h) {
    PD.agent.style.left = x + 'px'; PD.agent.style.top = y + 'px'; PD.agent.style.height = h + 'px';
  },
  pd_js_fetch: function(id, streamed, p, n, q, m, h, hn, b, bn) {
    var abort = new AbortController(), headers = {}, lines = PD.str(h, hn).split('\n');
    for (var i = 0; i + 1 < lines.length; i += 2) headers[lines[i]] = lines[i + 1];
    var method = PD.str(p, n);
    PD.reqs[id] = abort;
    var end = function(status, text) {
      if (!PD.reqs[id]) return;
      delete PD.reqs[id];
      PD.give(text, function(t, k) { _pd_http_done(id, status, t, k); });
      PD.wake(0);
    };
    fetch(PD.str(q, m), { method: method, headers: headers, body: bn ? HEAPU8.slice(b, b + bn) : undefined,
      credentials: 'same-origin', signal: abort.signal, cache: 'no-store' }).then(function(r) {
      if (!streamed || !r.ok || !r.body) return r.arrayBuffer().then(function(buf) { end(r.status, new Uint8Array(buf)); });
      var reader = r.body.getReader();
      var pump = function() {
        return reader.read().then(function(x) {
          if (!PD.reqs[id]) return;
          if (x.done) return end(r.status, '');
          PD.give(x.value, function(t, k) { _pd_http_chunk(id, t, k); });
          PD.wake(0);
          return pump();
        });
      };
      return pump();
    }).catch(function(e) { end(0, String(e && e.message || e)); });
  },
  pd_js_cancel: function(id) { var a = PD.reqs[id]; delete PD.reqs[id]; if (a) a.abort(); },
  pd_js_socket: function(id, p, n, q, m) {
    var list = PD.str(q, m), url = PD.str(p, n).replace(/^http/, 'ws');
    if (url[0] == '/') url = location.origin.replace(/^http/, 'ws') + url;
    var s = list ? new WebSocket(url, list.split(',')) : new WebSocket(url);
    s.binaryType = 'arraybuffer';
    PD.socks[id] = s;
    s.onopen = function() { PD.give(s.protocol, function(t, k) { _pd_ws_open(id, t, k); }); PD.wake(0); };
    s.onmessage = function(e) {
      PD.give(typeof e.data == 'string' ? e.data : new Uint8Array(e.data), function(t, k) { _pd_ws_message(id, t, k); });
      PD.wake(0);
    };
    s.onclose = function(e) {
      if (!PD.socks[id]) return;
      delete PD.socks[id];
      PD.give(e.reason || '', function(t, k) { _pd_ws_closed(id, e.code, t, k); });
      PD.wake(0);
    };
  },
  pd_js_send: function(id, binary, p, n) {
    var s = PD.socks[id];
    if (s && s.readyState == 1) s.send(binary ? HEAPU8.slice(p, p + n) : PD.str(p, n));
  },
  pd_js_close: function(id) { var s = PD.socks[id]; delete PD.socks[id]; if (s) s.close(); },

  pd_js_texture: function(id, x, y, w, h, stride, pixels, whole) {
    var gl = PD.gl;
    if (!gl) return id;
    if (!id) { id = PD.texNext++; PD.tex[id] = gl.createTexture(); }
    gl.bindTexture(gl.TEXTURE_2D, PD.tex[id]);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, stride);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    if (whole) {
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, w, h, 0, gl.RED, gl.UNSIGNED_BYTE, HEAPU8, pixels);
    } else gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, w, h, gl.RED, gl.UNSIGNED_BYTE, HEAPU8, pixels);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
    return id;
  },
  pd_js_untexture: function(id) { if (PD.gl && PD.tex[id]) { PD.gl.deleteTexture(PD.tex[id]); delete PD.tex[id]; } },
  pd_js_begin: function(w, h, scale, color) {
    var gl = PD.gl;
    if (!gl) return;
    gl.viewport(0, 0, PD.canvas.width, PD.canvas.height);
    gl.disable(gl.SCISSOR_TEST);
    PD.clear(color);
    gl.enable(gl.SCISSOR_TEST);
    gl.uniform4f(PD.scale, 2 / w, -2 / h, -1, 1);
    PD.k = scale;
  },
  pd_js_ground: function(x1, y1, x2, y2, color) {
    if (PD.gl && PD.clip(x1, y1, x2, y2)) PD.clear(color);
  },
  // Commands: eight floats each: elements, index offset, vertex offset, texture, clip x1 y1 x2 y2.
  pd_js_list: function(vtx, vbytes, idx, ibytes, cmds, count) {
    var gl = PD.gl;
    if (!gl) return;
    gl.bufferData(gl.ARRAY_BUFFER, HEAPU8.subarray(vtx, vtx + vbytes), gl.STREAM_DRAW);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, HEAPU8.subarray(idx, idx + ibytes), gl.STREAM_DRAW);
    var base = -1, tex = -1;
    for (var i = 0, c = cmds >> 2; i < count; i++, c += 8) {
      var f = HEAPF32;
      if (f[c + 2] != base) {
        base = f[c + 2];
        gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 20, base * 20);
        gl.vertexAttribPointer(1, 2, gl.FLOAT, false, 20, base * 20 + 8);
        gl.vertexAttribPointer(2, 4, gl.UNSIGNED_BYTE, true, 20, base * 20 + 16);
      }
      if (f[c + 3] != tex) { tex = f[c + 3]; gl.bindTexture(gl.TEXTURE_2D, PD.tex[tex]); }
      if (PD.clip(f[c + 4], f[c + 5], f[c + 6], f[c + 7])) gl.drawElements(gl.TRIANGLES, f[c], gl.UNSIGNED_SHORT, f[c + 1] * 2);
    }
  }
};
(function() {
  for (var name in PaddockHost) {
    if (/^pd_js_/.test(name) && !/__deps$/.test(name) && !PaddockHost[name + '__deps']) PaddockHost[name + '__deps'] = ['$PD'];
  }
})();
mergeInto(LibraryManager.library, PaddockHost);
