// What an administrator does with projects, members, roles, users, nodes, and how they look up who may and who did; and what the one
// who was given a role sees of it. Started by real_management.py, which says where the server is in REAL.
import { openBrowser, openPage, node, said, alerted, check, until, ready, focused } from './harness.mjs';
import { Steps } from './steps.mjs';

const { url, password, cluster } = JSON.parse(process.env.REAL);
const MINE = 'a password of my own', HIS = 'another password here';
const browser = await openBrowser();
const page = await openPage(browser, url, { plain: true });
const steps = new Steps(page);
const ids = {};

const open = async (where, on = page) => { await on.goto(url + '/dashboard/' + where); await ready(on); };
const dialog = (on = page) => on.locator('#mirror [role=dialog]');
const press = (name) => dialog().getByRole('button', { name, exact: true }).click();
const row = (name) => page.locator(`#mirror [role=row][aria-label="${name}"]`).first();
async function rested() {
  let drawn = -1;
  await until('the page is at rest', async () => { const before = drawn; drawn = await page.evaluate(() => window.frames_drawn); if (before == drawn) return true; await page.waitForTimeout(150); return false; });
}
async function fill(name, text) {
  const field = node(page, 'textbox', name, true);
  await field.click();
  await focused(page, name);
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
  await until(`'${name}' holds what was typed`, async () => (await field.inputValue()) == text || /password/i.test(name));
  await page.waitForTimeout(200);
}
async function choose(box, item) {
  await rested();
  await page.getByRole('button', { name: new RegExp('^' + box + ':') }).first().click();
  await node(page, 'menuitem', item, true).waitFor();
  await rested();
  await node(page, 'menuitem', item, true).click();
}
const api = async (path, on = page) => on.evaluate(async (p) => { const r = await fetch(p, { headers: { Accept: 'application/json' } }); return { status: r.status, body: await r.json().catch(() => null) }; }, path);
const post = (path, body) => page.evaluate(async ([p, b]) => (await fetch(p, { method: 'POST', headers: { Accept: 'application/json', 'Content-Type': 'application/json', 'X-API-CSRF': (/CSRF=([^;]+)/.exec(document.cookie) || [])[1] || '' }, body: JSON.stringify(b) })).status, [path, body]);
const k8s = (path, on = page) => api(`/k8s/clusters/${cluster}${path}`, on);
async function signIn(on, user, old, fresh) {
  await on.goto(url + '/dashboard/login');
  await on.fill('#username', user);
  await on.fill('#password', old);
  await on.click('.primary');
  const change = on.getByRole('heading', { name: 'Choose a password' });
  await Promise.race([change.waitFor(), on.waitForURL('**/dashboard/clusters')]);
  if (await change.isVisible().catch(() => false)) {
    if (await on.locator('#current').isVisible()) await on.fill('#current', old);
    await on.fill('#new', fresh);
    await on.fill('#again', fresh);
    await on.click('#change .primary');
    await on.waitForURL('**/dashboard/clusters');
  }
  await ready(on);
}

await steps.do('sign in', () => signIn(page, 'admin', password, MINE));

await steps.do('users: an account is made and gets a global role', async () => {
  await open('users');
  await node(page, 'button', 'Create user').click();
  await fill('Username', 'jonas');
  await fill('Display name', 'Jonas Weber');
  await fill('Password', HIS);
  await press('Create');
  await row('Jonas Weber').waitFor();
  await steps.shot('users');
  await row('Jonas Weber').getByRole('link').click();
  await page.waitForURL('**/dashboard/users/u-*');
  ids.jonas = decodeURIComponent(page.url().split('/').pop());
  await node(page, 'checkbox', 'Create Clusters').click();
  await until('the binding is there', async () => ((await api('/v3/globalRoleBindings?userId=' + ids.jonas)).body.data || []).some((b) => b.globalRoleId == 'clusters-create'));
  await until('it is ticked', async () => (await node(page, 'checkbox', 'Create Clusters').getAttribute('aria-checked')) == 'true');
  await steps.shot('user');
}, { needs: ['sign in'] });

await steps.do('projects: one with a quota, a namespace in it', async () => {
  await open(`c/${cluster}/projects`);
  await node(page, 'heading', 'Projects and namespaces').waitFor();
  await row('System').waitFor();
  await steps.shot('projects');
  await node(page, 'link', 'Create project').click();
  await fill('Name', 'Shop');
  await choose('Add a limit', 'Pods');
  await fill('Pods of the project', '20');
  await fill('Pods of each namespace', '5');
  await steps.shot('project form');
  await node(page, 'button', 'Create', true).click();
  await page.waitForURL(/projects\/p-[a-z0-9]+$/);
  ids.project = `${cluster}:${page.url().split('/').pop()}`;
  await node(page, 'tab', 'Namespaces').click();
  await node(page, 'button', 'Create namespace').click();
  await fill('Name', 'shop-a');
  await press('Create');
  await row('shop-a').waitFor();
  const ns = await k8s('/api/v1/namespaces/shop-a');
  check(ns.body.metadata.annotations['field.cattle.io/projectId'] == ids.project, 'it is in no project: ' + JSON.stringify(ns.body.metadata));
  await node(page, 'tab', 'Overview').click();
  await until('what it was given is counted', async () => (await node(page, 'meter', 'Pods').getAttribute('aria-valuetext')) == '5 of 20');
  await steps.shot('project');
}, { needs: ['sign in'] });

await steps.do('members: a user gets a role in the project, and has it in the cluster', async () => {
  await open(`c/${cluster}/projects/${ids.project.split(':')[1]}#members`);
  await node(page, 'button', 'Add member').click();
  await focused(page, 'Search users and groups');
  await page.keyboard.type('jonas');
  await node(page, 'button', 'Choose Jonas Weber').click();
  await fill('Filter roles', 'project member');
  await node(page, 'radio', 'Project Member').click();
  await steps.shot('add member');
  await press('Add member');
  await row('Jonas Weber').waitFor();
  await steps.shot('members');
  const his = await openPage(browser, url, { plain: true });
  await signIn(his, 'jonas', HIS, HIS + ' 2');
  ids.his = his;
  await until('he may read pods there', async () => (await k8s('/api/v1/namespaces/shop-a/pods', his)).status == 200, 40000);
  check((await k8s('/api/v1/namespaces/kube-system/pods', his)).status == 403, 'he may read what is not his');
  await open(`c/${cluster}/projects`, his);
  await his.locator('#mirror [role=row][aria-label="Shop"]').first().waitFor({ state: 'attached' });
  check((await his.locator('#mirror [role=row][aria-label="kube-system"]').count()) == 0, 'he sees a namespace that is not his');
  if (process.env.SHOTS) await his.screenshot({ path: process.env.SHOTS + '/his-projects.png' });
}, { needs: ['users: an account is made and gets a global role', 'projects: one with a quota, a namespace in it'] });

await steps.do('roles: one is made with rules of its own', async () => {
  await open('roles#project');
  await row('Project Member').waitFor();
  await steps.shot('roles');
  await node(page, 'link', 'Create role').click();
  await fill('Name', 'Log reader');
  await node(page, 'checkbox', 'get', true).click();
  await fill('Resources', 'pods/log');
  await fill('API groups', 'core');
  await node(page, 'button', 'Create', true).click();
  await page.waitForURL(/roles\/template\/rt-/);
  await node(page, 'heading', 'Log reader').waitFor();
  await node(page, 'row', 'get pods/log').waitFor();
  await steps.shot('role');
}, { needs: ['sign in'] });

await steps.do('nodes: cordon and uncordon reach the cluster', async () => {
  await open(`c/${cluster}/nodes`);
  await row('made-by-hand').waitFor();
  await until('its version is known', async () => /v1\.36/.test(await row('made-by-hand').textContent()));
  await steps.shot('nodes');
  await node(page, 'button', 'Actions for made-by-hand').click();
  await node(page, 'menuitem', 'Cordon').click();
  await until('it takes no pods', async () => (await k8s('/api/v1/nodes/made-by-hand')).body.spec.unschedulable === true);
  await until('it is said', async () => /Cordoned/.test(await row('made-by-hand').textContent()));
  await node(page, 'button', 'Actions for made-by-hand').click();
  await node(page, 'menuitem', 'Drain').click();
  await steps.shot('drain');
  await press('Drain');
  await until('it is drained', async () => /Drained/.test(await row('made-by-hand').textContent()));
  await steps.shot('drained');
  await node(page, 'button', 'Actions for made-by-hand').click();
  await node(page, 'menuitem', 'Uncordon').click();
  await until('it takes pods', async () => !(await k8s('/api/v1/nodes/made-by-hand')).body.spec.unschedulable);
}, { needs: ['sign in'] });

await steps.do('access: who may, by which role; what a binding would add', async () => {
  await open('access?verb=get&resource=pods&cluster=' + cluster);
  await row('Jonas Weber').waitFor();
  const words = await row('Jonas Weber').textContent();
  check(/Project Member/.test(words) && /Shop/.test(words), 'the chain is not told: ' + words);
  await steps.shot('access');
  await node(page, 'tab', 'What if').click();
  await node(page, 'textbox', 'Search users and groups').click();
  await page.keyboard.type('jonas');
  await node(page, 'button', 'Choose Jonas Weber').click();
  await choose('Cluster', 'downstream');
  await choose('Role', 'View Nodes');
  await node(page, 'button', 'What would it add?').click();
  await page.locator('#mirror [role=grid][aria-label="What it would add"]').waitFor({ state: 'attached' });
  await steps.shot('what if');
}, { needs: ['members: a user gets a role in the project, and has it in the cluster'] });

await steps.do('audit: what was done is found, with what changed', async () => {
  await open('audit?verb=create&resource=projects');
  const found = page.locator('#mirror [role=row][aria-rowindex]').first();
  await found.waitFor();
  await steps.shot('audit');
  await found.getByRole('link').click();
  await node(page, 'heading', 'Record').waitFor();
  await said(page, 'Created projects');
  await steps.shot('audit record');
}, { needs: ['projects: one with a quota, a namespace in it'] });

await steps.do('projects: a namespace moves, the project goes, the namespace stays', async () => {
  check((await post('/v3/projects', { type: 'project', name: 'Elsewhere', clusterId: cluster })) == 201, 'no second project could be made');
  await open(`c/${cluster}/projects`);
  await row('Elsewhere').waitFor();
  await node(page, 'button', 'Actions for shop-a').click();
  await node(page, 'menuitem', 'Move to a project').click();
  await choose('To project', 'Elsewhere');
  await press('Move');
  await until('it moved', async () => (await k8s('/api/v1/namespaces/shop-a')).body.metadata.annotations['field.cattle.io/projectId'] != ids.project);
  await until('it is shown where it is', async () => {
    const names = await page.locator('#mirror [role=row][aria-rowindex]').evaluateAll((list) => list.map((r) => r.getAttribute('aria-label')));
    return names.indexOf('shop-a') == names.indexOf('Elsewhere') + 1;
  });
  await until('he has lost it', async () => (await k8s('/api/v1/namespaces/shop-a/pods', ids.his)).status == 403, 40000);
  await node(page, 'button', 'Actions for Shop', true).click();
  await node(page, 'menuitem', 'Delete').click();
  await press('Delete');
  await until('it is gone', async () => (await api('/v3/projects/' + encodeURIComponent(ids.project))).status == 404);
  await until('its row is gone', async () => (await row('Shop').count()) == 0);
  check((await k8s('/api/v1/namespaces/shop-a')).status == 200, 'the namespace went too');
}, { needs: ['members: a user gets a role in the project, and has it in the cluster'] });

await steps.do('users: one who is deactivated is out', async () => {
  await open('users/' + ids.jonas);
  await node(page, 'button', 'More').click();
  await node(page, 'menuitem', 'Deactivate').click();
  await alerted(page, 'Deactivated');
  await until('his session is refused', async () => (await api('/v3/users?me=true', ids.his)).status == 401);
}, { needs: ['members: a user gets a role in the project, and has it in the cluster'] });

await browser.close();
process.exit(steps.end());
