// Each page's mirror, as axe-core judges it: nothing serious. Colours are left out on the canvas's pages, where the mirror is transparent.
import fs from 'node:fs';
import path from 'node:path';
import { test, run, node, check, focused, until, ready } from './harness.mjs';

const source = fs.readFileSync(path.join(process.env.WEB_TEST_MODULES, 'node_modules/axe-core/axe.min.js'), 'utf8');
const judge = async (page, words, rules = { 'color-contrast': { enabled: false } }) => {
  await page.evaluate(source);
  const found = await page.evaluate((rules) => window.axe.run(document, { rules, resultTypes: ['violations'] }), rules);
  const bad = found.violations.filter((v) => v.impact == 'serious' || v.impact == 'critical');
  check(bad.length == 0, `${words}: ` + bad.map((v) => `${v.id} (${v.nodes.length}): ${v.help}; ${v.nodes[0].html.slice(0, 160)}; ${v.nodes[0].failureSummary.replace(/\s+/g, ' ')}`).join('\n'));
};

for (const theme of ['light', 'dark']) {
  test(`sign in, ${theme}`, { path: '/dashboard/login', page: { colorScheme: theme } }, async (page, s) => {
    s.state.loggedIn = false;
    await page.waitForSelector('#username');
    await judge(page, 'sign in', {});
  });
}

const pages = [
  ['clusters', '/dashboard/clusters', 'heading', 'Clusters'], ['import', '/dashboard/clusters/import', 'textbox', 'Cluster name'], ['overview', '/dashboard/c/c-prod', 'meter', 'CPU'],
  ['pods', '/dashboard/c/c-prod/r/core/pods', 'columnheader', 'Restarts'], ['nothing of a kind', '/dashboard/c/c-prod/r/batch/jobs', 'heading', 'Jobs'],
  ['object', '/dashboard/c/c-prod/r/apps/deployments/shop/checkout-api', 'button', 'Scale'], ['pods of an object', '/dashboard/c/c-prod/r/apps/deployments/shop/checkout-api#pods', 'grid', 'Pods'],
  ['yaml', '/dashboard/c/c-prod/r/apps/deployments/shop/checkout-api#yaml', 'textbox', 'YAML'], ['related', '/dashboard/c/c-prod/r/apps/deployments/shop/checkout-api#related', 'heading', 'Owned by'],
  ['events of an object', '/dashboard/c/c-prod/r/apps/deployments/shop/checkout-api#events', 'tab', 'Events'], ['create', '/dashboard/c/c-prod/create', 'textbox', 'YAML'],
  ['users', '/dashboard/users', 'grid', ''], ['keys', '/dashboard/keys', 'row', 'token-8fzk2'], ['settings', '/dashboard/settings', 'heading', 'Settings'], ['preferences', '/dashboard/preferences', 'heading', 'Preferences'],
  ['projects', '/dashboard/c/c-prod/projects', 'row', 'Storefront'], ['project', '/dashboard/c/c-prod/projects/p-shop1', 'meter', 'Pods'], ['members of a project', '/dashboard/c/c-prod/projects/p-shop1#members', 'row', 'Aiko Tanaka'],
  ['namespaces of a project', '/dashboard/c/c-prod/projects/p-shop1#namespaces', 'row', 'shop'], ['project form', '/dashboard/c/c-prod/projects/p-shop1/edit', 'textbox', 'Pods of the project'], ['members', '/dashboard/c/c-prod/members', 'row', 'Jonas Weber'],
  ['nodes', '/dashboard/c/c-prod/nodes', 'row', 'eu-w1-w-3'], ['roles', '/dashboard/roles', 'row', 'Create Clusters'], ['role', '/dashboard/roles/template/cluster-member', 'heading', 'Who has it'],
  ['role form', '/dashboard/roles/create/global', 'textbox', 'Resources'], ['user', '/dashboard/users/u-4', 'link', 'prod-eu-west / Storefront'],
  ['audit', '/dashboard/audit#250', 'heading', 'Record 250'], ['access', '/dashboard/access?verb=get&resource=secrets', 'row', 'Aiko Tanaka'], ['what if', '/dashboard/access#whatif', 'button', 'What would it add?'],
  ['nowhere', '/dashboard/no/such/page', 'text', 'This page does not exist'],
];
for (const [name, path, role, label] of pages) {
  test(name, { path }, async (page) => {
    await (role == 'text' ? page.locator('#mirror').getByText(label).first() : label ? node(page, role, label) : page.locator(`#mirror [role=${role}]`).first()).waitFor({ state: 'attached' });
    await judge(page, name);
  });
}

for (const [name, path, row, item] of [['limits of a namespace', '/dashboard/c/c-prod/projects/p-shop1#namespaces', 'mail', 'Limits'], ['moving a namespace', '/dashboard/c/c-prod/projects/p-shop1#namespaces', 'mail', 'Move to another project'], ['draining a node', '/dashboard/c/c-prod/nodes', 'eu-w1-w-3', 'Drain']]) {
  test(name, { path }, async (page) => {
    await node(page, 'row', row).getByRole('button').last().click();
    await node(page, 'menuitem', item).click();
    await page.locator('#mirror [role=dialog]').waitFor({ state: 'attached' });
    await judge(page, name);
    // With the keyboard alone: into its first field or button, and out of it.
    await page.keyboard.press('Escape');
    await until('it is closed', async () => (await page.locator('#mirror [role=dialog]').count()) == 0);
  });
}

test('making a user', { path: '/dashboard/users' }, async (page) => {
  await node(page, 'row', 'Aiko Tanaka').waitFor();
  await node(page, 'button', 'Create user').click();
  await focused(page, 'Username');
  await judge(page, 'making a user');
  await page.keyboard.press('Tab');
  await focused(page, 'Display name');
  await page.keyboard.press('Tab');
  await focused(page, 'Password');
});

test('what lies over a page: menu, dialog, palette, dock', { path: '/dashboard/c/c-prod/r/core/pods' }, async (page, s) => {
  await node(page, 'columnheader', 'Restarts').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('l');
  await node(page, 'log', '').waitFor({ state: 'attached' });
  await judge(page, 'dock');
  await page.locator('#mirror [role=row][aria-rowindex]').first().getByRole('button').click();
  await node(page, 'menuitem', 'Delete').waitFor();
  await judge(page, 'menu');
  await node(page, 'menuitem', 'Delete').click();
  await node(page, 'dialog', 'Confirm').waitFor();
  await judge(page, 'dialog');
  await page.keyboard.press('Escape');
  await until('it is closed', async () => (await page.locator('#mirror [role=dialog]').count()) == 0);
  await page.keyboard.press('Control+k');
  await focused(page, 'Search everything');
  await judge(page, 'palette');
  await page.goto(s.url + '/dashboard/clusters');
  await ready(page);
});

test('on a phone', { page: { viewport: { width: 390, height: 844 } } }, async (page) => {
  await node(page, 'link', 'API keys').waitFor();
  await judge(page, 'phone');
});

await run();
