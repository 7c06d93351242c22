// The dashboard in a real browser against a made-up server: every page and what a person does there, found by role and name.
import { test, run, node, said, alerted, paste, check, until, ready, focused } from './harness.mjs';

const firstState = (page) => page.locator('#mirror [role=row][aria-rowindex] [role=gridcell]').nth(1).textContent();

test('sign in: a wrong password, then the right one, back to the wanted page', { path: '/dashboard/login?to=/dashboard/settings' }, async (page, s) => {
  s.state.loggedIn = false;
  await page.fill('#username', 'lena.moser');
  await page.fill('#password', 'wrong horse');
  await page.click('.primary');
  await page.getByText('Username or password is wrong').waitFor();
  await page.fill('#password', 'right horse');
  await page.click('.primary');
  await page.waitForURL('**/dashboard/settings');
  await ready(page);
  await node(page, 'heading', 'Settings').waitFor();
});

test('sign in: without a session every page leads to the form', { path: '/dashboard/login' }, async (page, s) => {
  s.state.loggedIn = false;
  await page.goto(s.url + '/dashboard/c/c-prod/r/core/pods');
  await page.waitForURL('**/dashboard/login?to=*');
  check(decodeURIComponent(page.url()).endsWith('to=/dashboard/c/c-prod/r/core/pods'), 'the wanted page is lost: ' + page.url());
});

test('sign in: a password that was set by somebody else is changed first', { path: '/dashboard/login' }, async (page, s) => {
  s.state.mustChangePassword = true;
  await page.fill('#username', 'admin');
  await page.fill('#password', 'right horse');
  await page.click('.primary');
  await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
  await page.fill('#new', 'correct horse battery');
  await page.fill('#again', 'correct horse battery');
  await page.click('#change .primary');
  await page.waitForURL('**/dashboard/clusters');
  await ready(page);
});

test('clusters: worst first, tabs, filter, live changes', async (page, s) => {
  await until('rows', async () => (await page.locator('#mirror [role=grid] [role=row]').count()) == 13);
  const names = await page.locator('#mirror [role=row][aria-rowindex]').evaluateAll((rows) => rows.map((r) => r.getAttribute('aria-label')));
  check(names[0] == 'edge-store-117', 'the worst is not first: ' + names[0]);
  await said(page, 'Node ci-w-07 reports DiskPressure');
  await node(page, 'tab', 'Needs attention').click();
  await until('three rows', async () => (await page.locator('#mirror [role=row][aria-rowindex]').count()) == 3);
  await node(page, 'tab', 'All').click();
  await page.keyboard.press('/');
  await focused(page, 'Filter clusters');
  await page.keyboard.type('gpu');
  await until('one row', async () => (await page.locator('#mirror [role=row][aria-rowindex]').count()) == 1);
  s.broadcast('resource.change', s.world.setState('c-gpu', 'active'));
  await until('it is active', async () => (await firstState(page)) == 'Active');
});

test('clusters: removing wants the name', async (page, s) => {
  await node(page, 'button', 'Actions for dev-shared').click();
  await node(page, 'menuitem', 'Remove').click();
  await focused(page, 'Type the name');
  await page.keyboard.type('dev-shared');
  await page.keyboard.press('Enter');
  await until('it is gone', async () => !s.world.clusters.has('c-dev'));
  await until('its row is gone', async () => (await page.locator('#mirror [role=row][aria-label="dev-shared"]').count()) == 0);
});

test('import: a command, then the cluster comes', { path: '/dashboard/clusters/import' }, async (page, s) => {
  await node(page, 'textbox', 'Cluster name').click();
  await focused(page, 'Cluster name');
  await page.keyboard.type('edge-berlin-03');
  await page.keyboard.press('Enter');
  await said(page, 'kubectl apply -f https://paddock.corp.example/v3/import/');
  check(/cluster=c-/.test(page.url()), 'the address does not name the cluster');
  await node(page, 'tab', 'curl and kubectl').click();
  await said(page, 'curl --insecure');
  await node(page, 'radio', 'Run the agent elsewhere').click();
  await said(page, 'paddock agent --server https://paddock.corp.example --token');
  const id = new URL(page.url()).searchParams.get('cluster');
  s.broadcast('resource.change', s.world.setState(id, 'active', { version: { gitVersion: 'v1.36.0' } }));
  await until('it can be opened', async () => !(await node(page, 'button', 'Open edge-berlin-03').getAttribute('aria-disabled')));
  await node(page, 'button', 'Open edge-berlin-03').click();
  await page.waitForURL('**/dashboard/c/' + id);
});

test('import: a kubeconfig is handed over', { path: '/dashboard/clusters/import' }, async (page, s) => {
  await node(page, 'radio', 'Use a kubeconfig').click();
  await node(page, 'textbox', 'Cluster name').click();
  await focused(page, 'Cluster name');
  await page.keyboard.type('by-config');
  await node(page, 'textbox', 'Kubeconfig').click();
  await focused(page, 'Kubeconfig');
  await paste(page, 'apiVersion: v1\nkind: Config\n');
  await until('it may be sent', async () => !(await node(page, 'button', 'Import', true).getAttribute('aria-disabled')));
  await node(page, 'button', 'Import', true).click();
  await until('it was sent', () => [...s.world.clusters.values()].some((c) => c.name == 'by-config'));
});

test('overview: counts, capacity, nodes, events', { path: '/dashboard/c/c-prod' }, async (page) => {
  await node(page, 'heading', 'prod-eu-west').waitFor();
  await node(page, 'meter', 'CPU').waitFor();
  await node(page, 'link', 'Pods 642').waitFor();
  await node(page, 'link', 'eu-w1-cp-1').waitFor();
  await said(page, 'FailedMount: Secret ledger-s3 not found');
  await node(page, 'link', 'Pods 642').click();
  await page.waitForURL('**/r/core/pods');
});

test('explorer: filter, namespaces, sort, live rows, delete', { path: '/dashboard/c/c-prod/r/core/pods' }, async (page, s) => {
  await until('642 pods', async () => (await page.locator('#mirror [role=grid]').getAttribute('aria-rowcount')) == '642');
  const first = await page.locator('#mirror [role=row][aria-rowindex="2"]').getAttribute('aria-label');
  check(first.startsWith('checkout-api'), 'the crashing pod is not first');
  await said(page, 'Container api: CrashLoopBackOff');
  s.world.pods.push({ name: 'newcomer-1', namespace: 'shop', uid: 'pod-new', status: 'Running', ready: '1/1', restarts: '0', created: Date.now(), ip: '10.0.0.1', node: 'n', app: 'newcomer' });
  s.world.emit('pods', 'ADDED', s.world.pods.at(-1));
  await until('643 pods', async () => (await page.locator('#mirror [role=grid]').getAttribute('aria-rowcount')) == '643');
  await page.keyboard.press('/');
  await focused(page, 'Filter');
  await page.keyboard.type('newcomer');
  await until('one row', async () => (await page.locator('#mirror [role=grid]').getAttribute('aria-rowcount')) == '1');
  await until('the filter is in the address', () => page.url().includes('q=newcomer'));
  await node(page, 'checkbox', 'Select newcomer-1').click();
  await node(page, 'button', 'Delete', true).click();
  await node(page, 'dialog', 'Confirm').waitFor();
  await page.locator('#mirror [role=dialog]').getByRole('button', { name: 'Delete', exact: true }).click();
  await until('it is deleted', () => !s.world.pods.some((p) => p.name == 'newcomer-1'));
});

test('explorer: the namespace filter', { path: '/dashboard/c/c-prod/r/core/pods' }, async (page) => {
  await until('pods', async () => (await page.locator('#mirror [role=grid]').getAttribute('aria-rowcount')) == '642');
  await node(page, 'columnheader', 'Name').click();
  await until('sorted', async () => (await page.locator('#mirror [role=columnheader][aria-sort]').getAttribute('aria-label')) == 'Name');
  await page.keyboard.press('n');
  await node(page, 'checkbox', 'payments', true).click();
  await page.keyboard.press('Escape');
  await until('fewer pods', async () => Number(await page.locator('#mirror [role=grid]').getAttribute('aria-rowcount')) < 200);
  await until('namespaces are in the address', () => page.url().includes('ns=payments'));
});

test('object: edit, review, save', { path: '/dashboard/c/c-prod/r/apps/deployments/shop/checkout-api#yaml' }, async (page, s) => {
  const yaml = node(page, 'textbox', 'YAML');
  await yaml.waitFor();
  const text = await yaml.inputValue();
  check(text.includes('replicas: 3') && !text.includes('managedFields'), 'not the object: ' + text.slice(0, 80));
  await yaml.click();
  await page.keyboard.press('Control+a');
  await paste(page, text.replace('replicas: 3', 'replicas: 5'));
  await said(page, 'Replicas: 3');
  await node(page, 'button', 'Review changes').click();
  await said(page, 'Dry run accepted');
  await node(page, 'button', 'Save 1 change').click();
  await alerted(page, 'Saved checkout-api');
  void s;
});

test('object: a mistake is shown where it is', { path: '/dashboard/c/c-prod/r/apps/deployments/shop/checkout-api#yaml' }, async (page) => {
  const yaml = node(page, 'textbox', 'YAML');
  await yaml.waitFor();
  await yaml.click();
  await page.keyboard.press('Control+a');
  await paste(page, 'spec:\n  a: [1, 2\n  b: 3\n');
  await page.locator('#mirror').getByText(/line \d+/).first().waitFor({ state: 'attached' });
  check(await node(page, 'button', 'Review changes').getAttribute('aria-disabled') == 'true', 'it could be saved');
});

test('object: what somebody else changed meanwhile is merged', { path: '/dashboard/c/c-prod/r/apps/deployments/shop/checkout-api#yaml' }, async (page, s) => {
  const yaml = node(page, 'textbox', 'YAML');
  await yaml.waitFor();
  await yaml.click();
  const text = await yaml.inputValue();
  await page.keyboard.press('Control+a');
  await paste(page, text.replace('replicas: 3', 'replicas: 5'));
  await said(page, 'Replicas: 3');
  const put = await page.request.get(s.url + '/k8s/clusters/c-prod/apis/apps/v1/namespaces/shop/deployments/checkout-api');
  const theirs = await put.json();
  theirs.spec.revisionHistoryLimit = 3;
  await page.request.put(s.url + '/k8s/clusters/c-prod/apis/apps/v1/namespaces/shop/deployments/checkout-api', { data: theirs, headers: { 'X-API-CSRF': 'abc' } });
  await node(page, 'button', 'Review changes').click();
  await said(page, 'Somebody else changed it');
  // The watch of the made-up server tells nothing; the page reads the newer object itself.
  await page.reload();
  await ready(page);
});

test('create: several documents, tried first, each told', { path: '/dashboard/c/c-prod/r/core/configmaps' }, async (page, s) => {
  await node(page, 'button', 'Create', true).click();
  await page.waitForURL('**/dashboard/c/c-prod/create?*');
  const yaml = node(page, 'textbox', 'YAML');
  await yaml.waitFor();
  check((await yaml.inputValue()).startsWith('apiVersion: v1\nkind: ConfigMap\n'), 'it does not begin with what the list was of');
  await yaml.click();
  await focused(page, 'YAML');
  await page.keyboard.press('Control+a');
  await paste(page, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: colours\n  namespace: shop\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shapes\nspec: {}\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: ledger-db\n  namespace: shop\n');
  await said(page, 'ConfigMap in default shapes: Not tried yet');
  check(await node(page, 'button', 'Create 3 objects').getAttribute('aria-disabled') == 'true', 'it could be created untried');
  await node(page, 'button', 'Try it (dry run)').click();
  await said(page, 'ConfigMap in shop colours: Would be created');
  await said(page, 'unknown field "spec"');
  await said(page, 'It exists already');
  check(!s.world.sets.configmaps[0].length, 'the dry run made something');
  await node(page, 'button', 'Create 3 objects').click();
  await said(page, 'ConfigMap in shop colours: Created');
  check(s.world.sets.configmaps[0].map((c) => c.name).join() == 'colours', 'not what was asked');
  await node(page, 'link', 'colours').click();
  await page.waitForURL('**/r/core/configmaps/shop/colours');
});

test('create: from the palette; a mistake is told', { path: '/dashboard/c/c-prod' }, async (page) => {
  await node(page, 'heading', 'prod-eu-west').waitFor();
  await page.keyboard.press('Control+k');
  await focused(page, 'Search everything');
  await page.keyboard.type('create from');
  await until('found', async () => (await page.locator('#mirror [role=option]').first().getAttribute('aria-label')) == 'Create from YAML');
  await page.keyboard.press('Enter');
  const yaml = node(page, 'textbox', 'YAML');
  await yaml.click();
  await focused(page, 'YAML');
  await paste(page, 'apiVersion: v1\nkind: Unicorn\nmetadata:\n  name: a\n');
  await said(page, 'the cluster has no Unicorn in v1');
});

test('workload: its pods with what they use, related, scale, restart', { path: '/dashboard/c/c-prod/r/apps/deployments/shop/checkout-api' }, async (page, s) => {
  await node(page, 'tab', 'Pods').click();
  await until('its pods', async () => Number(await page.locator('#mirror [role=grid][aria-label=Pods]').getAttribute('aria-rowcount')) > 0);
  const names = await page.locator('#mirror [role=row][aria-rowindex]').evaluateAll((rows) => rows.map((r) => r.getAttribute('aria-label')));
  check(names.every((n) => n.startsWith('checkout-api')), 'pods of others: ' + names[0]);
  await until('their use', async () => /\d+m/.test(await page.locator('#mirror [role=row][aria-rowindex]').first().textContent()));
  await node(page, 'tab', 'Related').click();
  await node(page, 'link', 'checkout-api-7d9f6b5c4').waitFor();
  await node(page, 'button', 'Scale', true).click();
  await focused(page, 'Replicas');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('5');
  await page.keyboard.press('Enter');
  await alerted(page, 'Scaled to 5');
  await node(page, 'button', 'Restart', true).click();
  await alerted(page, 'Restarting');
  const now = await (await page.request.get(s.url + '/k8s/clusters/c-prod/apis/apps/v1/namespaces/shop/deployments/checkout-api')).json();
  check(now.spec.replicas == 5 && now.spec.template.metadata.annotations['paddock.io/restartedAt'], 'not changed: ' + JSON.stringify(now.spec).slice(0, 80));
});

test('list: scale and restart from the row, use of pods', { path: '/dashboard/c/c-prod/r/apps/deployments' }, async (page, s) => {
  await node(page, 'button', 'Actions for storefront').click();
  await node(page, 'menuitem', 'Restart').click();
  await alerted(page, 'Restarting');
  await node(page, 'button', 'Actions for storefront').click();
  await node(page, 'menuitem', 'Scale').click();
  await focused(page, 'Replicas');
  await node(page, 'button', 'One more').click();
  await page.locator('#mirror [role=dialog]').getByRole('button', { name: 'Scale', exact: true }).click();
  await alerted(page, 'Scaled to 4');
  await page.goto(s.url + '/dashboard/c/c-prod/r/core/pods');
  await ready(page);
  await node(page, 'columnheader', 'Memory').waitFor();
  await until('figures', async () => /\d+Mi/.test(await page.locator('#mirror [role=row][aria-rowindex]').first().textContent()));
});

test('node: cordon and uncordon', { path: '/dashboard/c/c-prod/r/core/nodes/_/eu-w1-w-1' }, async (page) => {
  await node(page, 'button', 'Cordon', true).click();
  await alerted(page, 'Cordoned');
  await said(page, 'Ready, cordoned');
  await node(page, 'button', 'Uncordon', true).click();
  await alerted(page, 'Uncordoned');
  await said(page, 'CPU now');
  await node(page, 'tab', 'Pods').click();
  await until('its pods', async () => Number(await page.locator('#mirror [role=grid][aria-label=Pods]').getAttribute('aria-rowcount')) > 0);
});

test('secret: values are hidden until asked for, and copied', { path: '/dashboard/c/c-prod/r/core/secrets/shop/ledger-db', page: { permissions: ['clipboard-read', 'clipboard-write'] } }, async (page) => {
  await node(page, 'button', 'Show password').waitFor();
  const seen = () => page.locator('#mirror').textContent();
  check(!(await seen()).includes('correct horse'), 'the value is shown unasked');
  await node(page, 'button', 'Show password').click();
  await said(page, 'correct horse');
  await node(page, 'button', 'Copy user').click();
  await until('copied', async () => (await page.evaluate(() => navigator.clipboard.readText())) == 'ledger');
  await node(page, 'button', 'Copy UID').click();
  await until('copied', async () => (await page.evaluate(() => navigator.clipboard.readText())) == 'sec-1');
});

test('dock: log with search, shell, both outlive navigation', { path: '/dashboard/c/c-prod/r/core/pods' }, async (page) => {
  await until('pods', async () => (await page.locator('#mirror [role=grid]').getAttribute('aria-rowcount')) == '642');
  await page.keyboard.press('j');
  await page.keyboard.press('l');
  const logs = page.locator('#mirror section[aria-label=Logs] [role=log]');
  await until('lines', async () => /redis: connection refused/.test(await logs.textContent().catch(() => '')));
  await page.keyboard.press('s');
  const shell = page.locator('#mirror section[aria-label=Shells] [role=log]');
  await until('a prompt', async () => /app@2mlpx/.test(await shell.textContent().catch(() => '')));
  await page.keyboard.type('echo it works');
  await page.keyboard.press('Enter');
  await until('an answer', async () => /\nit works/.test(await shell.textContent()));
  await page.keyboard.press('Shift+Escape');
  await node(page, 'link', 'Overview').click();
  await node(page, 'heading', 'prod-eu-west').waitFor();
  check(/it works/.test(await shell.textContent()), 'the shell did not outlive navigation');
});

test('palette, keys, theme, back', async (page) => {
  await node(page, 'row', 'prod-eu-west').waitFor();
  await page.keyboard.press('Control+k');
  await focused(page, 'Search everything');
  await page.keyboard.type('prod eu');
  await until('found', async () => (await page.locator('#mirror [role=option]').first().getAttribute('aria-label')) == 'prod-eu-west');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/dashboard/c/c-prod');
  await page.goBack();
  await node(page, 'heading', 'Clusters').waitFor();
  await page.keyboard.press('?');
  await node(page, 'dialog', 'Keys').waitFor();
  await page.keyboard.press('Escape');
  await node(page, 'button', 'Switch theme').click();
  await until('dark', () => page.evaluate(() => document.documentElement.dataset.theme == 'dark'));
});

test('addresses that lead nowhere say so', { path: '/dashboard/no/such/page' }, async (page, s) => {
  await alerted(page, 'This page does not exist');
  await page.goto(s.url + '/dashboard/c/c-prod/r/core/unicorns');
  await alerted(page, 'The cluster has no unicorns');
  await page.goto(s.url + '/dashboard/c/c-prod/r/core/pods/shop/nobody');
  await alerted(page, 'does not exist');
});

test('users and keys', { path: '/dashboard/keys' }, async (page, s) => {
  await node(page, 'row', 'token-8fzk2').waitFor();
  await node(page, 'button', 'Create key').click();
  await focused(page, 'Description');
  await page.keyboard.type('pipeline');
  await page.locator('#mirror [role=dialog]').getByRole('button', { name: 'Create', exact: true }).click();
  await said(page, ':secretsecretsecret');
  check(s.log.some((l) => l.startsWith('POST /v3/tokens')), 'no key was made');
});

test('a lost server is told, its return too', async (page, s) => {
  await node(page, 'row', 'prod-eu-west').waitFor();
  s.state.down = true;
  s.cut();
  await page.locator('#mirror [role=alert]').filter({ hasText: 'Not live' }).waitFor({ state: 'attached' });
  await until('states are past', async () => (await firstState(page)).startsWith('was '));
  await node(page, 'button', 'Try now').click();
  s.state.down = false;
  await until('live', async () => (await firstState(page)) == 'Unavailable');
});

test('a page at rest draws nothing', { path: '/dashboard/preferences' }, async (page) => {
  await node(page, 'heading', 'Preferences').waitFor();
  await page.mouse.move(700, 860);
  await page.waitForTimeout(1500);
  const before = await page.evaluate(() => window.frames_drawn);
  await page.waitForTimeout(4000);
  const drawn = (await page.evaluate(() => window.frames_drawn)) - before;
  check(drawn == 0, `${drawn} frames in 4 s`);
});

test('a lost canvas comes back', async (page) => {
  await node(page, 'row', 'prod-eu-west').waitFor();
  const before = await page.screenshot();
  await page.evaluate(() => {
    window.lose = document.getElementById('canvas').getContext('webgl2').getExtension('WEBGL_lose_context');
    window.lose.loseContext();
  });
  await until('it is lost', () => page.evaluate(() => document.getElementById('canvas').getContext('webgl2').isContextLost()));
  await page.evaluate(() => window.lose.restoreContext());
  await until('the page is drawn', async () => (await page.screenshot()).length > before.length * 0.8);
});

test('crisp at every pixel ratio', { page: { deviceScaleFactor: 2 } }, async (page) => {
  await node(page, 'row', 'prod-eu-west').waitFor();
  const size = await page.evaluate(() => [document.getElementById('canvas').width, document.getElementById('canvas').height]);
  check(size[0] == 2880 && size[1] == 1800, 'canvas is ' + size);
});

test('on a phone clusters are cards', { page: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } }, async (page) => {
  await node(page, 'link', 'prod-eu-west, Active').waitFor({ state: 'attached' });
  await node(page, 'link', 'edge-store-117, Unavailable').click();
  await page.waitForURL('**/dashboard/c/c-edge1');
});

await run();
