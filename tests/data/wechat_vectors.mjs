// Writes wechat_vectors.json: WeChat's message encryption by two implementations that know nothing of ours.
//
//     npm install --no-save --ignore-scripts wechat-crypto@0.0.2 @wecom/crypto@1.0.1
//     node tests/data/wechat_vectors.mjs > tests/data/wechat_vectors.json
//
// The salt is given, so that the same text has the same cipher whoever encrypts it: who opens one of them opens ours.

import assert from "node:assert";
import crypto from "node:crypto";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.cwd(), "x.js"));
const wecom = require("@wecom/crypto");
const salts = [];
crypto.pseudoRandomBytes = () => salts.shift();
const WXBizMsgCrypt = require("wechat-crypto");

const token = "spamtest";
const key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const appId = "wx2c2769f8efd9abc2";
const timestamp = "1714112445";
const nonce = "415670741";

const tools = {
  "wechat-crypto 0.0.2": (text, salt) => {
    salts.push(salt);
    const one = new WXBizMsgCrypt(token, key, appId);
    const cipher = one.encrypt(text);
    return { cipher, signature: one.getSignature(timestamp, nonce, cipher), opened: one.decrypt(cipher) };
  },
  "@wecom/crypto 1.0.1": (text, salt) => {
    const cipher = wecom.encrypt(key, text, appId, salt);
    return { cipher, signature: wecom.getSignature(token, timestamp, nonce, cipher), opened: wecom.decrypt(key, cipher) };
  },
};

const xml = (content) => `<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${content}]]></Content></xml>`;
// The lengths go around the block of 32 bytes, where filling is easily got wrong: 20 bytes and the AppID stand around a text.
const texts = [
  xml("1"),
  xml("你好，爱奇艺黄金会员 月卡 🎁"),
  xml("AB]]]]><![CDATA[>CD-<&>\"'"),
  ...[25, 26, 27, 57, 58, 59].map((length) => "x".repeat(length)),
  xml("卡".repeat(600)),
];

const vectors = [];
for (const [tool, seal] of Object.entries(tools)) {
  texts.forEach((text, place) => {
    const salt = crypto.createHash("md5").update(`${tool} ${place}`).digest();
    const { cipher, signature, opened } = seal(text, salt);
    assert.equal(opened.message, text);
    assert.equal(opened.id, appId);
    vectors.push({ tool, text, salt: salt.toString("hex"), cipher, signature });
  });
}
console.log(JSON.stringify({ token, key, app_id: appId, timestamp, nonce, vectors }, null, 1));
