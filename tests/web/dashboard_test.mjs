// The pure functions of web/dashboard.html, on answers as a node gives them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

const page = readFileSync(process.argv[2], "utf8");
const script = page.slice(page.indexOf("<script>") + 8, page.indexOf("</script>"));
const names = ["backoff", "liveness", "margin", "newestSwitches", "ownRole", "pace", "queryValue",
               "redundancy", "remarks", "roleText", "spanText", "staleness", "strip"];
// A syntax error anywhere in the script ends here, and no global of a browser is at hand.
const parts = vm.runInNewContext(`${script}\n;({${names}})`, { atob, TextDecoder, Uint8Array });
const same = (seen, wanted) => assert.deepEqual(JSON.parse(JSON.stringify(seen)), wanted);

const node = (name, role, more = {}) => ({
  name, role, liveness: "alive", quarantined: false, address: name.toUpperCase(), records: "SH.",
  ...more });
const seat = (id, more = {}) => ({
  id, power: "10", state: "healthy", paused: false, leaving: false, run: "0", cools_until: "0",
  counts_from: "1", pending: null, nodes: [node(`${id}-1`, "validator"), node(`${id}-2`, "standby")],
  ...more });
const dead = { liveness: "dead" };
const pending = { from: "a-1", to: "a-2", height: "26", effective_height: "28" };

test("text reaches the page as text only", () => {
  for (const way of ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                     "DOMParser", "createContextualFragment", "new Function"])
    assert.ok(!script.includes(way), way);
});

test("the margin counts the heaviest first, and exactly", () => {
  const four = (more) => ({ total_power: "40", seats: [..."abcd"].map((id, i) => seat(id, more[i])) });
  assert.equal(parts.margin(four({})), 1);
  assert.equal(parts.margin(four({ 0: { nodes: [node("a-1", "validator", dead)] } })), 0);
  assert.equal(parts.margin({ total_power: "60", seats: [..."abcdef"].map((id) => seat(id)) }), 1);
  assert.equal(parts.margin({ total_power: "70", seats: [..."abcdefg"].map((id) => seat(id)) }), 2);
  const wide = ["288230376151711744", "288230376151711744", "288230376151711744", "1"];
  assert.equal(parts.margin({ total_power: "864691128455135233",  // one above three times the first
                              seats: wide.map((power, i) => seat(`s${i}`, { power })) }), 1);
});

test("redundancy has a word, a shape and a colour, all different", () => {
  const states = ["healthy", "exposed", "down"].map((state) => parts.redundancy(seat("a", { state })));
  for (const part of ["word", "shape", "kind"])
    assert.equal(new Set(states.map((state) => state[part])).size, 3, part);
  assert.equal(parts.redundancy(seat("a", {
    nodes: [node("a-1", "validator", dead), node("a-2", "standby")] })).word, "failing over");
  assert.equal(parts.liveness(node("a-1", "standby", { quarantined: true })).word, "quarantined");
});

test("roles tell what is decided from what is in effect", () => {
  const moving = seat("a", { pending });
  assert.equal(parts.roleText(moving, moving.nodes[0]), "validator before 28");
  assert.equal(parts.roleText(moving, moving.nodes[1]), "validator from 28");
  assert.equal(parts.roleText(seat("a"), node("a-2", "standby")), "standby");
  const status = { validator_info: { address: "A-2", voting_power: "0" } };
  same(parts.ownRole(status, { seats: [seat("a")] }), { text: "standby", seat: "a" });
  same(parts.ownRole(status, null), { text: "none", seat: null });
  status.validator_info.voting_power = "10";
  same(parts.ownRole(status, null), { text: "validator", seat: null });
});

test("remarks say what is out of the ordinary", () => {
  same(parts.remarks(seat("a"), 9, { n: "5" }), []);
  same(parts.remarks(seat("a", { run: "3", nodes: [node("a-1", "validator", dead)] }), 9, { n: "5" }),
       ["validator silent for 3 records; moves from 5 on"]);
  const all = parts.remarks(seat("a", { pending, paused: true, leaving: true, cools_until: "40" }), 26,
                            null);
  assert.equal(all.length, 4);
  assert.equal(all[0], "switching from a-1 to a-2: decided at 26, in effect from 28");
});

test("a strip has a cell for each record, the newest right", () => {
  const drawn = parts.strip("SH.");
  assert.equal(drawn.signed, "M61.1 0h.8v8h-.8z");
  assert.equal(drawn.heard, "M62.1 4h.8v4h-.8z");
  assert.equal(drawn.dead, "M63.1 0h.8v2h-.8zM63.1 6h.8v2h-.8z");
  assert.equal(drawn.text, "last 3 records: 1 signed, 1 heard, 1 dead");
  assert.equal(parts.strip("S".repeat(70)).counts.signed, 64);
  assert.equal(parts.strip("").text, "no record yet");
});

test("the pace is that of the block times, which have nanoseconds", () => {
  const meta = (time, num_txs) => ({ header: { time: `2026-01-01T00:00:${time}Z` }, num_txs });
  same(parts.pace([meta("04.500000001", "3"), meta("02.000000001", "2"), meta("01.500000001", "9")]),
       { blocks: 2, mean: 1500, longest: 2500, txs: 5 / 3 });
  assert.equal(parts.pace([meta("01", "0")]), null);
});

test("answers that are no seats are none", () => {
  const value = (text) => ({ value: Buffer.from(text).toString("base64") });
  same(parts.queryValue(value('{"id":"käse"}')), { id: "käse" });
  for (const none of [null, {}, value("no json"), { code: 1, ...value("{}") }])
    assert.equal(parts.queryValue(none), null);
});

test("switches of all seats, the newest first", () => {
  const fact = (height) => ({ from: "x", to: "y", reason: "run", height, effective_height: "0" });
  const found = parts.newestSwitches({ a: { seat: "a", switches: [fact("9"), fact("100")] },
                                       b: { seat: "b", switches: [fact("20")] } }, 2);
  same(found.map((one) => [one.seat, one.height]), [["a", "100"], ["b", "20"]]);
});

test("what is stale says so", () => {
  const seen = { answeredAt: 1000, roseAt: 1000, interval: 500, live: true, problem: null };
  assert.equal(parts.staleness(2000, seen), null);
  assert.match(parts.staleness(9000, { ...seen, problem: "gone" }), /not answered for 8\.0 s \(gone\)/);
  assert.match(parts.staleness(30000, seen), /^Not current/);
  assert.match(parts.staleness(30000, { ...seen, answeredAt: 29000 }), /No new block for 29 s/);
  assert.equal(parts.staleness(30000, { ...seen, answeredAt: 29000, interval: 10000 }), null);
  assert.equal(parts.staleness(30000, { ...seen, answeredAt: 29000, live: false }), null);
  assert.match(parts.staleness(5, { ...seen, answeredAt: null, problem: "gone" }), /does not answer/);
  assert.deepEqual([0, 1, 2, 5, 6, 99].map(parts.backoff), [1000, 1000, 2000, 16000, 30000, 30000]);
  assert.deepEqual([250, 1500, 61000, 600000, 1e7].map(parts.spanText),
                   ["250 ms", "1.5 s", "61 s", "10 min", "3 h"]);
});
