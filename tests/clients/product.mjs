// usage: node product.mjs READ.json CHECK.json: the totals of `cost-alerts check --json` must be what a client that nobody here wrote read.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const [read, check] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")));
assert.equal(check.complete, true);
for (const report of read.reports) {
    const totals = check.totals.filter(({ product }) => product === report.report);
    const ours = totals.filter(({ amount }) => amount !== "0").map((total) => `${total.billing_number} ${total.currency}: ${total.amount}`);
    const theirs = report.sums.map((sum) => `${sum.billing_number} ${sum.currency}: ${sum.amount}`);
    assert.deepEqual(ours.sort(), theirs.sort(), report.report);
    const notPriced = totals.reduce((all, total) => all + (total.not_priced ?? 0), 0);
    assert.equal(notPriced, report.pending, `${report.report}: rows without a charge yet`);
    console.log(`${report.report}: ${ours.length} totals of cost-alerts agree to the last digit, ${notPriced} rows not priced`);
}
