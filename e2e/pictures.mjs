// Makes the pictures of the README anew: `node pictures.mjs`, with PORTCULLIS naming the binary as for the tests.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { ANSWERED, startBrowser, visitor, walk } from "./harness/browser.mjs";
import { BINARY, startDemo } from "./harness/demo.mjs";
import { person } from "./harness/world.mjs";

const PICTURES = resolve(dirname(fileURLToPath(import.meta.url)), "../docs/pictures");
const SIZE_BYTES_MAX = 200_000;
const WINDOW = { name: "picture", viewport: { width: 1280, height: 940 } };

mkdirSync(PICTURES, { recursive: true });
const browser = await startBrowser();
try {
  await signIn(join(PICTURES, "sign-in.png"));
  await terminal(join(PICTURES, "terminal.png"));
} finally {
  await browser.close();
}

/** Ada's second step: Fabrikam in front, Contoso behind, and who asks for what. */
async function signIn(path) {
  const demo = await startDemo();
  try {
    const ada = await visitor(browser, "picture", WINDOW, { colorScheme: "light" });
    await ada.page.goto(`${demo.payroll}/sign-in`);
    await walk(ada, person("ada@fabrikam.example"), demo.payroll, async (kind) => {
      if (kind !== "code") return undefined;
      await keep(ada.page, path);
      await ada.page.goto(demo.payroll);
      return ANSWERED;
    });
  } finally {
    await demo.stop();
  }
}

/** What the demo prints, as a terminal shows it; on the demo's own ports, so that the addresses are the usual ones. */
async function terminal(path) {
  const said = await introduction();
  const { page } = await visitor(browser, "picture", { ...WINDOW, deviceScaleFactor: 1 });
  await page.setContent(`<!doctype html><style>
    body { margin: 0; background: #10151d; }
    pre { margin: 0; padding: 24px 28px; width: max-content; color: #d6dde8; font: 12px/1.5 "DejaVu Sans Mono", monospace; }
    .prompt { color: #63d0b9; } b { color: #fff; } i { font-style: normal; color: #6cb6ff; text-decoration: underline; }
    </style><pre><span class="prompt">$</span> cargo run --release -- demo\n${html(said)}</pre>`);
  await keep(page.locator("pre"), path);
}

async function introduction() {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-picture-"));
  const environment = { ...process.env, CLICOLOR_FORCE: "1" };
  const child = spawn(BINARY, ["demo", "--fresh"], { cwd: folder, env: environment, stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  for await (const part of child.stdout) {
    said += part;
    if (said.includes("Ctrl-C")) break;
  }
  child.kill("SIGINT");
  await new Promise((settle) => child.once("close", settle));
  rmSync(folder, { recursive: true, force: true });
  if (!said.includes("Ctrl-C")) throw new Error(`the demo did not start; are its ports taken? ${said}`);
  return said.trimEnd();
}

/** Bold and underlined text of a terminal as elements; other colours are dropped. */
function html(text) {
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const marked = escaped.replace(/\x1b\[1m(.*?)\x1b\[0m/g, "<b>$1</b>").replace(/\x1b\[4m(.*?)\x1b\[0m/g, "<i>$1</i>");
  return marked.replace(/\x1b\[\d+m/g, "");
}

async function keep(what, path) {
  await what.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${path}: ${size} bytes`);
  if (size > SIZE_BYTES_MAX) throw new Error(`${path} is larger than ${SIZE_BYTES_MAX} bytes`);
}
