// The API's page in a browser: logging in, walking links, filtering, making, changing, an action, deleting. Started by api_page.py.
import { openBrowser, openPage, check, until } from './harness.mjs';

const { url, password } = JSON.parse(process.env.API_PAGE);
const browser = await openBrowser();
let failed = false;
try {
  const page = await openPage(browser, url + '/v3', { plain: true });
  const shown = () => page.evaluate(() => JSON.parse(document.getElementById('data').textContent));
  const dialog = page.locator('dialog');
  const press = (name) => page.getByRole('button', { name, exact: true }).first().click();

  check((await shown()).code === 'Unauthorized', 'nobody sees anything without a login');
  await press('Log in');
  await dialog.getByLabel('username').fill('admin');
  await dialog.getByLabel('password').fill(password);
  await press('Send');
  await page.waitForSelector('a:has-text("/v3/catalogs")');

  // A link of the plain page leads on.
  await page.locator('#json a', { hasText: /\/v3\/catalogs"$/ }).first().click();
  await page.waitForURL(/\/v3\/catalogs$/);
  const before = (await shown()).data.length;
  check(before === 3, 'the catalogs of a fresh server are listed');
  await page.getByLabel('Field').selectOption('name');
  await page.getByLabel('Comparison').selectOption('prefix');
  await page.getByLabel('Value').fill('system');
  await press('Filter');
  await page.waitForURL(/name_prefix=system/);
  check((await shown()).data.length === 1, 'the filter filters');
  await page.goto(url + '/v3/catalogs');

  // The form comes from the schema; what is wrong is said at the field.
  await press('Create catalog');
  await dialog.locator('#f-name').fill('Not A Name');
  await dialog.locator('#f-url').fill('https://example.com/books');
  check((await dialog.locator('.curl').textContent()).includes('"url":"https://example.com/books"'), 'the curl line follows');
  await press('Send');
  await until('the server refuses', async () => /422 InvalidFormat name/.test(await dialog.locator('.problem').textContent()));
  await dialog.locator('#f-name').fill('books');
  await press('Send');
  await page.waitForURL(/\/v3\/catalogs\/books$/);
  check((await shown()).url === 'https://example.com/books', 'it is made');

  await press('Edit');
  await dialog.locator('#f-description').fill('all of them');
  await press('Send');
  await until('it is changed', async () => (await shown().catch(() => ({}))).description === 'all of them');
  await press('Delete');
  await press('Send');
  await page.waitForURL(/\/v3\/catalogs$/);
  await until('it is gone', async () => (await shown().catch(() => ({ data: [] }))).data.length === before);

  // An action with an answer.
  await page.goto(url + '/v3/clusters/local');
  await press('generateKubeconfig');
  await press('Send');
  await dialog.locator('.answer').waitFor();
  check((await dialog.locator('.answer').textContent()).includes('/k8s/clusters/local'), 'the action answers');

  check(page.faults.length === 0, 'the page complains: ' + page.faults[0]);
  check([...page.hosts].every((h) => h === new URL(url).host), 'asked another host: ' + [...page.hosts]);
  console.log('ok    the API page');
} catch (e) {
  failed = true;
  console.log('FAIL  the API page: ' + e.message);
} finally {
  await browser.close();
}
process.exit(failed ? 1 : 0);
