// Pays a contact: pay.ts WALLET CONTACT AMOUNT LINK, while `dsm --home WALLET daemon` runs.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const stop = (why: string): never => (console.error(why), process.exit(1));
const [wallet, contact, amount, link] = process.argv.slice(2);
const file = `${wallet}/daemon.json`;
// The lock of the file is free once its daemon is gone, however that ended.
const lives = existsSync(file) && spawnSync("flock", ["--shared", "--nonblock", file, "true"]).status === 1;
if (!lives) stop(`no daemon serves ${wallet}: start \`dsm --home ${wallet} daemon\``);
const access: { address: string; token: string } = JSON.parse(readFileSync(file, "utf8"));
const answer = await fetch(`http://${access.address}/v1/payments`, {
  method: "POST",
  headers: { "Authorization": `Bearer ${access.token}`, "Content-Type": "application/json" },
  body: JSON.stringify({ contact, amount, link }),
});
const said: { entry: number; state: string; error: string } = await answer.json();
console.log(answer.ok ? `entry ${said.entry} is ${said.state}` : stop(said.error));
