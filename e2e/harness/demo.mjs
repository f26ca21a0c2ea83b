// Starts the demo as a program of its own on free ports, tells where it is, and ends it.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, "../..");
export const BINARY = process.env.PORTCULLIS ?? join(ROOT, "target/debug/portcullis");
const START_LIMIT_MS = 60_000;

/**
 * Starts `portcullis demo --fresh`. The first line it prints with `--output json` tells the addresses:
 * `{"address": "https://localhost:…", "payroll": "…", "certificateAuthority": "/…/ca.pem"}`.
 */
export async function startDemo() {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-e2e-"));
  const [port, payrollPort] = await freePorts(2);
  const child = spawn(
    BINARY,
    [
      ...["demo", "--fresh", "--data", folder, "--tls", "dev", "--output", "json"],
      ...["--port", String(port), "--payroll-port", String(payrollPort)],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const log = [];
  child.stderr.on("data", (bytes) => log.push(bytes.toString()));
  const ended = new Promise((settle) => {
    child.once("exit", settle);
    child.once("error", settle);
  });
  const stop = async () => {
    child.kill("SIGINT");
    const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    const code = await ended;
    clearTimeout(killer);
    rmSync(folder, { recursive: true, force: true });
    return code;
  };
  process.once("exit", () => child.kill("SIGKILL"));
  try {
    const started = JSON.parse(await firstLine(child, ended, log));
    const authority = started.certificateAuthority ? readFileSync(started.certificateAuthority, "utf8") : undefined;
    const address = started.address.replace(/\/$/, "");
    const payroll = started.payroll.replace(/\/$/, "");
    return { address, payroll, authority, folder, stop, log: () => log.join("") };
  } catch (error) {
    await stop();
    throw error;
  }
}

function firstLine(child, ended, log) {
  const said = () => `\n${log.join("").slice(-4000)}`;
  return new Promise((settle, fail) => {
    const lines = createInterface({ input: child.stdout });
    const timer = setTimeout(() => refuse(`the demo said nothing for ${START_LIMIT_MS} ms`), START_LIMIT_MS);
    const refuse = (why, cause) => {
      clearTimeout(timer);
      fail(new Error(`${why}${said()}`, { cause }));
    };
    child.once("error", (cause) => refuse(`${BINARY} could not be started; run \`cargo build\` first`, cause));
    ended.then((code) => refuse(`the demo ended with ${code} before it was ready`));
    lines.once("line", (line) => {
      clearTimeout(timer);
      settle(line);
    });
  });
}

/** Ports that nobody listens on now. All are held open until the last is found, so that they differ. */
export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => new Promise((settle, fail) => {
      const server = createServer();
      server.once("error", fail);
      server.listen(0, "127.0.0.1", () => settle(server));
    })),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((settle) => server.close(settle))));
  return ports;
}
