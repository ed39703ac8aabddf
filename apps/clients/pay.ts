// Pays a contact: pay.ts WALLET CONTACT AMOUNT LINK, while `dsm --home WALLET daemon` runs.
import { readFileSync } from "node:fs";

type Payment = { entry: number; state: "written" | "acknowledged" };
const [wallet, contact, amount, link] = process.argv.slice(2);
const access: { address: string; token: string } = JSON.parse(readFileSync(`${wallet}/daemon.json`, "utf8"));
const answer = await fetch(`http://${access.address}/v1/payments`, {
  method: "POST",
  headers: { "Authorization": `Bearer ${access.token}`, "Content-Type": "application/json" },
  body: JSON.stringify({ contact, amount, link }),
});
if (!answer.ok) throw new Error(await answer.text());
const payment: Payment = await answer.json();
console.log(`entry ${payment.entry} is ${payment.state}`);
