// The API in a browser: what the page shows already, made to work with: filters, forms, actions, curl lines.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const tools = document.getElementById('tools');
  const schemasUrl = document.body.dataset.schemas;
  const here = new URL(location.href);

  const el = (name, attributes = {}, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
      else if (value === true) node.setAttribute(key, '');
      else if (value !== false && value != null) node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  };
  const cookie = (name) => (document.cookie.split('; ').find((c) => c.startsWith(name + '=')) || '').slice(name.length + 1);
  const schemas = new Map();
  const schemaOf = async (id) => {
    const name = String(id).split('/').pop();
    if (!schemas.has(name)) {
      const reply = await fetch(schemasUrl + '/' + encodeURIComponent(name), {headers: {Accept: 'application/json'}});
      schemas.set(name, reply.ok ? await reply.json() : null);
    }
    return schemas.get(name);
  };

  const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
  const curl = (method, url, body) =>
    ['curl -u "$ACCESS_KEY:$SECRET_KEY" -X ' + method, "-H 'Accept: application/json'"]
      .concat(body === undefined ? [] : ["-H 'Content-Type: application/json'", '-d ' + quoted(JSON.stringify(body))], [quoted(url)])
      .join(' \\\n  ');

  async function send(method, url, body) {
    const headers = {Accept: 'application/json'};
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const token = cookie('CSRF');
    if (token && method !== 'GET') headers['X-API-CSRF'] = decodeURIComponent(token);
    const reply = await fetch(url, {method, headers, body: body === undefined ? undefined : JSON.stringify(body)});
    const text = await reply.text();
    let answer = null;
    try { answer = text ? JSON.parse(text) : null; } catch { answer = {message: text}; }
    return {ok: reply.ok, status: reply.status, answer};
  }

  // One row of a form. Reads as undefined when nothing is to be sent for it.
  function input(name, field, value) {
    const type = field.type || 'string';
    const id = 'f-' + name;
    let control, read;
    if (Array.isArray(field.options) && field.options.length) {
      control = el('select', {id}, el('option', {value: ''}, ''), ...field.options.map((o) => el('option', {value: o, selected: o === value}, o)));
      read = () => control.value || undefined;
    } else if (type === 'boolean') {
      control = el('select', {id}, ...['', 'true', 'false'].map((o) => el('option', {value: o, selected: String(value) === o}, o)));
      read = () => (control.value ? control.value === 'true' : undefined);
    } else if (type === 'int' || type === 'float') {
      control = el('input', {id, type: 'number', step: type === 'int' ? 1 : 'any', min: field.min, max: field.max, value});
      read = () => (control.value === '' ? undefined : Number(control.value));
    } else if (type === 'password') {
      control = el('input', {id, type: 'password', autocomplete: 'new-password'});
      read = () => control.value || undefined;
    } else if (/^(string|enum|dnsLabel|dnsLabelRestricted|hostname|date|base64|intOrString)$/.test(type) || type.startsWith('reference[')) {
      control = el('input', {id, type: 'text', value});
      read = () => (control.value === '' && (value == null || value === '') ? undefined : control.value);
    } else {
      control = el('textarea', {id, rows: 3, spellcheck: 'false', placeholder: 'JSON'}, value == null ? '' : JSON.stringify(value, null, 2));
      read = () => (control.value.trim() === '' ? undefined : JSON.parse(control.value));
    }
    const row = el('div', {class: 'field'}, el('label', {for: id}, name + (field.required ? ' *' : '')), control, el('span', {class: 'type'}, type));
    return {name, row, read};
  }

  // A dialog with a form for the fields, the request that it makes, and its curl line.
  function form(title, method, url, fields, values, done) {
    const rows = fields.map(([name, field]) => input(name, field, values ? values[name] : field.default));
    const line = el('pre', {class: 'curl'});
    const problem = el('p', {class: 'problem', role: 'alert'});
    const body = () => {
      const out = {};
      for (const row of rows) {
        const value = row.read();
        if (value !== undefined) out[row.name] = value;
      }
      return out;
    };
    const show = () => {
      try {
        line.textContent = curl(method, url, method === 'DELETE' ? undefined : body());
        problem.textContent = '';
      } catch (e) { problem.textContent = 'This is not JSON: ' + e.message; }
    };
    const go = el('button', {type: 'submit', class: 'go'}, 'Send');
    const dialog = el('dialog', {'aria-label': title}, el('form', {
      oninput: show,
      onsubmit: async (event) => {
        event.preventDefault();
        go.disabled = true;
        try {
          const {ok, status, answer} = await send(method, url, method === 'DELETE' ? undefined : body());
          if (ok) return done(answer, dialog);
          problem.textContent = status + ' ' + ((answer && (answer.code + (answer.fieldName ? ' ' + answer.fieldName : '') + ': ' + answer.message)) || '');
          const bad = answer && answer.fieldName && document.getElementById('f-' + answer.fieldName);
          if (bad) bad.focus();
        } catch (e) { problem.textContent = String(e.message || e); } finally { go.disabled = false; }
      },
    }, el('h2', {}, title), ...rows.map((r) => r.row), el('p', {class: 'request'}, method + ' ' + url), line, problem,
      el('p', {}, go, ' ', el('button', {type: 'button', onclick: () => dialog.close()}, 'Cancel'))));
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    show();
    dialog.showModal();
  }

  const fieldsOf = (schema, allowed) =>
    Object.entries((schema && schema.resourceFields) || {}).filter(([, f]) => allowed(f)).sort(([, a], [, b]) => (b.required ? 1 : 0) - (a.required ? 1 : 0));
  const openAnswer = (answer) => {
    const self = answer && answer.links && answer.links.self;
    if (self) location.href = self; else location.reload();
  };

  async function create(type, url) {
    const schema = await schemaOf(type);
    form('Create ' + type, 'POST', url, fieldsOf(schema, (f) => f.create), null, openAnswer);
  }
  async function edit(object) {
    const schema = await schemaOf(object.type);
    form('Edit ' + object.id, 'PUT', object.links.update, fieldsOf(schema, (f) => f.update), object, openAnswer);
  }
  function remove(object) {
    form('Delete ' + object.id + '?', 'DELETE', object.links.remove, [], null, () => {
      location.href = object.links.remove.replace(/\/[^/]*$/, '');
    });
  }
  async function act(owner, name, url) {
    const schema = await schemaOf(owner.resourceType || owner.type);
    const declared = ((schema && (owner.type === 'collection' ? schema.collectionActions : schema.resourceActions)) || {})[name] || {};
    const shape = declared.input ? await schemaOf(declared.input) : null;
    form(name, 'POST', url, fieldsOf(shape, () => true), null, (answer, dialog) => {
      if (!answer) return location.reload();
      dialog.firstChild.replaceChildren(el('h2', {}, name), el('pre', {class: 'answer'}, JSON.stringify(answer, null, 2)),
        el('p', {}, el('button', {type: 'button', onclick: () => location.reload()}, 'Close')));
    });
  }

  const go = (change) => {
    const url = new URL(here);
    change(url.searchParams);
    location.href = url;
  };
  const button = (text, click) => el('button', {type: 'button', onclick: click}, text);
  const bar = (title, ...items) => tools.append(el('div', {class: 'bar'}, el('strong', {}, title), ...items));

  async function collection() {
    const schema = await schemaOf(data.resourceType);
    const names = Object.keys(data.filters || {});
    if (names.length) {
      const field = el('select', {'aria-label': 'Field'}, ...names.map((n) => el('option', {}, n)));
      const modifier = el('select', {'aria-label': 'Comparison'});
      const value = el('input', {type: 'text', 'aria-label': 'Value'});
      const modifiers = () => {
        const known = (((schema && schema.collectionFilters) || {})[field.value] || {}).modifiers || ['eq', 'ne'];
        modifier.replaceChildren(...[...new Set([...known, 'like', 'prefix', 'null', 'notnull'])].map((m) => el('option', {}, m)));
      };
      field.addEventListener('change', modifiers);
      modifiers();
      const add = el('form', {
        onsubmit: (event) => {
          event.preventDefault();
          go((q) => { q.delete('marker'); q.append(field.value + (modifier.value === 'eq' ? '' : '_' + modifier.value), value.value); });
        },
      }, field, modifier, value, el('button', {type: 'submit'}, 'Filter'));
      const set = [...here.searchParams].filter(([k]) => !/^(sort|order|limit|marker)$/.test(k))
        .map(([k, v]) => button(k + '=' + v + ' \u00d7', () => go((q) => { q.delete(k); q.delete('marker'); })));
      bar('Filter', add, ...set);
    }
    const sort = data.sort || {};
    bar('Sort', ...Object.entries(sort.links || {}).map(([name, url]) => el('a', {href: url, class: sort.name === name ? 'now' : ''}, name)),
      ...(sort.reverse ? [el('a', {href: sort.reverse}, sort.order === 'desc' ? 'ascending' : 'descending')] : []));
    const page = data.pagination || {};
    bar('Page', ...['first', 'previous', 'next', 'last'].filter((n) => page[n]).map((n) => el('a', {href: page[n]}, n)),
      el('span', {}, (data.data || []).length + ' of ' + page.total));
    bar('Do', ...Object.entries(data.createTypes || {}).map(([type, url]) => button('Create ' + type, () => create(type, url))),
      ...Object.entries(data.actions || {}).map(([name, url]) => button(name, () => act(data, name, url))));
  }
  function object() {
    const links = data.links || {};
    bar('Do', ...(links.update ? [button('Edit', () => edit(data))] : []), ...(links.remove ? [button('Delete', () => remove(data))] : []),
      ...Object.entries(data.actions || {}).map(([name, url]) => button(name, () => act(data, name, url))));
  }
  function login() {
    const fields = [['username', {type: 'string', required: true}], ['password', {type: 'password', required: true}]];
    const url = new URL('/v3-public/localProviders/local?action=login', location.origin);
    bar('Do', button('Log in', () => form('Log in', 'POST', url.href, [...fields, ['responseType', {type: 'enum', options: ['cookie'], default: 'cookie'}]],
      {responseType: 'cookie'}, () => location.reload())));
  }

  if (data.type === 'collection') collection();
  else if (data.type === 'error' && data.status === 401) login();
  else object();
  bar('curl', el('pre', {class: 'curl'}, curl('GET', location.href)));
})();
