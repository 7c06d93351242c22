// Serves build/web and answers /v3 and /k8s with made-up clusters, for page tests without a real server. Numbers follow from a seed.
//   node server.mjs [--port N] [--pods N]      prints "listening PORT"
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
import crypto from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { makeWorld } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = process.env.WEB_DIR || path.join(here, '../../../build/web');

export function startServer({ port = 0, pods = 642 } = {}) {
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'manifest.json')));
  const world = makeWorld({ pods });
  const sockets = new Set();
  const log = [];
  const state = { down: false, loggedIn: true, mustChangePassword: false };

  const send = (res, status, body, headers = {}) => {
    const data = typeof body == 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    res.end(data);
  };
  const asset = (req, res, name) => {
    const m = manifest[name];
    const headers = { 'content-type': m.type, 'cache-control': m.immutable ? 'public, max-age=31536000, immutable' : 'no-cache' };
    if (m.csp) headers['content-security-policy'] = m.csp;
    let file = path.join(root, m.file);
    if (/\bbr\b/.test(req.headers['accept-encoding'] || '')) { file += '.br'; headers['content-encoding'] = 'br'; }
    res.writeHead(200, headers);
    res.end(fs.readFileSync(file));
  };

  const server = http.createServer((req, res) => {
    const url = new URL(req.url, 'http://localhost');
    let body = '';
    req.on('data', (d) => { body += d; });
    req.on('end', () => {
      log.push(`${req.method} ${req.url}`);
      if (manifest[url.pathname]) return asset(req, res, url.pathname);
      if (url.pathname == '/') { res.writeHead(302, { location: '/dashboard/' }); return res.end(); }
      if (url.pathname.startsWith('/dashboard')) return asset(req, res, '/dashboard/');
      if (state.down) return req.socket.destroy();
      let json = {};
      try { json = body ? JSON.parse(body) : {}; } catch { json = {}; }
      if (/localProviders\/local/i.test(url.pathname)) {
        if (json.password != 'right horse') return send(res, 401, { type: 'error', status: 401, code: 'Unauthorized', message: 'authentication failed' });
        state.loggedIn = true;
        return send(res, 201, { type: 'token', userId: 'u-1' }, { 'set-cookie': ['R_SESS=token-1:x; Path=/; HttpOnly', 'CSRF=abc; Path=/'] });
      }
      if (!state.loggedIn) return send(res, 401, { type: 'error', status: 401, code: 'Unauthorized', message: 'must authenticate' });
      if (req.method != 'GET' && req.headers['x-api-csrf'] != 'abc' && /CSRF=/.test(req.headers.cookie || '')) {
        return send(res, 403, { type: 'error', status: 403, code: 'Forbidden', message: 'CSRF token is missing or wrong' });
      }
      const answer = (status, value, headers) => send(res, status, value, headers);
      world.handle({ method: req.method, url, body, json, accept: req.headers.accept || '', res, send: answer, state, broadcast });
    });
  });
  const broadcast = (name, data) => { for (const s of sockets) s.text(JSON.stringify({ name, data })); };

  server.on('upgrade', (req, socket) => {
    if (state.down) return socket.destroy();
    const accept = crypto.createHash('sha1').update(req.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    const offered = (req.headers['sec-websocket-protocol'] || '').split(/,\s*/)[0];
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ' + accept + '\r\n' +
      (offered ? 'Sec-WebSocket-Protocol: ' + offered + '\r\n' : '') + '\r\n');
    const frame = (op, data) => {
      const b = Buffer.from(data);
      const head = b.length < 126 ? Buffer.from([0x80 | op, b.length]) : Buffer.from([0x80 | op, 126, b.length >> 8, b.length & 255]);
      if (!socket.destroyed) socket.write(Buffer.concat([head, b]));
    };
    const ws = { text: (t) => frame(1, t), binary: (b) => frame(2, b), close: () => socket.end() };
    let rest = Buffer.alloc(0);
    socket.on('data', (d) => {
      rest = Buffer.concat([rest, d]);
      while (rest.length >= 6) {
        const op = rest[0] & 15;
        let n = rest[1] & 127, at = 2;
        if (n == 126) { n = rest.readUInt16BE(2); at = 4; }
        if (rest.length < at + 4 + n) return;
        const mask = rest.subarray(at, at + 4), data = Buffer.from(rest.subarray(at + 4, at + 4 + n));
        for (let i = 0; i < n; i++) data[i] ^= mask[i & 3];
        rest = rest.subarray(at + 4 + n);
        if (op == 8) return socket.end();
        if (ws.onmessage) ws.onmessage(data);
      }
    });
    socket.on('close', () => sockets.delete(ws));
    socket.on('error', () => {});
    if (req.url.startsWith('/v3/subscribe')) {
      sockets.add(ws);
      ws.text('{"name":"ping","data":{}}');
    } else {
      world.shell(new URL(req.url, 'http://x'), ws);
    }
  });
  return new Promise((done) => server.listen(port, '127.0.0.1', () => done({
    port: server.address().port, url: `http://127.0.0.1:${server.address().port}`, world, state, log, broadcast,
    cut: () => { for (const s of sockets) s.close(); server.closeAllConnections(); },
    stop: () => { for (const s of sockets) s.close(); server.closeAllConnections(); server.close(); },
  })));
}

if (process.argv[1] == fileURLToPath(import.meta.url)) {
  const arg = (name, d) => { const i = process.argv.indexOf(name); return i > 0 ? Number(process.argv[i + 1]) : d; };
  const s = await startServer({ port: arg('--port', 0), pods: arg('--pods', 642) });
  console.log('listening ' + s.port);
}
