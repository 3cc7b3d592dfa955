// usage: node compare.mjs PLACE.json READ.json: what a client read must be what the sandbox says that its reports add up to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const [place, read] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")));
const bySubject = (sums) => {
    const lines = sums.map((sum) => `${sum.billing_number} ${sum.currency}: ${sum.amount} in ${sum.count}`);
    return lines.sort();
};

for (const truth of place.truth.reports) {
    const found = read.reports.find(({ report }) => report === truth.report);
    assert.deepEqual(bySubject(found.sums), bySubject(truth.sums), truth.report);
    assert.equal(found.pending, truth.pending, `${truth.report}: rows without a charge yet`);
    assert.ok(found.pages > 1, `${truth.report} was read in one page`);
    assert.ok(truth.sums.length > 0, `${truth.report} has nothing to compare`);
    console.log(`${truth.report}: ${found.rows} rows on ${found.pages} pages, ${found.sums.length} sums, ${found.pending} without a charge yet`);
}
