// A made-up fleet: the clusters of the design pictures, one of them with nodes, workloads, pods, logs and a shell.

import { makeManagement } from './management.mjs';

const DAY = 86400e3;
const iso = (ms) => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');

function random(seed) {
  let s = seed >>> 0;
  return () => { s = (s * 1664525 + 1013904223) >>> 0; return s / 2 ** 32; };
}

export function makeWorld({ pods: podCount }) {
  const now = Date.now();
  const rnd = random(7);
  let revision = 1000;
  const gi = (n) => `${n}Gi`;
  const cluster = (id, name, state, provider, version, nodes, ready, cpu, mem, pods, age, region, message) => ({
    id, type: 'cluster', baseType: 'cluster', name, state, provider, transitioning: state == 'waiting' || state == 'upgrading' ? 'yes' : 'no',
    transitioningMessage: message || '', version: version ? { gitVersion: version } : {}, nodeCount: nodes, nodesReady: ready,
    allocatable: nodes ? { cpu: '72', memory: gi(288), pods: '990' } : null,
    capacity: nodes ? { cpu: '72', memory: gi(288), pods: '990' } : null,
    requested: cpu ? { cpu: `${Math.round(720 * cpu)}00m`, memory: gi((288 * mem).toFixed(2)), pods: String(pods) } : null,
    conditions: [{ type: 'Ready', status: state == 'active' ? 'True' : 'False' }, { type: 'Connected', status: state == 'unavailable' ? 'False' : 'True' },
      { type: 'AgentDeployed', status: 'True' }],
    componentStatuses: [{ name: 'etcd-0', conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] },
      { name: 'scheduler', conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] },
      { name: 'controller-manager', conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] }],
    apiEndpoint: 'https://10.40.0.10:6443',
    created: iso(now - age), labels: region ? { region } : {}, agentLastSeen: iso(now - (state == 'unavailable' ? 14 * 60e3 : 4e3)), links: { self: '/v3/clusters/' + id },
    actions: { generateKubeconfig: `/v3/clusters/${id}?action=generateKubeconfig` },
  });
  const clusters = new Map([
    cluster('c-edge1', 'edge-store-117', 'unavailable', 'k3s', 'v1.32.8+k3s1', 1, 0, 0, 0, 0, 203 * DAY, 'Lyon', 'Agent last seen 14m ago. Trying again in 22s'),
    cluster('c-ci', 'ci-runners', 'degraded', 'rke2', 'v1.33.4+rke2r1', 12, 11, 0.84, 0.71, 804, 131 * DAY, 'eu-west-1', 'Node ci-w-07 reports DiskPressure for 6m; 3 pods evicted'),
    cluster('c-gpu', 'gpu-research', 'degraded', 'rke2', 'v1.32.7+rke2r1', 4, 4, 0.77, 0.94, 118, 88 * DAY, 'on premises', 'Memory at 94% for 18m; 2 pods cannot be placed'),
    cluster('c-stag', 'staging-us', 'upgrading', 'k3s', 'v1.33.4', 5, 5, 0.38, 0.52, 171, 260 * DAY, 'us-east-1', '2 of 5 nodes upgraded. Waiting for staging-us-w2 to drain (4 pods left)'),
    cluster('c-ber', 'edge-berlin-02', 'waiting', '', '', 0, 0, 0, 0, 0, 3 * 60e3, 'Berlin', 'Waiting for the agent to connect. Command valid for another 57m'),
    cluster('c-prod', 'prod-eu-west', 'active', 'rke2', 'v1.33.4+rke2r1', 9, 9, 0.62, 0.71, podCount < 990 ? podCount : 642, 412 * DAY, 'eu-west-1'),
    cluster('c-us', 'prod-us-east', 'active', 'eks', 'v1.33.3-eks-3abbec1', 14, 14, 0.54, 0.66, 911, 398 * DAY, 'us-east-1'),
    cluster('c-ap', 'prod-ap-south', 'active', 'gke', 'v1.32.7-gke.1016000', 11, 11, 0.47, 0.58, 530, 310 * DAY, 'asia-south1'),
    cluster('c-pci', 'payments-pci', 'active', 'rke2', 'v1.32.8+rke2r1', 7, 7, 0.41, 0.63, 248, 365 * DAY, 'on premises'),
    cluster('c-data', 'data-platform', 'active', 'aks', 'v1.32.6', 18, 18, 0.73, 0.82, 990, 187 * DAY, 'westeurope'),
    cluster('c-seu', 'staging-eu', 'active', 'k3s', 'v1.33.4+k3s1', 5, 5, 0.29, 0.44, 164, 260 * DAY, 'eu-west-1'),
    cluster('c-dev', 'dev-shared', 'active', 'k3s', 'v1.34.1+k3s1', 6, 6, 0.35, 0.57, 286, 72 * DAY, 'fsn1'),
  ].map((c) => [c.id, c]));

  const names = ['checkout-api', 'gateway', 'ledger-api', 'payments-worker', 'redis-cart', 'search-indexer', 'storefront', 'mail-relay', 'catalog', 'pricing'];
  const spaces = ['shop', 'payments', 'kube-system', 'monitoring', 'ingress-nginx', 'search', 'mail'];
  const hash = () => Math.floor(rnd() * 36 ** 5).toString(36).padStart(5, '0');
  const pods = [];
  for (let i = 0; i < podCount; i++) {
    const app = names[i % names.length], ns = spaces[Math.floor(i / 3) % spaces.length];
    const status = i == 0 ? 'CrashLoopBackOff' : i == 1 ? 'Pending' : i == 2 ? 'ContainerCreating' : 'Running';
    pods.push({ name: `${app}-${hash()}${hash()}-${hash()}`.replace(/-(.{5})(.{4}).-/, '-$1$2-'), namespace: ns, uid: `pod-${i}`, status,
      ready: status == 'Running' ? '1/1' : i == 0 ? '1/2' : '0/1', restarts: i == 0 ? '23 (12s ago)' : String(i % 17 == 3 ? 2 : 0),
      created: now - (i == 2 ? 14e3 : i == 1 ? 4 * 60e3 : 2 * 3600e3 + Math.floor(rnd() * 9e8)), ip: `10.42.${i % 9}.${i % 250}`, node: `eu-w1-w-${1 + i % 6}`, app });
  }
  const tableOf = (columns, rows, meta) => ({
    kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: { resourceVersion: String(revision), ...meta },
    columnDefinitions: columns.map(([name, type = 'string', priority = 0]) => ({ name, type, format: name == 'Name' ? 'name' : '', priority, description: name })),
    rows,
  });
  const meta = (o) => ({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: o.name, namespace: o.namespace, uid: o.uid,
    resourceVersion: String(revision), creationTimestamp: iso(o.created), labels: { app: o.app || o.name }, ...(o.owner ? { ownerReferences: [o.owner] } : {}) } });
  const age = (ms) => { const s = (Date.now() - ms) / 1000; return s < 60 ? `${s | 0}s` : s < 3600 ? `${s / 60 | 0}m` : s < 86400 ? `${s / 3600 | 0}h` : `${s / 86400 | 0}d`; };
  const podColumns = [['Name'], ['Ready'], ['Status'], ['Restarts'], ['Age'], ['IP', 'string', 1], ['Node', 'string', 1], ['Nominated Node', 'string', 1], ['Readiness Gates', 'string', 1]];
  const podRow = (p) => ({ cells: [p.name, p.ready, p.status, p.restarts, age(p.created), p.ip, p.node, '<none>', '<none>'], object: meta(p) });
  const nodes = ['cp-1', 'cp-2', 'cp-3', 'w-1', 'w-2', 'w-3', 'w-4', 'w-5', 'w-6'].map((n, i) => ({ name: 'eu-w1-' + n, uid: 'node-' + n, created: now - (412 - i * 20) * DAY,
    role: n[0] == 'c' ? 'control-plane' : '<none>', status: 'Ready', version: 'v1.33.4+rke2r1', ip: '10.40.0.' + (10 + i) }));
  const nodeColumns = [['Name'], ['Status'], ['Roles'], ['Age'], ['Version'], ['Internal-IP', 'string', 1]];
  const nodeRow = (n) => ({ cells: [n.name, n.status, n.role, age(n.created), n.version, n.ip], object: meta(n) });
  const namespaces = [...spaces, ...Array.from({ length: 35 }, (_, i) => 'team-' + (i + 1))].map((n, i) => ({ name: n, uid: 'ns-' + i, created: now - (300 - i) * DAY }));
  const deployments = names.map((n, i) => ({ name: n, namespace: spaces[i % 3], uid: 'dep-' + i, created: now - (187 - i) * DAY, ready: n == 'checkout-api' ? '2/3' : '3/3', app: n }));
  const deployColumns = [['Name'], ['Ready'], ['Up-to-date', 'integer'], ['Available', 'integer'], ['Age'], ['Containers', 'string', 1], ['Images', 'string', 1], ['Selector', 'string', 1]];
  const deployRow = (d) => ({ cells: [d.name, d.ready, 3, parseInt(d.ready), age(d.created), 'api', 'registry.corp.example/shop/' + d.name + ':4.18.2', 'app=' + d.name], object: meta(d) });
  const events = [['Warning', 'BackOff', 'pod/' + pods[0].name, 'Restarting failed container api, exit 137', 23, 12e3], ['Warning', 'FailedMount', 'pod/' + pods[Math.min(1, pods.length - 1)].name, 'Secret ledger-s3 not found', 6, 60e3],
    ['Normal', 'SuccessfulRescale', 'horizontalpodautoscaler/storefront', 'New size 14, CPU above target', 1, 180e3], ['Normal', 'Pulled', 'pod/' + pods[Math.min(2, pods.length - 1)].name, 'Image in 1.8s', 1, 190e3],
    ['Warning', 'Unhealthy', 'pod/search-indexer-0', 'Readiness probe: HTTP 503', 4, 360e3], ['Normal', 'CertIssued', 'certificate/shop-tls', 'Valid until 20 Feb 2027', 1, 18 * 60e3],
    ['Normal', 'Completed', 'job/db-backup-29110380', 'Finished in 4m 12s', 1, 41 * 60e3]].map(([type, reason, object, message, count, ago], i) => ({ name: 'event-' + i, namespace: 'shop', uid: 'ev-' + i, created: now - ago, type, reason, object, message, count, last: now - ago }));
  const eventColumns = [['Last Seen'], ['Type'], ['Reason'], ['Object'], ['Subobject', 'string', 1], ['Source', 'string', 1], ['Message'], ['First Seen', 'string', 1], ['Count', 'integer', 1], ['Name', 'string', 1]];
  const eventRow = (e) => ({ cells: [age(e.last), e.type, e.reason, e.object, '', 'kubelet', e.message, age(e.last), e.count, e.name],
    object: { ...meta(e), kind: 'Event', apiVersion: 'v1', type: e.type, reason: e.reason, message: e.message, count: e.count, lastTimestamp: iso(e.last) } });
  const sets = { pods: [pods, podColumns, podRow], nodes: [nodes, nodeColumns, nodeRow], namespaces: [namespaces, [['Name'], ['Status'], ['Age']], (n) => ({ cells: [n.name, 'Active', age(n.created)], object: meta(n) })],
    deployments: [deployments, deployColumns, deployRow], events: [events, eventColumns, eventRow] };
  const replicasets = deployments.map((d, i) => ({ name: d.name + '-7d9f6b5c4', namespace: d.namespace, uid: 'rs-' + i, created: d.created, app: d.name, owner: { apiVersion: 'apps/v1', kind: 'Deployment', name: d.name, uid: d.uid, controller: true } }));
  sets.replicasets = [replicasets, [['Name'], ['Desired', 'integer'], ['Current', 'integer'], ['Ready', 'integer'], ['Age']], (r) => ({ cells: [r.name, 3, 3, 3, age(r.created)], object: meta(r) })];
  const secrets = [{ name: 'ledger-db', namespace: 'shop', uid: 'sec-1', created: now - 20 * DAY }];
  sets.secrets = [secrets, [['Name'], ['Type'], ['Data', 'integer'], ['Age']], (s) => ({ cells: [s.name, 'Opaque', 2, age(s.created)], object: meta(s) })];
  const empty = ['statefulsets', 'daemonsets', 'jobs', 'cronjobs', 'services', 'ingresses', 'configmaps', 'persistentvolumeclaims', 'persistentvolumes', 'networkpolicies', 'roles', 'rolebindings', 'clusterroles', 'clusterrolebindings', 'serviceaccounts', 'customresourcedefinitions'];
  for (const e of empty) sets[e] = [[], [['Name'], ['Age']], (o) => ({ cells: [o.name, age(o.created)], object: meta(o) })];

  const resource = (plural, kind, namespaced) => ({ resource: plural, responseKind: { group: '', version: 'v1', kind }, scope: namespaced ? 'Namespaced' : 'Cluster', singularResource: kind.toLowerCase(),
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'] });
  const group = (name, version, resources) => ({ metadata: { name }, versions: [{ version, resources }] });
  const discovery = (items) => ({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items });
  const core = discovery([group('', 'v1', [resource('pods', 'Pod', true), resource('nodes', 'Node', false), resource('namespaces', 'Namespace', false), resource('events', 'Event', true),
    resource('services', 'Service', true), resource('configmaps', 'ConfigMap', true), resource('secrets', 'Secret', true), resource('persistentvolumeclaims', 'PersistentVolumeClaim', true), resource('persistentvolumes', 'PersistentVolume', false), resource('serviceaccounts', 'ServiceAccount', true)])]);
  const apis = discovery([group('apps', 'v1', [resource('deployments', 'Deployment', true), resource('statefulsets', 'StatefulSet', true), resource('daemonsets', 'DaemonSet', true), resource('replicasets', 'ReplicaSet', true)]),
    group('batch', 'v1', [resource('jobs', 'Job', true), resource('cronjobs', 'CronJob', true)]), group('networking.k8s.io', 'v1', [resource('ingresses', 'Ingress', true), resource('networkpolicies', 'NetworkPolicy', true)]),
    group('rbac.authorization.k8s.io', 'v1', [resource('roles', 'Role', true), resource('rolebindings', 'RoleBinding', true), resource('clusterroles', 'ClusterRole', false), resource('clusterrolebindings', 'ClusterRoleBinding', false)]),
    group('apiextensions.k8s.io', 'v1', [resource('customresourcedefinitions', 'CustomResourceDefinition', false)]),
    group('metrics.k8s.io', 'v1beta1', [{ ...resource('pods', 'PodMetrics', true), verbs: ['get', 'list'] }, { ...resource('nodes', 'NodeMetrics', false), verbs: ['get', 'list'] }])]);

  const objects = new Map();
  const deploymentObject = (d) => {
    const key = d.uid;
    if (!objects.has(key)) {
      objects.set(key, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: d.name, namespace: d.namespace, uid: d.uid, resourceVersion: '18823041', generation: 7, creationTimestamp: iso(d.created), labels: { app: d.name },
        annotations: { 'deployment.kubernetes.io/revision': '7' }, managedFields: [{ manager: 'deploy-bot', operation: 'Update', time: iso(now - 2 * 3600e3), fieldsV1: { 'f:spec': {} } }] },
      spec: { replicas: 3, revisionHistoryLimit: 10, selector: { matchLabels: { app: d.name } }, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } }, template: { metadata: { labels: { app: d.name }, annotations: { 'prometheus.io/scrape': 'true' } }, spec: { containers: [{ name: 'api', image: 'registry.corp.example/shop/' + d.name + ':4.18.2',
        ports: [{ containerPort: 8080 }], env: [{ name: 'REDIS_ADDR', value: 'redis-cart-0.redis-cart:6379' }, { name: 'LEGACY_TAX', value: '1' }], resources: { requests: { cpu: '200m', memory: '192Mi' }, limits: { memory: '256Mi' } }, readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10 } }] } } },
      status: { replicas: 3, readyReplicas: 2, availableReplicas: 2, conditions: [{ type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }, { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }] } });
    }
    return objects.get(key);
  };
  const podObject = (p) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: p.name, namespace: p.namespace, uid: p.uid, resourceVersion: '5', creationTimestamp: iso(p.created), labels: { app: p.app }, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: p.app + '-7d9f6b5c4', uid: 'rs-1', controller: true }] },
    spec: { nodeName: p.node, containers: [{ name: 'api', image: 'registry.corp.example/shop/' + p.app + ':4.18.2', ports: [{ containerPort: 8080 }], resources: { limits: { memory: '256Mi' } } }] },
    status: { phase: p.status == 'Running' ? 'Running' : 'Pending', podIP: p.ip, conditions: [{ type: 'Ready', status: p.ready == '1/1' ? 'True' : 'False' }], containerStatuses: [{ name: 'api', ready: p.ready == '1/1', restartCount: parseInt(p.restarts) || 0, image: 'registry.corp.example/shop/' + p.app + ':4.18.2', state: p.status == 'Running' ? { running: { startedAt: iso(p.created) } } : { waiting: { reason: p.status } } }] } });

  const v3 = {
    tokens: [{ id: 'token-8fzk2', type: 'token', name: 'token-8fzk2', description: 'ci pipeline', userId: 'u-1', created: iso(now - 3 * DAY), expiresAt: iso(now + 27 * DAY), ttl: 30 * DAY, current: false, state: 'active', links: {} },
      { id: 'token-abc12', type: 'token', name: 'token-abc12', description: '', userId: 'u-1', created: iso(now - 3600e3), expiresAt: iso(now + 15 * 3600e3), ttl: 16 * 3600e3, current: true, state: 'active', links: {} }],
    settings: [['server-url', 'https://paddock.corp.example', '', ''], ['agent-image', 'paddock/agent:1.0', 'paddock/agent:1.0', ''], ['auth-user-session-ttl-minutes', '960', '960', ''], ['ui-banners', '', '', 'Clusters marked production take changes on weekdays from 08:00 to 16:00 UTC.'], ['telemetry-opt', 'out', 'out', '']].map(([name, value, def, customized]) => ({ id: name, type: 'setting', name, value: value || customized, default: def, customized: value != def, source: 'db', created: iso(now - 10 * DAY), links: {} })),
    preferences: [{ id: 'u-1:pinned-clusters', type: 'preference', name: 'pinned-clusters', value: 'c-prod,c-us,c-pci,c-gpu' }],
    clusterregistrationtokens: [],
  };
  const collection = (type, data) => ({ type: 'collection', resourceType: type, links: {}, actions: {}, data });

  function list(name, ctx, q) {
    const [rows, columns, make] = sets[name];
    const ns = (/namespaces\/([^/]+)\//.exec(ctx.url.pathname) || [])[1];
    const label = /^app=(.+)$/.exec(q.get('labelSelector') || ''), where = /^spec.nodeName=(.+)$/.exec(q.get('fieldSelector') || '');
    const all = rows.filter((r) => (!ns || r.namespace == ns) && (!label || (r.app || r.name) == label[1]) && (!where || r.node == where[1]));
    const from = Number(q.get('continue') || 0), limit = Number(q.get('limit') || 0) || all.length;
    const page = all.slice(from, from + limit);
    const more = from + limit < all.length;
    const m = more ? { continue: String(from + limit), remainingItemCount: all.length - from - limit } : {};
    if (ctx.accept.includes('as=Table')) return ctx.send(200, tableOf(columns, page.map(make), m));
    return ctx.send(200, { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: String(revision), ...m }, items: page.map((o) => make(o).object) });
  }
  const management = makeManagement({ now, iso, clusters, nodes, namespaces, emitNamespace: (type, n) => emit('namespaces', type, n) });
  const watchers = new Set();
  function emit(name, type, object) {
    const [, columns, make] = sets[name];
    revision++;
    for (const w of watchers) {
      if (w.name == name && !w.whole) w.res.write(JSON.stringify({ type, object: { ...tableOf(columns, [make(object)], {}), } }) + '\n');
    }
  }
  function remove(name, ns, what) {
    const rows = sets[name][0], i = rows.findIndex((r) => r.name == what && (!ns || r.namespace == ns));
    if (i < 0) return false;
    const [gone] = rows.splice(i, 1);
    emit(name, 'DELETED', gone);
    return true;
  }

  function k8s(ctx, rest) {
    const q = ctx.url.searchParams;
    if (rest == '/api') return ctx.send(200, core);
    if (rest == '/apis') return ctx.send(200, apis);
    if (rest == '/version') return ctx.send(200, { gitVersion: 'v1.33.4+rke2r1' });
    let m = /\/namespaces\/([^/]+)\/pods\/([^/]+)\/log$/.exec(rest);
    if (m) {
      ctx.res.writeHead(200, { 'content-type': 'text/plain' });
      const lines = [['INFO', 'POST /v1/carts/8f31/checkout 201 48ms user=41877'], ['INFO', 'payment intent created id=pi_3Q8x amount=84.50 EUR'], ['WARN', 'inventory answer slow: 412ms (limit 250ms) sku=TR-1180'], ['INFO', 'POST /v1/carts/21c0/checkout 201 51ms user=90112'], ['ERROR', 'redis: connection refused redis-cart-0:6379, attempt 1 of 5'], ['WARN', 'cart cache bypassed, reading from ledger-api'], ['INFO', 'redis: connected redis-cart-1:6379 in 11ms'], ['INFO', 'GET /v1/carts/21c0 200 9ms user=90112'], ['INFO', 'POST /v1/carts/77aa/checkout 201 44ms user=10394'], ['INFO', 'GET /v1/carts/77aa 200 8ms user=10394'], ['WARN', 'redis: replica lag 380ms on redis-cart-1']];
      let i = 0;
      const line = () => { const [l, t] = lines[i++ % lines.length]; return `${new Date(now - (40 - i) * 400).toISOString().replace('Z', '123456Z')} ${l.padEnd(5)}  ${t}\n`; };
      let out = '';
      for (let k = 0; k < 40; k++) out += line();
      ctx.res.write(out);
      if (q.get('follow') != 'true') return ctx.res.end();
      const timer = setInterval(() => ctx.res.write(line()), Number(process.env.LOG_EVERY || 3000));
      ctx.res.on('close', () => clearInterval(timer));
      return;
    }
    m = /^\/apis\/metrics.k8s.io\/v1beta1(?:\/namespaces\/([^/]+))?\/(pods|nodes)(?:\/([^/]+))?$/.exec(rest);
    if (m) {
      const rows = sets[m[2]][0].filter((o) => (!m[1] || o.namespace == m[1]) && (!m[3] || o.name == m[3]));
      const usage = (i) => ({ cpu: `${(40 + i * 37 % 400) * 1e6}n`, memory: `${(64 + i * 13 % 500) * 1024}Ki` });
      const items = rows.map((o, i) => ({ metadata: { name: o.name, namespace: o.namespace }, ...(m[2] == 'pods' ? { containers: [{ name: 'api', usage: usage(i) }] } : { usage: usage(i) }) }));
      return m[3] ? items.length ? ctx.send(200, items[0]) : ctx.send(404, { code: 404, reason: 'NotFound', message: 'not found' }) : ctx.send(200, { kind: 'List', items });
    }
    m = /^\/(?:api\/v1|apis\/[^/]+\/v1)(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?$/.exec(rest);
    if (rest.match(/^\/api\/v1\/namespaces(\/[^/]+)?$/)) m = [rest, undefined, 'namespaces', rest.split('/')[4]];
    if (!m || !sets[m[2]]) return ctx.send(404, { kind: 'Status', status: 'Failure', code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' });
    const [, ns, name, one] = m;
    if (ctx.method == 'POST' && !one) {
      const o = ctx.json, what = o.metadata.name;
      if (sets[name][0].some((r) => r.name == what && (!ns || r.namespace == ns))) return ctx.send(409, { kind: 'Status', code: 409, reason: 'AlreadyExists', message: `${name} "${what}" already exists` });
      if (name == 'configmaps' && o.spec) return ctx.send(400, { kind: 'Status', code: 400, reason: 'BadRequest', message: 'strict decoding error: unknown field "spec"' });
      if (q.get('dryRun')) return ctx.send(201, o);
      const row = { name: what, namespace: ns, uid: 'made-' + what, created: Date.now(), app: what, ready: '0/1', status: 'Pending', restarts: '0', ip: '', node: '' };
      sets[name][0].push(row);
      objects.set(row.uid, { ...o, metadata: { ...o.metadata, uid: row.uid, resourceVersion: '1', creationTimestamp: iso(row.created) } });
      emit(name, 'ADDED', row);
      return ctx.send(201, objects.get(row.uid));
    }
    if (ctx.method == 'DELETE') return remove(name, ns, one) ? ctx.send(200, { kind: 'Status', status: 'Success' }) : ctx.send(404, { code: 404, reason: 'NotFound', message: `${name} "${one}" not found` });
    if (one) {
      const o = sets[name][0].find((r) => r.name == one && (!ns || r.namespace == ns));
      if (!o) return ctx.send(404, { kind: 'Status', code: 404, reason: 'NotFound', message: `${name} "${one}" not found` });
      const full = objects.get(o.uid) || (name == 'pods' ? podObject(o) : name == 'deployments' ? deploymentObject(o) : name == 'secrets'
        ? { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: meta(o).metadata, data: { password: Buffer.from('correct horse').toString('base64'), user: Buffer.from('ledger').toString('base64') } }
        : name == 'nodes' ? { apiVersion: 'v1', kind: 'Node', metadata: meta(o).metadata, spec: {}, status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }], nodeInfo: { kubeletVersion: o.version, osImage: 'Debian GNU/Linux 13', architecture: 'amd64', containerRuntimeVersion: 'containerd://2.1.4' } } }
        : { apiVersion: 'v1', ...meta(o), kind: name });
      if (ctx.method == 'PATCH') {
        const merge = (to, from) => { for (const [k, v] of Object.entries(from)) if (v && typeof v == 'object' && !Array.isArray(v)) merge(to[k] ||= {}, v); else to[k] = v; };
        merge(full, ctx.json);
        full.metadata.resourceVersion = String(Number(full.metadata.resourceVersion) + 1);
        objects.set(o.uid, full);
        revision++;
        for (const w of watchers) if (w.name == name && w.whole) w.res.write(JSON.stringify({ type: 'MODIFIED', object: full }) + '\n');
        return ctx.send(200, full);
      }
      if (ctx.method == 'PUT') {
        const sent = ctx.json;
        if (sent.metadata.resourceVersion && sent.metadata.resourceVersion != full.metadata.resourceVersion) return ctx.send(409, { kind: 'Status', code: 409, reason: 'Conflict', message: `Operation cannot be fulfilled on ${name} "${one}": the object has been modified; please apply your changes to the latest version and try again` });
        if (sent.spec && sent.spec.replicas < 0) return ctx.send(422, { kind: 'Status', code: 422, reason: 'Invalid', message: 'Deployment is invalid: spec.replicas: Invalid value: must be greater than or equal to 0' });
        if (q.get('dryRun')) return ctx.send(200, sent);
        sent.metadata.resourceVersion = String(Number(full.metadata.resourceVersion) + 1);
        objects.set(o.uid, sent);
        return ctx.send(200, sent);
      }
      return ctx.send(200, full);
    }
    if (q.get('watch')) {
      ctx.res.writeHead(200, { 'content-type': 'application/json' });
      const w = { name, res: ctx.res, whole: !ctx.accept.includes('as=Table') };
      watchers.add(w);
      ctx.res.on('close', () => watchers.delete(w));
      return;
    }
    return list(name, ctx, q);
  }

  function handle(ctx) {
    const p = ctx.url.pathname;
    const m = /^\/k8s\/clusters\/([^/]+)(\/.*)$/.exec(p);
    if (m) return k8s(ctx, m[2]);
    if (p == '/v3/users' && ctx.url.searchParams.get('me')) return ctx.send(200, collection('user', [{ ...management.kinds.users.objects.get('u-1'), mustChangePassword: ctx.state.mustChangePassword }]));
    if (p == '/v3/users' && ctx.url.searchParams.get('action') == 'changepassword') { ctx.state.mustChangePassword = false; return ctx.send(200, {}); }
    if (p == '/v3/tokens' && ctx.url.searchParams.get('action') == 'logout') { ctx.state.loggedIn = false; return ctx.send(200, {}); }
    if (p == '/v3/clusters' && ctx.method == 'GET') return ctx.send(200, collection('cluster', [...clusters.values()]));
    if (p == '/v3/clusters' && ctx.method == 'POST') {
      const c = cluster('c-' + Math.random().toString(36).slice(2, 7), ctx.json.name, 'pending', '', '', 0, 0, 0, 0, 0, 0, '', 'Waiting for the agent to connect');
      clusters.set(c.id, c);
      const token = Math.random().toString(36).slice(2).padEnd(54, 'x');
      const host = 'https://paddock.corp.example';
      v3.clusterregistrationtokens.push({ id: c.id + ':default', type: 'clusterRegistrationToken', clusterId: c.id, token, created: iso(Date.now()),
        manifestUrl: `${host}/v3/import/${token}_${c.id}.yaml`, command: `kubectl apply -f ${host}/v3/import/${token}_${c.id}.yaml`,
        insecureCommand: `curl --insecure -sfL ${host}/v3/import/${token}_${c.id}.yaml | kubectl apply -f -`, state: 'active', links: {} });
      ctx.broadcast('resource.change', c);
      return ctx.send(201, c);
    }
    let one = /^\/v3\/clusters\/([^/]+)$/.exec(p);
    if (one) {
      if (ctx.url.searchParams.get('action') == 'generateKubeconfig') return ctx.send(200, { config: 'apiVersion: v1\nkind: Config\nclusters: []\n' });
      const c = clusters.get(one[1]);
      if (!c) return ctx.send(404, { type: 'error', status: 404, code: 'NotFound', message: 'not found' });
      if (ctx.method == 'DELETE') { clusters.delete(c.id); ctx.broadcast('resource.remove', { type: 'cluster', id: c.id, state: 'removed' }); return ctx.send(200, c); }
      return ctx.send(200, c);
    }
    if (management.handle(ctx)) return undefined;
    const plain = /^\/v3\/([a-zA-Z]+)(?:\/(.+))?$/.exec(p);
    const items = plain && v3[plain[1].toLowerCase()];
    if (items) {
      if (ctx.method == 'GET' && !plain[2]) {
        const cid = ctx.url.searchParams.get('clusterId');
        return ctx.send(200, collection(plain[1], cid ? items.filter((i) => i.clusterId == cid) : items));
      }
      if (ctx.method == 'POST') {
        const o = { id: plain[1].slice(0, 1) + '-' + Math.random().toString(36).slice(2, 7), type: plain[1].replace(/s$/, ''), created: iso(Date.now()), state: 'active', links: {}, ...ctx.json };
        if (plain[1] == 'tokens') { o.id = 'token-' + Math.random().toString(36).slice(2, 7); o.token = o.id + ':secretsecretsecret'; }
        if (plain[1] == 'preferences') o.id = 'u-1:' + ctx.json.name;
        items.push(o);
        return ctx.send(201, o);
      }
      const at = items.findIndex((i) => i.id == decodeURIComponent(plain[2] || ''));
      if (at >= 0 && ctx.method == 'PUT') { Object.assign(items[at], ctx.json); return ctx.send(200, items[at]); }
      if (at >= 0 && ctx.method == 'DELETE') { const [o] = items.splice(at, 1); ctx.broadcast('resource.remove', { type: o.type, id: o.id, state: 'removed' }); return ctx.send(200, o); }
      if (at >= 0) return ctx.send(200, items[at]);
    }
    return ctx.send(404, { type: 'error', status: 404, code: 'NotFound', message: 'not found' });
  }

  // A shell that knows a few words.
  function shell(url, ws) {
    const frame = (channel, text) => ws.binary(Buffer.concat([Buffer.from([channel]), Buffer.from(text)]));
    const prompt = () => frame(1, '\x1b[32mapp@2mlpx\x1b[0m:\x1b[34m/srv\x1b[0m$ ');
    let line = '';
    setTimeout(prompt, 20);
    ws.onmessage = (data) => {
      if (data[0] != 0) return;
      for (const ch of data.subarray(1).toString()) {
        if (ch == '\r') {
          frame(1, '\r\n');
          if (line == 'ls -l') frame(1, 'total 18284\r\n-rwxr-xr-x 1 root root 18661376 Aug 21 09:12 \x1b[32mcheckout-api\x1b[0m\r\ndrwxr-xr-x 2 root root     4096 Aug 21 09:12 \x1b[34mconfig\x1b[0m\r\nlrwxrwxrwx 1 root root       15 Aug 21 09:12 \x1b[36mcerts\x1b[0m -> /run/shop/certs\r\n');
          else if (line.startsWith('echo ')) frame(1, line.slice(5) + '\r\n');
          else if (line == 'exit') { frame(3, '{"status":"Success"}'); return ws.close(); }
          else if (line) frame(1, '\x1b[33m(no answer)\x1b[0m\r\n');
          line = '';
          prompt();
        } else if (ch == '\x7f') { if (line) { line = line.slice(0, -1); frame(1, '\b \b'); } } else { line += ch; frame(1, ch); }
      }
    };
  }
  return { handle, shell, management, clusters, pods, sets, emit, remove, iso,
    setState(id, state, more = {}) { const c = clusters.get(id); Object.assign(c, { state, transitioningMessage: '' }, more); return c; } };
}
