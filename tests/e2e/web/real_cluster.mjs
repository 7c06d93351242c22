// What a person does with the dashboard, from the first password to signing out, against a real server and a real cluster.
// Started by real_cluster.py, which says where they are in REAL_CLUSTER.
import { spawn, execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { openBrowser, openPage, node, said, alerted, paste, check, until, ready } from './harness.mjs';
import { Steps } from './steps.mjs';

const facts = JSON.parse(process.env.REAL_CLUSTER);
const { url, home, namespace, refused } = facts;
const PASSWORD = 'a password of my own';
const environment = { ...process.env, HOME: home, PATH: `${home}/bin:${process.env.PATH}`, KUBECONFIG: '' };
const agents = [];
const ids = {};

// A shell of the user, on the host where kubectl works.
const shell = (command) => new Promise((done, failed) => {
  execFile('sh', ['-c', command], { env: environment, timeout: 60000 }, (error, out, err) => {
    if (error) failed(new Error(`${command}\n${out}${err}`));
    else done(out.trim());
  });
});
const kubectl = (words) => shell(`kubectl --namespace=${namespace} ${words}`);
const background = (command) => {
  const log = fs.openSync(path.join(home, `agent-${agents.length}.log`), 'w');
  agents.push(spawn('sh', ['-c', 'exec ' + command], { env: environment, stdio: ['ignore', log, log] }));
  return agents.at(-1);
};

const browser = await openBrowser();
const page = await openPage(browser, url, { plain: true, acceptDownloads: true, permissions: ['clipboard-read', 'clipboard-write'] });
const steps = new Steps(page);

// Pieces of what a person does, by role and name.
const open = async (where) => { await page.goto(url + '/dashboard/' + where); await ready(page); };
const fill = async (name, text, enter = false) => {
  const field = node(page, 'textbox', name, true);
  await field.click();
  await until('the field has the keyboard', () => field.getAttribute('data-focused'));
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
  await until(`'${name}' holds what was typed`, async () => (await field.inputValue()) == text);
  if (enter) await page.keyboard.press('Enter');
};
const row = (name) => page.locator(`#mirror [role=row][aria-label="${name}"]`).first();
const cells = (name) => row(name).locator('[role=gridcell]').allTextContents();
const gone = (name) => until(`'${name}' is gone`, async () => (await row(name).count()) == 0);
const enabled = (button) => until(`'${button}' can be pressed`, async () => !(await node(page, 'button', button).getAttribute('aria-disabled')));
const connection = (word) => until(`the connection is '${word}'`, async () =>
  (await page.locator('#mirror [role=status]').allTextContents()).includes(word), 60000);
const log = () => page.locator('#mirror section[aria-label=Logs] [role=log]').textContent().catch(() => '');
const terminal = () => page.locator('#mirror section[aria-label=Shells] [role=log]').textContent().catch(() => '');
const copied = async () => {
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await node(page, 'button', 'Copy', true).click();
  return until('something is copied', () => page.evaluate(() => navigator.clipboard.readText()));
};
const wizard = async (way, name) => {
  await open('clusters/import');
  await node(page, 'radio', way).click();
  await fill('Cluster name', name);
};
const object = async (where) => {
  await open(`c/${ids.main}/r/${where}`);
  const yaml = node(page, 'textbox', 'YAML');
  await yaml.waitFor();
  await yaml.click();
  return yaml.inputValue();
};
const rewrite = async (text) => { await page.keyboard.press('Control+a'); await paste(page, text); };
const download = async (press) => {
  const [file] = await Promise.all([page.waitForEvent('download'), press()]);
  const there = path.join(home, file.suggestedFilename());
  await file.saveAs(there);
  return there;
};

// Signing in.

await steps.do('a wrong password is refused', async () => {
  await page.waitForURL('**/dashboard/login*');
  await page.fill('#username', 'admin');
  await page.fill('#password', 'not the password');
  await page.click('#login .primary');
  await page.getByText('Username or password is wrong').waitFor();
});

await steps.do('sign in with the bootstrap password: a new one is asked for first', async () => {
  await page.fill('#password', facts.password);
  await page.click('#login .primary');
  await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
  await page.goto(url + '/dashboard/clusters');
  await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
  await page.fill('#current', facts.password);
  await page.fill('#new', PASSWORD);
  await page.fill('#again', PASSWORD);
  await page.click('#change .primary');
  await page.waitForURL('**/dashboard/clusters');
  await ready(page);
  await row('local').waitFor();
  await steps.shot('clusters empty');
});

// Importing, each way.

const byCommand = 'import by the command for kubectl: it goes active while one looks';
await steps.do(byCommand, async () => {
  await wizard('Run a command', 'by-command');
  await page.keyboard.press('Enter');
  // The server's certificate is its own, so the command that works there is the one shown first.
  await said(page, 'curl --insecure -sfL ' + url + '/v3/import/');
  await node(page, 'tab', 'kubectl', true).click();
  await said(page, 'kubectl apply -f ' + url + '/v3/import/');
  await node(page, 'tab', 'curl and kubectl').click();
  await said(page, 'curl --insecure');
  const command = await copied();
  await said(page, command);
  await steps.shot('import command');
  check(/deployment.*created/.test(await shell(command)), 'kubectl made no deployment');
  await connection('Active');
  await enabled('Open by-command');
  await steps.shot('import active');
  await node(page, 'button', 'Open by-command').click();
  await page.waitForURL(/\/dashboard\/c\/c-\w+$/);
  ids.command = page.url().split('/').pop();
}, { refused });

const byAgent = 'import by the agent on a host: it goes active while one looks';
await steps.do(byAgent, async () => {
  await wizard('Run the agent elsewhere', 'by-agent');
  await page.keyboard.press('Enter');
  await said(page, 'paddock agent --server ' + url);
  const command = await copied();
  check(/--ca-checksum [0-9a-f]{64} /.test(command), 'no checksum: ' + command);
  background(command);
  await connection('Active');
  await enabled('Open by-agent');
  ids.agent = new URL(page.url()).searchParams.get('cluster');
});

await steps.do('import by kubeconfig: one that is none is refused, and why', async () => {
  await wizard('Use a kubeconfig', 'by-kubeconfig');
  await node(page, 'textbox', 'Kubeconfig').click();
  await paste(page, 'apiVersion: v1\nkind: Config\nclusters: []\n');
  await enabled('Import');
  await node(page, 'button', 'Import', true).click();
  await until('it says what is wrong', async () => /current-context/.test(await page.locator('#mirror').textContent()));
  check((await node(page, 'textbox', 'Kubeconfig').inputValue()).includes('clusters'), 'what was pasted is lost');
  await steps.shot('import kubeconfig refused');
});

const byConfig = 'import by kubeconfig: it goes active while one looks';
await steps.do(byConfig, async () => {
  await wizard('Use a kubeconfig', 'by-kubeconfig');
  await node(page, 'textbox', 'Kubeconfig').click();
  await paste(page, fs.readFileSync(path.join(home, '.kube/config'), 'utf8'));
  await enabled('Import');
  await node(page, 'button', 'Import', true).click();
  await connection('Active');
  await enabled('Open by-kubeconfig');
  await steps.shot('import kubeconfig active');
  ids.config = new URL(page.url()).searchParams.get('cluster');
});
ids.main = ids.command || ids.agent || ids.config;
const imported = ids.command ? byCommand : ids.agent ? byAgent : byConfig;

await steps.do('clusters: state, version, nodes, pods of each', async () => {
  await open('clusters');
  for (const name of ['by-command', 'by-agent', 'by-kubeconfig'].filter((n) => !refused || n != 'by-command')) {
    await row(name).waitFor();
    await until(`${name} is told`, async () => {
      const all = await cells(name);
      return all.includes('Active') && all.includes(facts.version) && (refused || all.includes('1'));
    });
  }
  await steps.shot('clusters');
}, { needs: [imported] });

await steps.do('overview: version, node, capacity, what the cluster holds', async () => {
  await node(page, 'link', ids.command ? 'by-command' : 'by-agent', true).click();
  await page.waitForURL('**/dashboard/c/' + ids.main);
  await said(page, 'Active');
  if (!refused) {
    await node(page, 'link', 'node-1').waitFor();
    await node(page, 'meter', 'CPU').waitFor();
    const pods = Number(await shell('kubectl get pods --all-namespaces --output=name | wc -l'));
    await node(page, 'link', `Pods ${pods}`).waitFor();
  }
  await node(page, 'link', /^Namespaces|^Deployments/).waitFor();
  await steps.shot('overview');
}, { needs: [imported] });

// Pods: list, log, shell.

const explorer = 'explorer: pods as they are, and as they come';
await steps.do(explorer, async () => {
  await open(`c/${ids.main}/r/core/pods?ns=${namespace}`);
  await until('three pods', async () => (await page.locator('#mirror [role=grid]').getAttribute('aria-rowcount').catch(() => 0)) == '3');
  for (const name of ['ticker', 'reader', 'web']) check((await cells(name)).includes('Running'), `${name} does not run: ${await cells(name)}`);
  await kubectl("run newcomer --image=paddock.test/busybox:1 --image-pull-policy=IfNotPresent --overrides='{\"spec\":{\"terminationGracePeriodSeconds\":1}}' --command -- sleep 3600");
  await until('it came and runs', async () => (await cells('newcomer').catch(() => [])).includes('Running'));
  await steps.shot('pods');
}, { needs: [imported], refused });

await steps.do('explorer: a pod is deleted, with a question first, and its row goes', async () => {
  await node(page, 'checkbox', 'Select newcomer').click();
  await node(page, 'button', 'Delete', true).click();
  await node(page, 'dialog', 'Confirm').waitFor();
  await page.locator('#mirror [role=dialog]').getByRole('button', { name: 'Cancel' }).click();
  check(await kubectl('get pod newcomer --output=name') == 'pod/newcomer', 'it was deleted without a yes');
  await node(page, 'button', 'Delete', true).click();
  await page.locator('#mirror [role=dialog]').getByRole('button', { name: 'Delete', exact: true }).click();
  await gone('newcomer');
  check(await kubectl('get pod newcomer --ignore-not-found') == '', 'it is still there');
}, { needs: [explorer], refused });

await steps.do("a pod's log: there, followed, searched", async () => {
  await node(page, 'link', 'ticker', true).click();
  await page.waitForURL('**/ticker');
  await node(page, 'button', 'Log').click();
  const last = async () => Number(/line (\d+)\s*$/.exec(await log())?.[1] ?? -1);
  const first = await until('lines', async () => { const n = await last(); return n > 0 && n; });
  await until('newer lines come by themselves', async () => (await last()) > first + 10, 10000);
  await steps.shot('log');
}, { needs: [explorer], refused });

await steps.do("a pod's shell: a prompt, a command, its output", async () => {
  await node(page, 'button', 'Shell').click();
  await until('a prompt', async () => /[#$]\s*$/.test(await terminal()));
  await page.keyboard.type('echo $((40+2)) from $(hostname)\n');
  await until('the answer', async () => /42 from ticker/.test(await terminal()));
  await page.keyboard.type('tty; stty size\n');
  await until('a terminal with a size', async () => /\/dev\/pts\/\d+\s+\d\d+ \d\d+/.test(await terminal()));
  await page.keyboard.type('sleep 1000\n');
  await until('it sleeps', async () => /sleep 1000/.test(await terminal()));
  await page.keyboard.press('Control+c');
  await page.keyboard.type('echo still; ls /\n');
  await until('Ctrl+C ends what runs', async () => /\nstill/.test(await terminal()));
  await steps.shot('shell and log');
  await page.keyboard.type('exit\n');
  await said(page, 'The shell has ended');
}, { needs: [explorer], refused });

// Objects: edit, conflict, delete.

const edit = 'YAML: edit, see the difference, save, and it is on the cluster';
await steps.do(edit, async () => {
  const text = await object(`core/configmaps/${namespace}/settings#yaml`);
  check(text.includes('colour: green') && !text.includes('managedFields'), 'not the object: ' + text.slice(0, 200));
  await rewrite(text.replace('colour: green', 'colour: blue\n  added: "yes"'));
  await said(page, /colour: green/i);
  await node(page, 'button', 'Review changes').click();
  await said(page, 'Dry run accepted');
  check(await kubectl("get configmap settings --output=jsonpath='{.data.colour}'") == 'green', 'the dry run wrote');
  await steps.shot('yaml review');
  await node(page, 'button', 'Save 2 changes').click();
  await alerted(page, 'Saved settings');
  check(await kubectl("get configmap settings --output=jsonpath='{.data.colour} {.data.added}'") == 'blue yes', 'it is not on the cluster');
}, { needs: [imported] });

await steps.do("YAML: what the cluster refuses is said in the cluster's words, and nothing is lost", async () => {
  const text = await object(`core/configmaps/${namespace}/settings#yaml`);
  await rewrite(text.replace('size: small', 'size: small\n  "not a key!": x'));
  await node(page, 'button', 'Review changes').click();
  await said(page, /not a key!.*valid config key|valid config key/);
  await steps.shot('yaml refused');
  check((await node(page, 'textbox', 'YAML').inputValue()).includes('not a key!'), 'the edit is lost');
  await node(page, 'button', 'Discard').click();
  await until('what the cluster has is back', async () => !(await node(page, 'textbox', 'YAML').inputValue()).includes('not a key!'));
}, { needs: [edit] });

await steps.do('YAML: somebody else changes it meanwhile: told, merged, saved, both changes there', async () => {
  const text = await object(`core/configmaps/${namespace}/settings#yaml`);
  await rewrite(text.replace('size: small', 'size: large'));
  await said(page, /size: small/i);
  await kubectl(`patch configmap settings --patch='{"data":{"colour":"red"}}'`);
  await said(page, 'Somebody else changed it');
  await steps.shot('yaml conflict');
  await node(page, 'button', 'Merge my changes').click();
  const merged = await until('theirs is there', async () => { const t = await node(page, 'textbox', 'YAML').inputValue(); return t.includes('colour: red') && t; });
  check(merged.includes('size: large'), 'mine is lost: ' + merged);
  await node(page, 'button', 'Review changes').click();
  await said(page, 'Dry run accepted');
  await node(page, 'button', 'Save 1 change').click();
  await alerted(page, 'Saved settings');
  // The word of the save before may still stand there: the cluster knows.
  await until('both changes are there', async () => (await kubectl("get configmap settings --output=jsonpath='{.data.colour} {.data.size}'")) == 'red large', 5000);
}, { needs: [edit] });

await steps.do('an object is deleted from its own page, with a question first', async () => {
  await open(`c/${ids.main}/r/core/configmaps?ns=${namespace}`);
  await node(page, 'link', 'doomed', true).click();
  await page.waitForURL('**/doomed');
  await node(page, 'button', 'More actions').click();
  await node(page, 'menuitem', 'Delete').click();
  await page.locator('#mirror [role=dialog]').getByRole('button', { name: 'Delete', exact: true }).click();
  await alerted(page, 'Deleted doomed');
  check(await kubectl('get configmap doomed --ignore-not-found') == '', 'it is still there');
  await page.goBack();
  await row('settings').waitFor();
  await gone('doomed');
}, { needs: [imported] });

await steps.do('any kind: events, nodes, roles, the kinds of a CRD made meanwhile', async () => {
  for (const kind of ['core/events', 'core/nodes', 'rbac.authorization.k8s.io/clusterroles', 'core/secrets', 'core/services']) {
    await open(`c/${ids.main}/r/${kind}`);
    await until(kind + ' is listed', async () => (await page.locator('#mirror [role=grid]').count()) || /here/.test(await page.locator('#mirror').textContent()));
    check(!/cannot be listed/.test(await page.locator('#mirror').textContent()), kind + ' cannot be listed');
  }
}, { needs: [imported] });

// Kubeconfig, links, back.

await steps.do('kubeconfig: downloaded, and an unchanged kubectl works with it', async () => {
  await open('clusters');
  await node(page, 'button', 'Actions for by-agent').click();
  const file = await download(() => node(page, 'menuitem', 'Download kubeconfig').click());
  const got = await shell(`kubectl --kubeconfig=${file} get configmap settings --namespace=${namespace} --output=jsonpath='{.data.size}'`);
  check(got == 'large', 'kubectl says: ' + got);
  check((await shell(`kubectl --kubeconfig=${file} config view --minify --output=jsonpath='{.clusters[0].cluster.server}'`)).startsWith(url + '/k8s/clusters/'), 'it does not lead through Paddock');
}, { needs: [byAgent, edit] });

await steps.do('links lead to where they say, and back leads back', async () => {
  await open(`c/${ids.main}/r/core/configmaps?ns=${namespace}&q=sett`);
  await row('settings').waitFor();
  check((await page.locator('#mirror [role=grid]').getAttribute('aria-rowcount')) == '1', 'the link lost its filter');
  await node(page, 'link', 'settings', true).click();
  await page.waitForURL('**/settings');
  await node(page, 'heading', 'settings').waitFor();
  await node(page, 'tab', 'YAML').click();
  await page.waitForURL('**/settings#yaml');
  await page.goBack();
  await row('settings').waitFor();
  check(page.url().includes('q=sett'), 'back lost the filter: ' + page.url());
  await page.goForward();
  await node(page, 'heading', 'settings').waitFor();
}, { needs: [imported] });

// Losing a cluster, and letting it go.

await steps.do('an agent that ends: its cluster is unavailable within seconds, the others are not', async () => {
  await open('clusters');
  await row('by-agent').waitFor();
  agents[0].kill();
  await until('it is told', async () => (await cells('by-agent'))[0] == 'Unavailable' || (await cells('by-agent')).includes('Unavailable'), 30000);
  check((await cells('by-kubeconfig')).includes('Active'), 'another cluster was lost too');
  await steps.shot('clusters one lost');
}, { needs: [byAgent, byConfig] });

await steps.do('a cluster is removed by its name and goes', async () => {
  await open('clusters');
  await node(page, 'button', 'Actions for by-agent').click();
  await node(page, 'menuitem', 'Remove').click();
  await node(page, 'dialog', 'Confirm').waitFor();
  await fill('Type the name', 'by-agent', true);
  await gone('by-agent');
  check(await kubectl('get configmap settings --output=name') == 'configmap/settings', 'what it held was touched');
}, { needs: [byAgent] });

await steps.do('sign out: pages lead to the form, the old password is none any more', async () => {
  await node(page, 'button', 'Account').click();
  await node(page, 'menuitem', 'Sign out').click();
  await page.waitForURL('**/dashboard/login*');
  await page.goto(`${url}/dashboard/c/${ids.main}`);
  await page.waitForURL('**/dashboard/login?to=*');
  await page.fill('#username', 'admin');
  await page.fill('#password', facts.password);
  await page.click('#login .primary');
  await page.getByText('Username or password is wrong').waitFor();
  await page.fill('#password', PASSWORD);
  await page.click('#login .primary');
  await page.waitForURL('**/dashboard/c/' + ids.main);
  await ready(page);
}, { needs: [imported] });

await steps.do('the page asked no other host', async () => {
  check([...page.hosts].every((h) => h == new URL(url).host), 'asked ' + [...page.hosts]);
});

for (const agent of agents) agent.kill();
await browser.close();
process.exit(steps.end());
