// The made-up fleet's management API: projects, namespaces, roles, bindings, people, nodes. The roles are those of a fresh server
// (engine/controllers/management/facts/roles.json); answers have the shape of the real server's.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const facts = JSON.parse(fs.readFileSync(path.join(here, '../../../engine/controllers/management/facts/roles.json')));
const DAY = 86400e3;
const Ki = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, '': 1 };
const amount = (s) => { const m = /^([\d.]+)(\w*)$/.exec(String(s)); return m ? Number(m[1]) * (Ki[m[2]] || 1) : 0; };
const quantity = (field, n) => (/Memory|Storage/.test(field) ? `${Math.round(n / 2 ** 20)}Mi` : /Cpu/.test(field) ? `${Math.round(n * 1000)}m` : String(n));

export function makeManagement({ now, iso, clusters, nodes, namespaces, emitNamespace }) {
  const id = (prefix) => prefix + Math.random().toString(36).slice(2, 7);
  const linked = (type, path, o, actions = []) => ({ ...o, type, baseType: type, links: { self: `/v3/${path}/${o.id}`, ...(o.stays ? {} : { remove: `/v3/${path}/${o.id}` }), update: `/v3/${path}/${o.id}` },
    actions: Object.fromEntries(actions.map((a) => [a, `/v3/${path}/${o.id}?action=${a}`])), stays: undefined });
  const role = (type, path) => (r) => linked(type, path, { id: r.metadata.name, name: r.displayName, description: r.description || '', builtin: !!r.builtin, rules: r.rules || null, created: iso(now - 200 * DAY),
    ...(type == 'globalRole' ? { newUserDefault: !!r.newUserDefault } : { context: r.context, external: !!r.external, hidden: !!r.hidden, locked: !!r.locked, administrative: !!r.administrative,
      clusterCreatorDefault: !!r.clusterCreatorDefault, projectCreatorDefault: !!r.projectCreatorDefault, roleTemplateIds: r.roleTemplateNames || null }), stays: !!r.builtin });
  const kinds = {};  // by plural: type, objects, actions
  const keep = (plural, type, objects, actions = []) => { kinds[plural] = { type, plural, actions, objects: new Map(objects.map((o) => [o.id, o])) }; };
  keep('globalRoles', 'globalRole', facts.globalRoles.map(role('globalRole', 'globalRoles')));
  keep('roleTemplates', 'roleTemplate', facts.roleTemplates.map(role('roleTemplate', 'roleTemplates')));
  const people = [['u-1', 'Lena Moser', 'lena.moser'], ['u-2', 'Default Admin', 'admin'], ['u-3', 'Jonas Weber', 'jonas.weber'], ['u-4', 'Aiko Tanaka', 'aiko.tanaka'], ['u-5', 'Priya Raman', 'priya.raman'], ['u-6', 'Old Account', 'old.account']];
  const user = ([uid, name, username], i) => ({ ...linked('user', 'users', { id: uid, name, username, state: 'active', enabled: uid != 'u-6', me: uid == 'u-1', mustChangePassword: false, created: iso(now - (90 + i * 20) * DAY), principalIds: ['local://' + uid] }, ['setpassword']) });
  keep('users', 'user', people.map(user), ['setpassword']);
  const groups = [['github_team://41', 'platform', 'github'], ['github_team://77', 'checkout', 'github']];
  const binding = (plural, type, o) => linked(type, plural, { created: iso(now - 40 * DAY), ...o });
  keep('globalRoleBindings', 'globalRoleBinding', [['grb-1', 'u-2', 'admin'], ['grb-2', 'u-1', 'admin'], ['grb-3', 'u-3', 'user'], ['grb-4', 'u-4', 'user'], ['grb-5', 'u-4', 'clusters-create'], ['grb-6', 'u-5', 'user-base'], ['grb-7', 'u-6', 'user']]
    .map(([b, userId, globalRoleId]) => binding('globalRoleBindings', 'globalRoleBinding', { id: b, userId, globalRoleId })));
  keep('clusterRoleTemplateBindings', 'clusterRoleTemplateBinding', [{ id: 'c-prod:creator-cluster-owner', userId: 'u-2', roleTemplateId: 'cluster-owner' }, { id: 'c-prod:crtb-2', groupPrincipalId: 'github_team://41', roleTemplateId: 'cluster-owner' }, { id: 'c-prod:crtb-3', userId: 'u-3', roleTemplateId: 'cluster-member' }, { id: 'c-prod:crtb-4', userId: 'u-4', roleTemplateId: 'nodes-view' }]
    .map((o) => binding('clusterRoleTemplateBindings', 'clusterRoleTemplateBinding', { clusterId: 'c-prod', ...o })));
  const quota = { limitsCpu: '24000m', limitsMemory: '96Gi', pods: '400' }, each = { limitsCpu: '6000m', limitsMemory: '24Gi', pods: '90' };
  const made = (uid, name, more) => ({ ...linked('project', 'projects', { id: 'c-prod:' + uid, clusterId: 'c-prod', name, description: '', state: 'active', creatorId: 'u-2', created: iso(now - 380 * DAY), labels: {},
    conditions: [{ type: 'BackingNamespaceCreated', status: 'True' }, { type: 'InitialRolesPopulated', status: 'True' }], resourceQuota: null, namespaceDefaultResourceQuota: null, containerDefaultResourceLimit: null, ...more }, ['exportYaml']) });
  keep('projects', 'project', [made('p-def01', 'Default', { stays: true, labels: { 'authz.management.cattle.io/default-project': 'true' }, description: 'What belongs to no team' }),
    made('p-sys01', 'System', { stays: true, labels: { 'authz.management.cattle.io/system-project': 'true' }, description: 'Do not touch' }),
    made('p-shop1', 'Storefront', { description: 'Shop, search and mail', resourceQuota: { limit: quota }, namespaceDefaultResourceQuota: { limit: each }, containerDefaultResourceLimit: { requestsCpu: '100m', limitsCpu: '500m', requestsMemory: '128Mi', limitsMemory: '256Mi' } }),
    made('p-pay01', 'Payments', { description: 'PCI scope', resourceQuota: { limit: { limitsCpu: '8000m', limitsMemory: '16Gi' } }, namespaceDefaultResourceQuota: { limit: { limitsCpu: '7000m', limitsMemory: '15Gi' } } })], ['exportYaml']);
  keep('projectRoleTemplateBindings', 'projectRoleTemplateBinding', [{ id: 'p-shop1:prtb-1', userId: 'u-4', roleTemplateId: 'project-owner' }, { id: 'p-shop1:prtb-2', groupPrincipalId: 'github_team://77', roleTemplateId: 'project-member' }, { id: 'p-shop1:prtb-3', userId: 'u-5', roleTemplateId: 'read-only' }]
    .map((o) => binding('projectRoleTemplateBindings', 'projectRoleTemplateBinding', { projectId: 'c-prod:p-shop1', ...o })));
  const home = { shop: 'p-shop1', search: 'p-shop1', mail: 'p-shop1', payments: 'p-pay01', 'kube-system': 'p-sys01', monitoring: 'p-sys01', 'ingress-nginx': 'p-sys01' };
  for (const n of namespaces) n.project = home[n.name] ? 'c-prod:' + home[n.name] : /-\d$/.test(n.name) ? 'c-prod:p-def01' : '';
  const node = (n, i) => ({ ...linked('node', 'nodes', { id: 'c-prod:m-' + (i + 1), clusterId: 'c-prod', nodeName: n.name, name: n.name, hostname: n.name, ipAddress: n.ip, state: 'active', transitioning: 'no', transitioningMessage: '', created: iso(n.created), unschedulable: false,
    controlPlane: i < 3, etcd: i < 3, worker: i >= 3, taints: i < 3 ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] : i == 8 ? [{ key: 'dedicated', value: 'search', effect: 'NoSchedule' }] : null, labels: { 'topology.kubernetes.io/zone': 'eu-west-1' + 'abc'[i % 3] },
    conditions: [{ type: 'Ready', status: 'True', message: 'kubelet is posting ready status' }], info: { kubernetes: { kubeletVersion: n.version }, os: { operatingSystem: 'Debian GNU/Linux 13', kernelVersion: '6.12.0', dockerVersion: 'containerd://2.1.4' } },
    allocatable: { cpu: '8', memory: '32Gi', pods: '110' }, capacity: { cpu: '8', memory: '33Gi', pods: '110' },
    requested: { cpu: `${[31, 28, 35, 71, 66, 83, 69, 74, 58][i] * 80}m`, memory: `${([48, 51, 49, 78, 74, 81, 77, 79, 70][i] * 0.32).toFixed(2)}Gi`, pods: String([38, 41, 37, 92, 88, 96, 85, 90, 75][i]) },
    limits: { cpu: `${[31, 28, 35, 71, 66, 83, 69, 74, 58][i] * 120}m`, memory: '30Gi' } }, ['cordon', 'drain']) });
  keep('nodes', 'node', nodes.map(node), ['cordon', 'drain']);

  const namespace = (n) => {
    const p = kinds.projects.objects.get(n.project);
    const limit = n.quota || p?.namespaceDefaultResourceQuota?.limit;
    return { id: n.name, type: 'namespace', baseType: 'namespace', name: n.name, projectId: n.project || null, state: 'active', transitioning: 'no', created: iso(n.created), labels: {}, annotations: {}, ...(limit ? { resourceQuota: { limit: { ...limit, type: '/v3/cluster/schemas/resourceQuotaLimit' } } } : {}), ...(n.containers ? { containerDefaultResourceLimit: n.containers } : {}),
      links: { self: `/v3/cluster/c-prod/namespaces/${n.name}`, update: '', remove: '' }, actions: { move: `/v3/cluster/c-prod/namespaces/${n.name}?action=move` } };
  };
  const inside = (pid) => namespaces.filter((n) => n.project == pid);
  // The sum of what its namespaces were given, as the real server keeps it.
  const typed = (limit) => limit && { ...limit, type: '/v3/schemas/resourceQuotaLimit' };
  const shown = (o) => {
    if (o.type != 'project' || !o.resourceQuota) return o;
    const used = {};
    for (const f of Object.keys(o.resourceQuota.limit).filter((x) => x != 'type')) used[f] = quantity(f, inside(o.id).reduce((sum, n) => sum + amount(namespace(n).resourceQuota?.limit?.[f] || 0), 0));
    return { ...o, resourceQuota: { limit: typed(o.resourceQuota.limit), usedLimit: typed(used) }, namespaceDefaultResourceQuota: { limit: typed(o.namespaceDefaultResourceQuota.limit) } };
  };
  const collection = (type, data) => ({ type: 'collection', resourceType: type, links: {}, actions: {}, data });
  const error = (status, code, message, field) => [status, { type: 'error', status, code, message, ...(field ? { fieldName: field } : {}) }];
  const said = (ctx, kind, o) => ctx.broadcast('resource.change', shown(o));

  function nodeAction(ctx, o, action, input) {
    const set = (more, actions) => { Object.assign(o, more); o.actions = Object.fromEntries(actions.map((a) => [a, `/v3/nodes/${o.id}?action=${a}`])); said(ctx, kinds.nodes, o); };
    if (action == 'cordon') set({ unschedulable: true, state: 'cordoned' }, ['uncordon', 'drain']);
    if (action == 'uncordon') set({ unschedulable: false, state: 'active', transitioning: 'no', transitioningMessage: '' }, ['cordon', 'drain']);
    if (action == 'stopDrain') set({ state: 'cordoned', transitioning: 'no', transitioningMessage: 'draining was stopped' }, ['uncordon', 'drain']);
    if (action == 'drain') {
      o.drained = input;
      set({ unschedulable: true, state: 'draining', transitioning: 'yes', transitioningMessage: 'draining: 2 of 5 pods are gone, waiting for shop/checkout-api-7d9f6b5c4-hq2zv' }, ['uncordon', 'stopDrain']);
    }
    return [200, null];
  }

  function create(ctx, kind, body) {
    if (kind.plural == 'projects' && [...kind.objects.values()].some((p) => p.clusterId == body.clusterId && p.name == body.name)) return error(409, 'AlreadyExists', `a project named ${body.name} is there already`, 'name');
    if (/Bindings$/.test(kind.plural) && !body.userId && !body.userPrincipalId && !body.groupPrincipalId) return error(422, 'InvalidOption', 'must specify a user or a group');
    const where = body.clusterId && /projects|TemplateBinding/.test(kind.plural) ? body.clusterId + ':' : body.projectId ? body.projectId.split(':')[1] + ':' : '';
    const o = linked(kind.type, kind.plural, { state: 'active', created: iso(Date.now()), creatorId: 'u-1', labels: {}, ...(kind.plural == 'users' ? { enabled: true } : {}), ...body, id: where + id({ projects: 'p-', users: 'u-', globalRoles: 'gr-', roleTemplates: 'rt-', globalRoleBindings: 'grb-', clusterRoleTemplateBindings: 'crtb-', projectRoleTemplateBindings: 'prtb-' }[kind.plural]) }, kind.actions);
    delete o.password;
    if (kind.type == 'user') o.principalIds = ['local://' + o.id];
    kind.objects.set(o.id, o);
    ctx.broadcast('resource.create', shown(o));
    return [201, shown(o)];
  }

  function spaces(ctx, name) {
    const action = ctx.url.searchParams.get('action');
    const n = namespaces.find((x) => x.name == name);
    if (!name && ctx.method == 'GET') return [200, collection('namespace', namespaces.map(namespace))];
    if (!name) {
      if (namespaces.some((x) => x.name == ctx.json.name)) return error(409, 'AlreadyExists', `namespaces "${ctx.json.name}" already exists`);
      const project = kinds.projects.objects.get(ctx.json.projectId), limit = project?.resourceQuota?.limit;
      for (const f of Object.keys(limit || {})) {
        if (amount(shown(project).resourceQuota.usedLimit[f]) + amount(project.namespaceDefaultResourceQuota.limit[f]) > amount(limit[f])) return error(422, 'MaxLimitExceeded', `exceeds the limit of project ${project.name} on fields: ${f}`, 'resourceQuota');
      }
      const made = { name: ctx.json.name, uid: 'ns-' + ctx.json.name, created: Date.now(), project: ctx.json.projectId || '' };
      namespaces.push(made);
      emitNamespace('ADDED', made);
      if (project) said(ctx, kinds.projects, project);
      return [201, namespace(made)];
    }
    if (!n) return error(404, 'NotFound', 'not found');
    if (action == 'move') {
      n.project = ctx.json.projectId || '';
      emitNamespace('MODIFIED', n);
      for (const p of kinds.projects.objects.values()) said(ctx, kinds.projects, p);
      return [204, ''];
    }
    if (ctx.method == 'PUT') {
      if (ctx.json.resourceQuota) n.quota = ctx.json.resourceQuota.limit;
      if (ctx.json.containerDefaultResourceLimit) n.containers = ctx.json.containerDefaultResourceLimit;
      n.put = ctx.json;
      emitNamespace('MODIFIED', n);
      for (const p of kinds.projects.objects.values()) said(ctx, kinds.projects, p);
      return [200, namespace(n)];
    }
    if (ctx.method == 'DELETE') { namespaces.splice(namespaces.indexOf(n), 1); emitNamespace('DELETED', n); return [200, namespace(n)]; }
    return [200, namespace(n)];
  }

  function principals(ctx, pid) {
    const one = (u) => ({ id: 'local://' + u.id, type: 'principal', name: u.name, loginName: u.username, principalType: 'user', provider: 'local', me: u.id == 'u-1', links: {} });
    const group = ([gid, name, provider]) => ({ id: gid, type: 'principal', name, principalType: 'group', provider, links: {} });
    const all = [...[...kinds.users.objects.values()].map(one), ...groups.map(group)];
    if (ctx.url.searchParams.get('action') == 'search') {
      if (!ctx.json.name) return error(422, 'MissingRequired', '', 'name');
      const q = ctx.json.name.toLowerCase();
      return [200, collection('principal', all.filter((p) => (p.name.toLowerCase().includes(q) || (p.loginName || '').includes(q)) && (!ctx.json.principalType || p.principalType == ctx.json.principalType)))];
    }
    if (pid) return all.some((p) => p.id == pid) ? [200, all.find((p) => p.id == pid)] : error(404, 'NotFound', 'not found');
    return [200, collection('principal', [one(kinds.users.objects.get('u-1'))])];
  }

  // Newest first; enough for three pages.
  const audit = Array.from({ length: 260 }, (_, i) => {
    const n = 260 - i, at = new Date(now - i * 7 * 60e3).toISOString(), who = ['u-1', 'u-2', 'u-3', 'u-4'][n % 4];
    const base = { id: String(n), type: 'auditLog', baseType: 'auditLog', seq: n, time: at, requestId: 'r' + n, user: who, from: '10.9.0.' + (n % 200), agent: n % 3 ? 'kubectl/v1.36.0' : 'Mozilla/5.0', took_ms: 3 + n % 9, links: { self: '/v3/auditlogs/' + n } };
    if (n == 257) return { ...base, verb: 'login', resource: 'sessions', code: 401, result: 'refused', count: 4711, since: at, users: ['admin', 'root'], more_tries: 12, why: 'refusals of one kind from one source, counted together' };
    if (n == 256) return { ...base, verb: 'patch', resource: 'configmaps', namespace: 'shop', name: 'colours', cluster: 'c-prod', method: 'PATCH', path: '/k8s/clusters/c-prod/api/v1/namespaces/shop/configmaps/colours', code: 200, result: 'ok',
      changes: [{ resource: 'configmaps', namespace: 'shop', name: 'colours', did: 'update', sent: [{ path: 'data.sky', to: 'blue' }] }, { resource: 'configmaps', namespace: 'shop', name: 'big', did: 'update', not_told: 'what was sent could not be read' }] };
    if (n % 10 == 0) return { ...base, verb: 'login', resource: 'localproviders', name: 'local', method: 'POST', path: '/v3-public/localProviders/local?action=login', code: n % 20 ? 201 : 401, result: n % 20 ? 'ok' : 'refused', ...(n % 20 ? {} : { why: 'authentication failed' }) };
    if (n % 7 == 0) return { ...base, verb: 'delete', group: 'apps', resource: 'deployments', namespace: 'kube-system', name: 'coredns', cluster: 'c-prod', method: 'DELETE', path: '/k8s/clusters/c-prod/apis/apps/v1/namespaces/kube-system/deployments/coredns', code: 403, result: 'refused', why: 'deployments.apps "coredns" is forbidden: User "' + who + '" cannot delete resource "deployments"' };
    return { ...base, token: 'token-8fzk2', verb: 'update', group: 'management.cattle.io', resource: 'projects', namespace: 'c-prod', name: 'p-shop1', method: 'PUT', path: '/v3/projects/c-prod:p-shop1', code: 200, result: 'ok',
      changes: [{ group: 'management.cattle.io', resource: 'projects', namespace: 'c-prod', name: 'p-shop1', did: 'update', difference: [{ path: 'spec.description', from: 'Shop', to: 'Shop, search and mail' }, { path: 'spec.resourceQuota.limit.pods', to: '400' }] }] };
  });
  function audited(ctx, rid) {
    if (rid) { const one = audit.find((r) => r.id == rid); return one ? [200, one] : error(404, 'NotFound', 'there is no such record'); }
    const q = (f) => ctx.url.searchParams.get(f);
    const fits = audit.filter((r) => ['verb', 'resource', 'result'].every((f) => !q(f) || r[f] == q(f)) && (!q('user') || r.user == q('user') || r.as == q('user')) && (!q('since') || Date.parse(r.time) >= Number(q('since'))) && (!q('marker') || r.seq < Number(q('marker'))));
    const limit = Number(q('limit') || 100);
    return [200, { ...collection('auditLog', fits.slice(0, limit)), pagination: { limit, partial: fits.length > limit } }];
  }

  // Who has a role with a rule that fits, as the real server answers from its roles and bindings.
  const allows = (rule, q) => [['verbs', q.verb], ['apiGroups', q.apiGroup], ['resources', q.resource]].every(([f, v]) => (rule[f] || []).some((x) => x == '*' || x == v));
  function review(q) {
    const role = (rid) => kinds.roleTemplates.objects.get(rid);
    const way = (rid, seen = []) => {
      // An external one has the rules of the cluster's own role.
      const r = role(rid), rule = (r?.rules || (r?.external ? [{ verbs: rid == 'view' ? ['get', 'list', 'watch'] : ['*'], apiGroups: ['', 'apps', 'batch'], resources: rid == 'view' ? ['pods', 'services', 'configmaps'] : ['pods', 'secrets', 'configmaps', 'deployments'] }] : [])).find((x) => allows(x, q));
      if (rule) return [[...seen, rid], rule];
      for (const next of r?.roleTemplateIds || []) { const found = seen.includes(next) ? null : way(next, [...seen, rid]); if (found) return found; }
      return null;
    };
    if (q.draft) {
      const rules = (rid, seen = new Set()) => (seen.has(rid) ? [] : (seen.add(rid), [...(role(rid)?.rules || []).map((rule) => ({ roleTemplateId: rid, rule })), ...(role(rid)?.roleTemplateIds || []).flatMap((x) => rules(x, seen))]));
      const adds = q.draft.globalRoleId ? (kinds.globalRoles.objects.get(q.draft.globalRoleId).rules || []).map((rule) => ({ globalRoleId: q.draft.globalRoleId, rule })) : rules(q.draft.roleTemplateId);
      return [200, { type: 'accessReview', total: adds.length, adds }];
    }
    if (!q.resource) return error(422, 'MissingRequired', 'which resource is asked about', 'resource');
    const answers = [];
    for (const plural of ['globalRoleBindings', 'clusterRoleTemplateBindings', 'projectRoleTemplateBindings']) {
      for (const b of kinds[plural].objects.values()) {
        const cluster = b.clusterId || b.projectId?.split(':')[0];
        if (q.clusterId && cluster && cluster != q.clusterId) continue;
        if (q.clusterId && !cluster && b.globalRoleId != 'admin') continue;
        const g = b.globalRoleId && (kinds.globalRoles.objects.get(b.globalRoleId).rules || []).find((x) => allows(x, q));
        const found = b.globalRoleId ? g && [[b.globalRoleId], g] : way(b.roleTemplateId);
        if (!found) continue;
        const subject = b.userId ? { type: 'user', id: b.userId } : { type: 'group', id: b.groupPrincipalId };
        answers.push({ subject, clusterId: cluster || null, projectId: b.projectId || null, chain: [...(b.userId ? [] : [subject]), { type: kinds[plural].type, id: b.id }, ...found[0].map((x) => ({ type: b.globalRoleId ? 'globalRole' : 'roleTemplate', id: x })), { type: 'policyRule', rule: found[1] }] });
      }
    }
    return [200, { type: 'accessReview', total: answers.length, partial: false, answers }];
  }

  // What it answers, or null where it is not asked.
  function answer(ctx) {
    const m = /^\/v3\/(?:cluster\/([^/]+)\/)?([a-zA-Z]+)(?:\/(.+))?$/.exec(ctx.url.pathname);
    if (!m) return null;
    const [, cluster, plural, rest] = m, name = rest && decodeURIComponent(rest), action = ctx.url.searchParams.get('action');
    if (cluster) return plural != 'namespaces' ? null : cluster == 'c-prod' ? spaces(ctx, name) : [200, collection('namespace', [])];
    if (plural == 'principals') return principals(ctx, name);
    if (plural == 'auditlogs') return audited(ctx, name);
    if (plural == 'accessreviews') return review(ctx.json);
    const kind = Object.values(kinds).find((k) => k.plural.toLowerCase() == plural.toLowerCase());
    if (!kind) return null;
    if (!name && ctx.method == 'GET') {
      const wanted = ['clusterId', 'projectId', 'userId', 'roleTemplateId', 'globalRoleId'].filter((f) => ctx.url.searchParams.get(f));
      return [200, collection(kind.type, [...kind.objects.values()].filter((o) => wanted.every((f) => o[f] == ctx.url.searchParams.get(f))).map(shown))];
    }
    if (!name) return create(ctx, kind, ctx.json);
    const o = kind.objects.get(name);
    if (!o) return error(404, 'NotFound', 'not found');
    if (action && kind.type == 'node') return o.actions[action] ? nodeAction(ctx, o, action, ctx.json) : error(404, 'ActionNotAvailable', 'that action is not there now');
    if (action == 'setpassword') { o.password = ctx.json.newPassword; return [200, { ...o, password: undefined }]; }
    if (ctx.method == 'DELETE') {
      if (!o.links.remove) return error(405, 'MethodNotAllow', `the ${o.name} ${kind.type} cannot be deleted`);
      kind.objects.delete(name);
      if (kind.type == 'project') for (const n of inside(name)) { n.project = ''; emitNamespace('MODIFIED', n); }
      ctx.broadcast('resource.remove', { ...o, state: 'removed' });
      return [200, o];
    }
    if (ctx.method == 'PUT') { Object.assign(o, ctx.json); said(ctx, kind, o); return [200, shown(o)]; }
    return [200, shown(o)];
  }
  return { kinds, namespaces, answer, handle(ctx) { const got = answer(ctx); if (got) ctx.send(got[0], got[1] ?? ''); return !!got; } };
}
