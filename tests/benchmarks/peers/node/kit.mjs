// A worker under Node.js: what worker.py, measure.py and peer_kit.py are under Python, for one peer.

import { createPublicKey, verify as verifySignature } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

// As subject.py and worker.py have them.
const ROUNDS = 30;
const ROUND = 1e-3; // seconds
const MOST_CALLS = 50;

export const LEEWAY = 30; // seconds, for all who can be told

export function caseOf(kind) {
  const { more, ...found } = JSON.parse(readFileSync(process.argv[2], "utf8"))[kind];
  return { ...more, ...found };
}

// The version that is installed beside this file; packages need not export their package.json.
export function versionOf(name) {
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).version;
}

// Node's own verification of the same token, with the key and the bytes at hand.
function bareOf({ token, public_key }) {
  const end = token.lastIndexOf(".");
  const key = createPublicKey(public_key);
  const data = Buffer.from(token.slice(0, end));
  const signature = Buffer.from(token.slice(end + 1), "base64url");
  if (!verifySignature("RSA-SHA256", data, key, signature)) throw new Error("the token is not good");
  return (calls) => {
    const began = process.hrtime.bigint();
    for (let call = 0; call < calls; call++) verifySignature("RSA-SHA256", data, key, signature);
    return Number(process.hrtime.bigint() - began) / 1e9;
  };
}

function each(verify, token) {
  return (calls) => {
    const began = process.hrtime.bigint();
    for (let call = 0; call < calls; call++) verify(token);
    return Number(process.hrtime.bigint() - began) / 1e9;
  };
}

function eachAwaited(verify, token) {
  return async (calls) => {
    const began = process.hrtime.bigint();
    for (let call = 0; call < calls; call++) await verify(token);
    return Number(process.hrtime.bigint() - began) / 1e9;
  };
}

async function accepts(verify, token) {
  try {
    await verify(token);
    return true;
  } catch {
    return false;
  }
}

// The names of the spoilt tokens that are let in. Throws where that makes timing pointless.
async function judge(verify, { token, spoilt, must_refuse }) {
  await verify(token);
  const letIn = [];
  for (const [name, bad] of Object.entries(spoilt)) if (await accepts(verify, bad)) letIn.push(name);
  const wrong = must_refuse.filter((name) => letIn.includes(name));
  if (wrong.length) throw new Error(`it accepts a token that is ${wrong.join(", ")}`);
  return letIn;
}

// As many calls as a round has room for, by how long one takes when the compiler has seen it often enough.
async function callsOf(full) {
  await full(2000);
  return Math.min(MOST_CALLS, Math.max(1, Math.round(ROUND / ((await full(20)) / 20))));
}

async function pair(bare, full, rounds, calls) {
  const least = [Infinity, Infinity];
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 ? [1, 0] : [0, 1]) {
      least[side] = Math.min(least[side], (await (side ? full : bare)(calls)) / calls);
    }
  }
  return least;
}

// `ways` is a list of { name, verify, awaited }; the first one is judged for all.
export async function serve(packageName, kind, ways, remark = null) {
  const given = caseOf(kind);
  const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");
  try {
    const accepted = await judge(ways[0].verify, given);
    const subjects = ways.map(({ name }) => ({ group: "libraries under Node.js", name, kind: "ratio" }));
    say({ node: process.versions.node, version: versionOf(packageName), accepts: accepted, remark, subjects });
  } catch (error) {
    say({ absent: String(error.message) });
    return;
  }
  const timed = [];
  for (const { verify, awaited } of ways) {
    const full = awaited ? eachAwaited(verify, given.token) : each(verify, given.token);
    timed.push({ bare: bareOf(given), full, calls: await callsOf(full) });
  }
  for await (const line of createInterface({ input: process.stdin })) {
    const { share } = JSON.parse(line);
    const rounds = Math.max(1, Math.round(ROUNDS * share));
    const answer = [];
    for (const { bare, full, calls } of timed) answer.push(await pair(bare, full, rounds, calls));
    say(answer);
  }
}
