// Named steps on one page, one after the other: each prints its result and time at once; a failed one does not hide those after it,
// except where they say that they need it.
export class Steps {
  constructor(page, only) {
    this.page = page;
    this.only = only;
    this.begun = Date.now();
    this.passed = new Set();
    this.failed = [];
    this.skipped = [];
  }

  say(words) { console.log(`web: ${((Date.now() - this.begun) / 1000).toFixed(1).padStart(6)} s  ${words}`); }

  // needs: names of steps that must have passed. refused: a reason why this machine cannot do it.
  async do(name, body, { needs = [], refused = '' } = {}) {
    const lacking = needs.find((n) => !this.passed.has(n));
    if (refused || lacking) {
      this.skipped.push(name);
      return this.say(`SKIPPED  ${name}: ${refused || `needs '${lacking}'`}`);
    }
    const faults = this.page.faults.length;
    try {
      await body(this.page);
      if (this.page.faults.length > faults) throw new Error('the page complains: ' + this.page.faults[faults]);
      this.passed.add(name);
      this.say(`ok       ${name}`);
    } catch (e) {
      this.failed.push(name);
      this.say(`FAILED   ${name}: ${e.message.split('\n').slice(0, 8).join('\n      ')}`);
      await this.shot('failed ' + name);
    }
    return undefined;
  }

  // A picture for people, into the folder SHOTS where one is given.
  async shot(name) {
    if (process.env.SHOTS) await this.page.screenshot({ path: `${process.env.SHOTS}/${name.replace(/\W+/g, '-')}.png` });
  }

  end() {
    console.log(`${this.passed.size} passed, ${this.failed.length} failed, ${this.skipped.length} skipped`);
    for (const name of this.failed) console.log('  failed: ' + name);
    return this.failed.length ? 1 : 0;
  }
}
