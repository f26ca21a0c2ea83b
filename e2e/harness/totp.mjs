// Codes of an authenticator app (RFC 6238: SHA-1, six digits, thirty seconds), each used at most once.

import { createHmac } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP_SECONDS = 30;
const used = new Map();

/** The code of a time step. */
export function codeOfStep(seed, step) {
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(step));
  const digest = createHmac("sha1", bytesOf(seed)).update(moving).digest();
  const offset = digest.at(-1) & 0x0f;
  const number = (digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000;
  return String(number).padStart(6, "0");
}

/** A code that was not used before: a server takes each time step once, so a second code may have to wait for the next. */
export async function freshCode(seed) {
  const now = () => Math.floor(Date.now() / 1000 / STEP_SECONDS);
  while (now() <= (used.get(seed) ?? 0)) {
    await new Promise((settle) => setTimeout(settle, 250));
  }
  used.set(seed, now());
  return codeOfStep(seed, used.get(seed));
}

function bytesOf(base32) {
  let bits = "";
  for (const letter of base32.replace(/[\s=]/g, "").toUpperCase()) {
    bits += ALPHABET.indexOf(letter).toString(2).padStart(5, "0");
  }
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}
