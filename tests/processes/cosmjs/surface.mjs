// Goes through all of CosmJS's Comet38Client in front of one node that runs the kvstore, and holds
// the answers against each other.
//
//     node surface.mjs FOLDER_WITH_NODE_MODULES HOST:PORT
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const [folder, address] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { Comet38Client, connectComet, isComet38Client } = require("@cosmjs/tendermint-rpc");

const limit_ms = 60_000;
const bytes = (text) => new Uint8Array(Buffer.from(text));
const text = (data) => Buffer.from(data).toString();
const hex = (data) => Buffer.from(data).toString("hex");
const sha256 = (data) => createHash("sha256").update(data).digest("hex");

let seen = 0;
function same(what, actual, expected) {
  assert.deepEqual(actual, expected, what);
  ++seen;
}
function check(what, condition) {
  assert.ok(condition, what);
  ++seen;
}

/// The first `count` events of a stream.
function take(what, stream, count) {
  return new Promise((resolve, reject) => {
    const events = [];
    const timer = setTimeout(() => reject(new Error(`no ${what} in time`)), limit_ms);
    const done = (end) => {
      clearTimeout(timer);
      end();
    };
    const subscription = stream.subscribe({
      next: (event) => {
        events.push(event);
        if (events.length < count) return;
        done(() => resolve(events));
        subscription.unsubscribe();
      },
      error: (problem) => done(() => reject(problem)),
      complete: () => done(() => reject(new Error(`${what} ended`))),
    });
  });
}

async function until(what, condition) {
  const end = Date.now() + limit_ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    assert.ok(Date.now() < end, `waited for: ${what}`);
  }
}

async function node_itself(client) {
  const status = await client.status();
  check("a height", status.syncInfo.latestBlockHeight > 0);
  same("catching up", status.syncInfo.catchingUp, false);
  same("length of the node's id", status.nodeInfo.id.length, 20);
  check("version 0.38 or later", /^0\.(38|39|[4-9]\d)\./.test(status.nodeInfo.version));
  same("address of the key", hex(status.validatorInfo.address),
       sha256(status.validatorInfo.pubkey.data).slice(0, 40));
  const genesis = await client.genesis();
  same("chain", genesis.chainId, status.nodeInfo.network);
  check("validators in genesis", genesis.validators.length > 0);
  same("health", await client.health(), null);
  const info = await client.abciInfo();
  check("height of the application", info.lastBlockHeight > 0);
  // The kvstore's own, or that of the seats above it.
  check("length of the application's hash", [8, 32].includes(info.lastBlockAppHash.length));
  const waiting = await client.numUnconfirmedTxs();
  check("waiting transactions", waiting.total >= 0 && waiting.totalBytes >= 0);
  return status.nodeInfo.network;
}

async function send(client, name) {
  const [first, second, third] = ["a", "b", "c"].map((end) => bytes(`${name}${end}=${end}`));
  const committed = await client.broadcastTxCommit({ tx: first });
  same("code of CheckTx", committed.checkTx.code, 0);
  same("code of the transaction", committed.txResult.code, 0);
  same("hash", hex(committed.hash), sha256(first));
  const synced = await client.broadcastTxSync({ tx: second });
  same("sync: code", synced.code, 0);
  same("sync: hash", hex(synced.hash), sha256(second));
  const async = await client.broadcastTxAsync({ tx: third });
  same("async: hash", hex(async.hash), sha256(third));
  await assert.rejects(client.broadcastTxSync({ tx: first }), /tx already exists in cache/);
  const refused = await client.broadcastTxSync({ tx: bytes("no equals sign") });
  check("an invalid transaction is refused", refused.code !== 0);
  return { tx: first, height: committed.height, others: [second, third] };
}

async function found_tx(client, tx, prove) {
  try {
    return await client.tx({ hash: bytes_of(sha256(tx)), prove });
  } catch (problem) {
    if (!/not found/.test(problem.message)) throw problem;
    return undefined;
  }
}

async function transactions(client, sent, name) {
  // A node of CometBFT answers before its index has the block.
  const found = await until("the transaction in the index",
                            () => found_tx(client, sent.tx, true));
  same("tx", found.tx, sent.tx);
  same("its height", found.height, sent.height);
  same("its code", found.result.code, 0);
  const events = found.result.events.filter((event) => event.type === "app");
  check("events of the application",
        events.some((event) => event.attributes.some(
            (row) => row.key === "key" && row.value === `${name}a`)));
  same("what is proved", found.proof.data, sent.tx);
  same("leaf", hex(found.proof.proof.leafHash),
       sha256(Buffer.concat([Buffer.from([0]), Buffer.from(sha256(sent.tx), "hex")])));
  const block = await client.block(sent.height);
  same("root of the proof", hex(found.proof.rootHash), hex(block.block.header.dataHash));
  for (const other of sent.others)
    await until("the others in blocks",
                async () => (await found_tx(client, other, false))?.height >= sent.height);
  await assert.rejects(client.tx({ hash: bytes_of(sha256("never sent")) }), /not found/);

  const query = `app.key = '${name}a'`;
  const search = await client.txSearch({ query, prove: true, page: 1, per_page: 10 });
  same("found by its event", search.totalCount, 1);
  same("what was found", search.txs[0].tx, sent.tx);
  check("with proof", search.txs[0].proof);
  const all = await client.txSearchAll({ query: `tx.height >= ${sent.height}`, per_page: 1 });
  check("found by height, page by page", all.txs.length >= 3 && all.txs.length === all.totalCount);
  const backwards = await client.txSearchAll({ query: `tx.height >= ${sent.height}`,
                                               order_by: "desc" });
  check("backwards", backwards.txs[0].height >= backwards.txs.at(-1).height);
}

const bytes_of = (digits) => new Uint8Array(Buffer.from(digits, "hex"));

async function chain(client, sent, chain_id) {
  const { height } = sent;
  await until("the next block",
              async () => (await client.status()).syncInfo.latestBlockHeight > height);
  const found = await client.block(height);
  const { header } = found.block;
  same("chain of a block", header.chainId, chain_id);
  same("its height", header.height, height);
  same("length of its hash", found.blockId.hash.length, 32);
  check("its transaction", found.block.txs.some((tx) => text(tx) === text(sent.tx)));
  same("its evidence", found.block.evidence, []);
  same("height of its last commit", found.block.lastCommit.height, height - 1);

  const commit = await client.commit(height);
  same("header of a commit", commit.header, header);
  same("block of a commit", hex(commit.commit.blockId.hash), hex(found.blockId.hash));
  same("canonical", commit.canonical, true);
  const next = await client.block(height + 1);
  same("commit in the next block", next.block.lastCommit, commit.commit);
  same("link", hex(next.block.header.lastBlockId.hash), hex(found.blockId.hash));

  const results = await client.blockResults(height);
  same("height of results", results.height, height);
  same("as many results as transactions", results.results.length, found.block.txs.length);
  same("validator updates", results.validatorUpdates, []);

  const metas = await client.blockchain(height, height + 1);
  same("metas, the newest first", metas.blockMetas.map((meta) => meta.header.height),
       [height + 1, height]);
  same("header of a meta", metas.blockMetas[1].header, header);
  same("transactions of a meta", metas.blockMetas[1].numTxs, found.block.txs.length);
  check("size of a meta", metas.blockMetas[1].blockSize > 0);

  const page = await client.blockSearch({ query: `block.height = ${height}`, page: 1,
                                          per_page: 5 });
  same("blocks found", page.totalCount, 1);
  same("the block found", hex(page.blocks[0].blockId.hash), hex(found.blockId.hash));
  const several = await client.blockSearchAll(
      { query: `block.height >= ${height - 1} AND block.height <= ${height}`, per_page: 1,
        order_by: "asc" });
  same("found page by page", several.blocks.map((row) => row.block.header.height),
       [height - 1, height]);
  same("newest block by default", (await client.block()).block.header.height >= height + 1, true);
  await assert.rejects(client.block(1_000_000), /must be less than or equal to the current/);
}

async function validators(client, height) {
  const all = await client.validatorsAll(height);
  same("height of the set", all.blockHeight, height);
  same("its size", all.validators.length, all.total);
  const paged = await client.validatorsAll(height);
  same("the same again", paged, all);
  const first = await client.validators({ height, per_page: 1, page: 1 });
  same("one of a page", first.validators, all.validators.slice(0, 1));
  same("and all of them counted", first.total, all.total);
  const { commit } = await client.commit(height);
  same("a signature each", commit.signatures.length, all.total);
  commit.signatures.forEach((signature, i) => {
    if (signature.blockIdFlag === 2)
      same("in the order of the set", signature.validatorAddress, all.validators[i].address);
  });
}

async function application(client, name) {
  const answer = await client.abciQuery({ path: "/store", data: bytes(`${name}a`) });
  same("value", text(answer.value), "a");
  same("key", text(answer.key), `${name}a`);
  same("code", answer.code, 0);
  check("height", answer.height > 0);
  const nothing = await client.abciQuery({ path: "/store", data: bytes("nobody wrote this") });
  same("no value", text(nothing.value), "");
}

async function subscriptions(client, name) {
  const blocks = take("block", client.subscribeNewBlock(), 2);
  const headers = take("header", client.subscribeNewBlockHeader(), 3);
  const any_tx = take("transaction", client.subscribeTx(), 1);
  const wanted = take("transaction of a query", client.subscribeTx(`app.key = '${name}-wanted'`), 1);
  // A stream subscribes when it is listened to: what is asked after that is answered after it.
  await client.status();
  await client.broadcastTxSync({ tx: bytes(`${name}-other=1`) });
  await client.broadcastTxSync({ tx: bytes(`${name}-wanted=2`) });
  const [tx] = await wanted;
  same("the transaction of the query", text(tx.tx), `${name}-wanted=2`);
  same("its hash", hex(tx.hash), sha256(bytes(`${name}-wanted=2`)));
  same("its code", tx.result.code, 0);
  check("its height", tx.height > 0);
  check("a transaction", (await any_tx)[0].height > 0);
  const [one, two] = await blocks;
  same("blocks in a row", two.header.height, one.header.height + 1);
  same("the one after the other", hex(two.header.lastBlockId.hash),
       hex((await client.block(one.header.height)).blockId.hash));
  const rows = await headers;
  same("headers in a row", rows.map((row) => row.height - rows[0].height), [0, 1, 2]);
  same("as the block has it", rows[0], (await client.block(rows[0].height)).block.header);
}

for (const scheme of ["http", "ws"]) {
  const name = `cosmjs-${scheme}-${process.pid}`;
  const client = await Comet38Client.connect(`${scheme}://${address}`);
  const chain_id = await node_itself(client);
  const sent = await send(client, name);
  await transactions(client, sent, name);
  await chain(client, sent, chain_id);
  await validators(client, sent.height);
  await application(client, name);
  if (scheme === "ws") await subscriptions(client, name);
  client.disconnect();
}
const chosen = await connectComet(`http://${address}`);
check("the client that CosmJS chooses by the version", isComet38Client(chosen));
chosen.disconnect();
console.log(`${seen} answers of ${address} hold`);
process.exit(0);  // CosmJS keeps a timer of a closed socket
