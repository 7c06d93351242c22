// The management pages in a real browser against the made-up server: projects and namespaces, members, roles, users, nodes.
import { test, run, node, said, alerted, check, until, focused } from './harness.mjs';

const dialog = (page) => page.locator('#mirror [role=dialog]');
const rows = (page) => page.locator('#mirror [role=row][aria-rowindex]').evaluateAll((list) => list.map((r) => r.getAttribute('aria-label')));
const kinds = (s, plural) => s.world.management.kinds[plural].objects;
const spaces = (s) => Object.fromEntries(s.world.management.namespaces.map((n) => [n.name, n.project]));
const press = (page, name) => dialog(page).getByRole('button', { name, exact: true }).click();
async function choose(page, box, item) {
  await rested(page);
  await page.getByRole('button', { name: new RegExp('^' + box + ':') }).first().click();
  await node(page, 'menuitem', item, true).waitFor();
  await rested(page);
  await node(page, 'menuitem', item, true).click();
}
// A person looks before they click: what was typed has been drawn.
async function rested(page) {
  let drawn = -1;
  await until('the page is at rest', async () => { const before = drawn; drawn = await page.evaluate(() => window.frames_drawn); if (before == drawn) return true; await page.waitForTimeout(150); return false; });
}
async function type(page, field, text) {
  await node(page, 'textbox', field, true).click();
  await focused(page, field);
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
  await until('it is typed', async () => (await node(page, 'textbox', field, true).inputValue()) == text);
  await rested(page);
}

test('projects: namespaces under their projects, quotas, filter, move', { path: '/dashboard/c/c-prod/projects' }, async (page, s) => {
  await node(page, 'row', 'Storefront').waitFor();
  const names = await rows(page);
  check(names[0] == 'Default', 'projects are not by name: ' + names[0]);
  check(names.indexOf('kube-system') > names.indexOf('System') || !names.includes('kube-system'), 'a namespace is not under its project');
  check((await page.locator('#mirror [role=meter]').count()) == 5, 'not a meter for each limit');
  check(!(await page.locator('#mirror').textContent()).includes('/schemas/'), 'what is no limit is shown as one');
  const meter = node(page, 'meter', 'Payments, CPU limit');
  await meter.waitFor();
  check((await meter.getAttribute('aria-valuetext')) == '7 / 8 cores', 'not what is used: ' + await meter.getAttribute('aria-valuetext'));
  await page.keyboard.press('/');
  await focused(page, 'Filter');
  await page.keyboard.type('mail');
  await until('two rows', async () => (await rows(page)).join() == 'Storefront,mail');
  await rested(page);
  await node(page, 'checkbox', 'Select mail').click();
  await said(page, '1 selected');
  await node(page, 'button', 'Move', true).click();
  await choose(page, 'To project', 'Payments');
  await said(page, 'It would have given out CPU limit: 13 cores of 8 cores, more than it has; Memory limit: 39Gi of 16Gi, more than it has');
  await press(page, 'Move');
  await until('it moved', () => spaces(s).mail == 'c-prod:p-pay01');
  await until('it is shown there', async () => (await rows(page)).join() == 'Payments,mail');
  check((await meter.getAttribute('aria-valuetext')) == '14 / 8 cores', 'the quota did not follow');
});

test("a namespace's own limits: what is left of the project, what does not fit, containers", { path: '/dashboard/c/c-prod/projects/p-shop1#namespaces' }, async (page, s) => {
  const limits = async () => {
    await node(page, 'row', 'mail').getByRole('button').click();
    await node(page, 'menuitem', 'Limits').click();
    await node(page, 'heading', 'Limits of mail').waitFor();
  };
  await node(page, 'row', 'mail').waitFor();
  await limits();
  await until('what it has', async () => (await node(page, 'textbox', 'CPU limit', true).inputValue()) == '6000m');
  await type(page, 'Pods', '900');
  await until('more than is left is refused', async () => (await dialog(page).getByRole('button', { name: 'Save', exact: true }).getAttribute('aria-disabled')) == 'true');
  await type(page, 'Pods', '120');
  await type(page, 'Memory request of each', '64Mi');
  await press(page, 'Save');
  await until('it was sent', () => s.world.management.namespaces.find((n) => n.name == 'mail').put);
  const put = s.world.management.namespaces.find((n) => n.name == 'mail').put;
  check(JSON.stringify(put) == JSON.stringify({ resourceQuota: { limit: { limitsCpu: '6000m', limitsMemory: '24Gi', pods: '120' } }, containerDefaultResourceLimit: { requestsMemory: '64Mi' } }), 'not what was typed: ' + JSON.stringify(put));
  await until('the dialog is gone', async () => (await dialog(page).count()) == 0);
  await until('the row says it', async () => (await node(page, 'row', 'mail').textContent()).includes('Pods 120'));
  await node(page, 'tab', 'Overview').click();
  await until('the project counts it', async () => (await node(page, 'meter', 'Pods').getAttribute('aria-valuetext')) == '300 of 400');
});

test('users: one is made with the roles of new users', { path: '/dashboard/users' }, async (page, s) => {
  await node(page, 'row', 'Aiko Tanaka').waitFor();
  await until('roles are there', async () => (await node(page, 'row', 'Aiko Tanaka').textContent()).includes('Create Clusters'));
  await node(page, 'button', 'Create user').click();
  await focused(page, 'Username');
  await page.keyboard.type('mara');
  await said(page, 'Role User');
  // A menu longer than the room under its box.
  await choose(page, 'Add a role', 'Manage Users');
  await said(page, 'Role Manage Users');
  await rested(page);
  await node(page, 'textbox', 'Password', true).click();
  await focused(page, 'Password');
  await page.keyboard.type('a long enough one');
  await press(page, 'Create');
  const made = await until('it is there', () => [...kinds(s, 'users').values()].find((u) => u.username == 'mara'));
  const roles = () => [...kinds(s, 'globalRoleBindings').values()].filter((b) => b.userId == made.id).map((b) => b.globalRoleId).sort().join();
  await until('its roles', () => roles() == 'user,users-manage');
  await until('its row names them', async () => (await node(page, 'row', 'mara').textContent()).includes('User'));
});

test('projects: create with a quota, edit, delete says what it does', { path: '/dashboard/c/c-prod/projects' }, async (page, s) => {
  await node(page, 'link', 'Create project').click();
  await page.waitForURL('**/projects/create');
  await focused(page, 'Name');
  await page.keyboard.type('Ledger');
  await choose(page, 'Add a limit', 'Pods');
  await type(page, 'Pods of the project', '40');
  await alerted(page, 'Pods: both amounts are needed');
  check(await node(page, 'button', 'Create', true).getAttribute('aria-disabled') == 'true', 'half a quota could be saved');
  await type(page, 'Pods of each namespace', '10');
  await type(page, 'Memory limit', '256Mi');
  await node(page, 'button', 'Create', true).click();
  await page.waitForURL(/projects\/p-[a-z0-9]+$/);
  await node(page, 'heading', 'Ledger').waitFor();
  const made = [...kinds(s, 'projects').values()].at(-1);
  check(JSON.stringify([made.clusterId, made.resourceQuota, made.namespaceDefaultResourceQuota, made.containerDefaultResourceLimit]) ==
    JSON.stringify(['c-prod', { limit: { pods: '40' } }, { limit: { pods: '10' } }, { limitsMemory: '256Mi' }]), 'not what was typed: ' + JSON.stringify(made));
  await node(page, 'tab', 'Namespaces').click();
  await page.waitForURL('**#namespaces');
  await node(page, 'button', 'Create namespace').click();
  await focused(page, 'Name');
  await page.keyboard.type('ledger-a');
  await said(page, 'It gets: Pods 10');
  await press(page, 'Create');
  await node(page, 'row', 'ledger-a').waitFor();
  await page.goBack();
  await until('back is the overview', async () => (await node(page, 'tab', 'Overview').getAttribute('aria-selected')) == 'true');
  await until('its use is counted', async () => (await node(page, 'meter', 'Pods').getAttribute('aria-valuetext')) == '10 of 40');
  await node(page, 'button', 'More').click();
  await node(page, 'menuitem', 'Delete').click();
  await dialog(page).waitFor({ state: 'attached' });
  await type(page, 'Type the name', 'Ledger');
  await press(page, 'Delete');
  await page.waitForURL('**/c-prod/projects');
  check(spaces(s)['ledger-a'] === '', 'its namespace went with it');
});

test('projects: the first two stay; a full project refuses', { path: '/dashboard/c/c-prod/projects/p-def01' }, async (page, s) => {
  await node(page, 'heading', 'Default').waitFor();
  await node(page, 'button', 'More').click();
  check(await node(page, 'menuitem', 'Delete').getAttribute('aria-disabled') == 'true', 'the default project can be deleted');
  await page.keyboard.press('Escape');
  await page.goto(s.url + '/dashboard/c/c-prod/projects/p-pay01#namespaces');
  await node(page, 'button', 'Create namespace').click();
  await focused(page, 'Name');
  await page.keyboard.type('too-much');
  await page.keyboard.press('Enter');
  await alerted(page, 'exceeds the limit of project Payments');
  await page.goto(s.url + '/dashboard/c/c-prod/projects/p-none');
  await alerted(page, 'This project does not exist');
});

test('members: of a project: add a group, change a role, remove', { path: '/dashboard/c/c-prod/projects/p-shop1#members' }, async (page, s) => {
  await node(page, 'row', 'Aiko Tanaka').waitFor();
  await node(page, 'button', 'Add member').click();
  await focused(page, 'Search users and groups');
  await page.keyboard.type('platf');
  await rested(page);
  await node(page, 'button', 'Choose platform').click();
  await type(page, 'Filter roles', 'read');
  await node(page, 'radio', 'Read-only').click();
  await press(page, 'Add member');
  await alerted(page, 'Added platform');
  const made = [...kinds(s, 'projectRoleTemplateBindings').values()].at(-1);
  check(made.groupPrincipalId == 'github_team://41' && made.roleTemplateId == 'read-only' && made.projectId == 'c-prod:p-shop1', 'not what was chosen: ' + JSON.stringify(made));
  await node(page, 'button', 'Actions for Priya Raman').click();
  await node(page, 'menuitem', 'Change role').click();
  await node(page, 'radio', 'Project Member').click();
  await press(page, 'Change');
  await until('it changed', () => kinds(s, 'projectRoleTemplateBindings').get('p-shop1:prtb-3').roleTemplateId == 'project-member');
  await node(page, 'button', 'Actions for Priya Raman').click();
  await node(page, 'menuitem', 'Remove').click();
  await press(page, 'Remove');
  await until('it is gone', () => !kinds(s, 'projectRoleTemplateBindings').has('p-shop1:prtb-3'));
  await until('its row is gone', async () => !(await rows(page)).includes('Priya Raman'));
});

test('members: of a cluster: users and groups with their roles', { path: '/dashboard/c/c-prod/members' }, async (page, s) => {
  await node(page, 'row', 'Jonas Weber').waitFor();
  const row = await node(page, 'row', 'platform').textContent();
  check(row.includes('Cluster Owner'), 'the role is not named: ' + row);
  await node(page, 'button', 'Add member').click();
  await focused(page, 'Search users and groups');
  await page.keyboard.type('priya');
  await rested(page);
  await node(page, 'button', 'Choose Priya Raman').click();
  await type(page, 'Filter roles', 'nodes');
  await node(page, 'radio', 'View Nodes').click();
  await press(page, 'Add member');
  await until('it is there', () => [...kinds(s, 'clusterRoleTemplateBindings').values()].some((b) => b.userId == 'u-5' && b.roleTemplateId == 'nodes-view' && b.clusterId == 'c-prod'));
  await node(page, 'row', 'Priya Raman').waitFor();
});

test('roles: lists, rules with what is inherited, who has them', { path: '/dashboard/roles' }, async (page) => {
  await node(page, 'row', 'Create Clusters').waitFor();
  check((await node(page, 'row', 'Admin').textContent()).includes('Everything'), 'the administrator is not said to have everything');
  await node(page, 'tab', 'Cluster').click();
  await page.waitForURL('**/roles#cluster');
  await node(page, 'link', 'Cluster Member').click();
  await page.waitForURL('**/roles/template/cluster-member');
  await node(page, 'heading', 'Cluster Member').waitFor();
  await said(page, 'Jonas Weber');
  check(!(await page.locator('#mirror').textContent()).includes('Priya Raman'), 'somebody is said to have it who does not');
  await node(page, 'row', 'read (get, list, watch)').first().waitFor();
  check(await node(page, 'button', 'Edit').or(node(page, 'link', 'Edit')).first().getAttribute('aria-disabled') == 'true', 'a built-in role can be edited');
  await page.goBack();
  await until('back in the list', async () => (await node(page, 'tab', 'Cluster').getAttribute('aria-selected')) == 'true');
});

test('roles: one is made with the rule editor, changed, deleted', { path: '/dashboard/roles#project' }, async (page, s) => {
  await node(page, 'link', 'Create role').click();
  await page.waitForURL('**/roles/create/project');
  await focused(page, 'Name');
  await page.keyboard.type('Release manager');
  await alerted(page, 'Rule 1: choose what it may do');
  await node(page, 'checkbox', 'get', true).click();
  await node(page, 'checkbox', 'patch', true).click();
  await type(page, 'Resources', 'deployments, statefulsets');
  await type(page, 'API groups', 'apps');
  await choose(page, 'Inherit a role', 'View Config Maps');
  await node(page, 'button', 'Create', true).click();
  await page.waitForURL(/roles\/template\/rt-/);
  await node(page, 'heading', 'Release manager').waitFor();
  await said(page, 'By inheriting View Config Maps');
  const made = () => [...kinds(s, 'roleTemplates').values()].at(-1);
  check(JSON.stringify([made().context, made().rules, made().roleTemplateIds]) == JSON.stringify(['project', [{ verbs: ['get', 'patch'], apiGroups: ['apps'], resources: ['deployments', 'statefulsets'] }], ['configmaps-view']]), 'not what was typed: ' + JSON.stringify(made()));
  await node(page, 'link', 'Edit').click();
  await page.waitForURL('**/edit');
  await node(page, 'checkbox', 'everything', true).click();
  await node(page, 'button', 'Save', true).click();
  await until('it changed', () => made().rules[0].verbs.join() == '*');
  await node(page, 'row', 'everything deployments').waitFor();
  await node(page, 'button', 'Delete').click();
  await press(page, 'Delete');
  await page.waitForURL('**/dashboard/roles');
  check(made().name != 'Release manager', 'it is still there');
});

test('users: roles of a user, activate, password, delete with the name', { path: '/dashboard/users' }, async (page, s) => {
  await node(page, 'row', 'Aiko Tanaka').waitFor();
  check((await node(page, 'row', 'Aiko Tanaka').textContent()).includes('Create Clusters'), 'the global roles are not shown');
  await node(page, 'link', 'Aiko Tanaka').click();
  await page.waitForURL('**/dashboard/users/u-4');
  await node(page, 'link', 'prod-eu-west / Storefront').waitFor();
  await node(page, 'checkbox', 'Manage Catalogs').click();
  await until('it is given', () => [...kinds(s, 'globalRoleBindings').values()].some((b) => b.userId == 'u-4' && b.globalRoleId == 'catalogs-manage'));
  await node(page, 'checkbox', 'Create Clusters').click();
  await until('it is taken', () => !kinds(s, 'globalRoleBindings').has('grb-5'));
  await node(page, 'button', 'More').click();
  await node(page, 'menuitem', 'Deactivate').click();
  await until('it is off', () => kinds(s, 'users').get('u-4').enabled === false);
  await alerted(page, 'Deactivated');
  await node(page, 'button', 'More').click();
  await node(page, 'menuitem', 'Set password').click();
  await focused(page, 'New password');
  await page.keyboard.type('correct horse battery');
  await press(page, 'Set');
  await until('it is set', () => kinds(s, 'users').get('u-4').password == 'correct horse battery');
  await node(page, 'button', 'More').click();
  await node(page, 'menuitem', 'Delete').click();
  await focused(page, 'Type the name');
  await page.keyboard.type('Aiko Tanaka');
  await press(page, 'Delete');
  await page.waitForURL('**/dashboard/users');
  check(!kinds(s, 'users').has('u-4'), 'it is still there');
  await node(page, 'button', 'Actions for Lena Moser').click();
  check(await node(page, 'menuitem', 'Delete').getAttribute('aria-disabled') == 'true', 'one can delete oneself');
});

test('nodes: reserved of what there is, cordon, drain with its options, stop', { path: '/dashboard/c/c-prod/nodes' }, async (page, s) => {
  await node(page, 'row', 'eu-w1-w-3').waitFor();
  const row = await node(page, 'row', 'eu-w1-w-3').textContent();
  check(/worker/.test(row) && /83%/.test(row) && /81%/.test(row) && /v1.33.4/.test(row), 'the row does not tell: ' + row);
  await node(page, 'button', 'Actions for eu-w1-w-3').click();
  await node(page, 'menuitem', 'Cordon').click();
  await alerted(page, 'Cordoned');
  await until('it is said', async () => /Cordoned/.test(await node(page, 'row', 'eu-w1-w-3').textContent()));
  await node(page, 'button', 'Actions for eu-w1-w-3').click();
  await node(page, 'menuitem', 'Drain').click();
  await node(page, 'checkbox', 'Delete local data').click();
  await type(page, 'Grace period', '30');
  await press(page, 'Drain');
  await said(page, 'draining: 2 of 5 pods are gone');
  const sent = kinds(s, 'nodes').get('c-prod:m-6').drained;
  check(JSON.stringify(sent) == JSON.stringify({ force: false, ignoreDaemonSets: true, deleteLocalData: true, gracePeriod: 30 }), 'not what was chosen: ' + JSON.stringify(sent));
  await node(page, 'button', 'Actions for eu-w1-w-3').click();
  await node(page, 'menuitem', 'Stop draining').click();
  await until('it stopped', () => kinds(s, 'nodes').get('c-prod:m-6').state == 'cordoned');
  await node(page, 'link', 'eu-w1-w-3').click();
  await page.waitForURL('**/r/core/nodes/_/eu-w1-w-3');
});

test('audit: found on the server, more pages, a record beside the list', { path: '/dashboard/audit' }, async (page, s) => {
  await until('a page of records', async () => (await page.locator('#mirror [role=grid]').getAttribute('aria-rowcount')) == '100');
  await node(page, 'button', 'Load older').click();
  await until('two pages', async () => (await page.locator('#mirror [role=grid]').getAttribute('aria-rowcount')) == '200');
  await choose(page, 'Result', 'Refused');
  await page.waitForURL('**/audit?result=refused');
  await said(page, 'cannot delete resource');
  check(s.log.some((l) => l.startsWith('GET /v3/auditlogs') && l.includes('result=refused')), 'the server was not asked');
  await choose(page, 'Result', 'Any result');
  await type(page, 'Resource', 'projects');
  await page.waitForURL('**/audit?resource=projects');
  await until('only those', async () => (await rows(page)).every((r) => r.includes('projects')));
  await page.locator('#mirror [role=row][aria-rowindex="2"]').getByRole('link').click();
  await page.waitForURL(/#\d+$/);
  await said(page, 'spec.resourceQuota.limit.pods');
  await page.reload();
  await said(page, 'Changed projects c-prod/p-shop1');
  await node(page, 'button', 'Close record').click();
  await until('it is closed', async () => !/#/.test(page.url()));
  await page.goBack();
  await node(page, 'heading', 'Record').waitFor();
});

test('access: who can and by which roles, from a link too; what a binding would add', { path: '/dashboard/access' }, async (page, s) => {
  await focused(page, 'Resource');
  await page.keyboard.type('secrets');
  await choose(page, 'In', 'prod-eu-west');
  await node(page, 'button', 'Ask').click();
  await node(page, 'row', 'Aiko Tanaka').waitFor();
  await page.waitForURL('**/access?cluster=c-prod&resource=secrets&verb=get');
  const row = await node(page, 'row', 'Aiko Tanaka').textContent();
  check(/prod-eu-west \/ Storefront/.test(row) && /Project Owner/.test(row), 'the chain is not told: ' + row);
  await page.reload();
  await node(page, 'row', 'platform').waitFor();
  await node(page, 'tab', 'What if').click();
  await page.waitForURL('**#whatif');
  await node(page, 'textbox', 'Search users and groups').click();
  await page.keyboard.type('jonas');
  await node(page, 'button', 'Choose Jonas Weber').click();
  await choose(page, 'Cluster', 'prod-eu-west');
  await choose(page, 'Role', 'View Nodes');
  await node(page, 'button', 'What would it add?').click();
  await until('what it adds', async () => (await page.locator('#mirror [role=grid][aria-label="What it would add"]').getAttribute('aria-rowcount')) == '3');
  check(s.log.filter((l) => l.startsWith('POST /v3/accessreviews')).length == 3, 'asked ' + s.log.filter((l) => l.includes('accessreviews')).length + ' times');
});

test('on a phone: projects, members, roles, nodes are there', { path: '/dashboard/c/c-prod/projects', page: { viewport: { width: 390, height: 844 } } }, async (page, s) => {
  await node(page, 'row', 'Storefront').waitFor();
  for (const [path, name] of [['c/c-prod/members', 'Jonas Weber'], ['c/c-prod/nodes', 'eu-w1-w-3'], ['roles', 'Create Clusters'], ['users', 'Aiko Tanaka']]) {
    await page.goto(s.url + '/dashboard/' + path);
    await node(page, 'row', name).waitFor();
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/phone-${path.replace(/\W/g, '-')}.png` });
  }
});

test('audit: what stands for many, and what was only seen as it was sent', { path: '/dashboard/audit#257' }, async (page) => {
  await node(page, 'heading', 'Record 257').waitFor();
  await said(page, 'Stands for 4,711 more refusals of this kind, under 2 names and more');
  await said(page, 'Names admin, root');
  await page.goto(page.url().replace('#257', '#256'));
  await node(page, 'heading', 'Record 256').waitFor();
  await said(page, 'Changed configmaps shop/colours: what was sent data.sky');
  await said(page, 'Changed configmaps shop/big: not told, what was sent could not be read');
});

// No text of a state or a role is cut where there is room for its column only.
test('on a phone: states whole, a way of access says by what', { path: '/dashboard/access?verb=get&resource=secrets', page: { viewport: { width: 390, height: 844 } } }, async (page, s) => {
  await node(page, 'row', 'Aiko Tanaka').waitFor();
  await said(page, 'prod-eu-west / Storefront: Project Owner \u203a Kubernetes admin');
  await page.goto(s.url + '/dashboard/users');
  await node(page, 'row', 'Old Account').waitFor();
});

await run();
