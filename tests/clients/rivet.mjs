// Reads the three reports of charges page by page with Zoom's own SDK, and sums them exactly: the figures of a client that nobody here wrote.
//
// usage: node rivet.mjs PLACE.json, where PLACE.json is what `cost-alerts sandbox --json` prints. Prints JSON: for each report its pages and
// rows, how many rows have no charge yet, and a sum for each billing number and currency.

import { readFileSync } from "node:fs";
import { PhoneS2SAuthClient } from "@zoom/rivet/phone";

const place = JSON.parse(readFileSync(process.argv[2], "utf8"));

// The SDK takes tokens from zoom.us alone, so the token comes from a store.
const tokenStore = {
    async getLatestToken() {
        this.token ??= await mint();
        return this.token;
    },
    storeToken() {
        throw new Error("the SDK fetches no token of its own");
    },
};

async function mint() {
    const body = new URLSearchParams({ grant_type: "account_credentials", account_id: place.account_id });
    const pair = Buffer.from(`${place.client_id}:${place.client_secret}`).toString("base64");
    const answer = await fetch(place.token_url, { method: "POST", headers: { Authorization: `Basic ${pair}` }, body });
    const { access_token, expires_in, scope } = await answer.json();
    const expires = new Date(Date.now() + expires_in * 1000).toISOString();
    // What the SDK itself makes of an answer.
    return { accessToken: access_token, expirationTimeIso: expires, scopes: scope.split(" ") };
}

const { endpoints } = new PhoneS2SAuthClient({
    clientId: place.client_id,
    clientSecret: place.client_secret,
    accountId: place.account_id,
    tokenStore,
    baseUrl: place.api_url,
    disableReceiver: true,
});

const ENDPOINTS = {
    sms: endpoints.reports.getSMSMMSChargesUsageReport,
    call: endpoints.reports.getCallChargesUsageReport,
    // This version has no method for faxes; the request is the SDK's all the same.
    fax: endpoints.buildEndpoint({ method: "GET", urlPathBuilder: () => "/phone/reports/fax_charges" }),
};
const DECIMALS = 10;

/** An amount in units of 10^-10, from its text. The SDK parses JSON numbers; of one with so few digits the text that was sent can be had back. */
function units(amount) {
    const [, sign, whole, part = ""] = /^(-?)(\d{1,15})(?:\.(\d{1,10}))?$/.exec(String(amount)) ?? [];
    if (whole === undefined) {
        throw new Error(`${JSON.stringify(amount)} is no amount`);
    }
    const value = BigInt(whole + part.padEnd(DECIMALS, "0"));
    return sign ? -value : value;
}

/** The amount in plain digits without trailing zeros. */
function plain(value) {
    const digits = (value < 0n ? -value : value).toString().padStart(DECIMALS + 1, "0");
    const part = digits.slice(-DECIMALS).replace(/0+$/, "");
    return (value < 0n ? "-" : "") + digits.slice(0, -DECIMALS) + (part && `.${part}`);
}

/** A billing number by its digits and its extension, since the reports write one number in several ways. */
function identity(text) {
    const [, number, extension] = /^([^a-z]*)(.*)$/i.exec(text ?? "");
    const digits = (part) => part.replace(/\D/g, "");
    if (digits(number) === "") {
        return text?.trim() || "(none)";
    }
    return `+${digits(number)}${digits(extension) && ` Ext. ${digits(extension)}`}`;
}

async function read({ report, array }) {
    const [from, to] = [place.truth.from, place.truth.to].map((moment) => moment.slice(0, 10));
    const query = { from, to, page_size: 300, ...(report === "fax" ? {} : { show_charges_only: true }) };
    const sums = new Map();
    let [pages, rows, pending] = [0, 0, 0];
    do {
        const { data } = await ENDPOINTS[report]({ query });
        pages += 1;
        for (const row of data[array]) {
            rows += 1;
            if (row.charge_status === "pending") {
                pending += 1;
            } else if (units(row.total_charge) !== 0n) {
                const key = JSON.stringify([identity(row.billing_number), row.currency]);
                const { amount, count } = sums.get(key) ?? { amount: 0n, count: 0 };
                sums.set(key, { amount: amount + units(row.total_charge), count: count + 1 });
            }
        }
        query.next_page_token = data.next_page_token;
    } while (query.next_page_token);
    const sum = ([key, { amount, count }]) => {
        const [billing_number, currency] = JSON.parse(key);
        return { billing_number, currency, amount: plain(amount), count };
    };
    return { report, pages, rows, pending, sums: [...sums].map(sum) };
}

const reports = [];
for (const report of place.truth.reports) {
    reports.push(await read(report));
}
console.log(JSON.stringify({ reports }, null, 2));
