// Opens PAGE in a browser, connected to BASE_URL with TOKEN and ORG, and prints what it receives as the other listeners
// do, a JSON object a line: {"type":"hello"} once it is live, {"id":...} for each event, {"type":"page",...} for what is
// to be seen, {"type":"problem",...} for what goes wrong. SIGTERM ends it; screenshots go to SCREENSHOT-*.png
// where that is set.
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../browser/package.json", import.meta.url))("playwright-core");

const { PAGE, BASE_URL, TOKEN, ORG, SCREENSHOT } = process.env;
const say = (line) => console.log(JSON.stringify(line));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--no-proxy-server"],
  handleSIGTERM: false,
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
let ending = false;
process.once("SIGTERM", async () => {
  ending = true;
  if (SCREENSHOT) await screenshots();
  await browser.close();
});

page.on("pageerror", (error) => say({ type: "problem", text: String(error) }));
await page.exposeFunction("reportViolation", (text) => say({ type: "problem", text }));
await page.addInitScript(() => {
  document.addEventListener("securitypolicyviolation", (event) => {
    window.reportViolation(`${event.effectiveDirective}: ${event.blockedURI}`);
  });
});

try {
  await page.goto(`${PAGE}#${new URLSearchParams({ base: BASE_URL, token: TOKEN, org: ORG, auto: "1" })}`);
  await follow();
} catch (error) {
  if (!ending) throw error;
}

// follow prints whatever is new on the page until the browser closes.
async function follow() {
  let count = 0;
  for (let state = ""; ; ) {
    const now = await page.waitForFunction(look, { count, state }, { timeout: 0, polling: 20 }).then((handle) => handle.jsonValue());
    if (state === "" && now.state === "live") say({ type: "hello" });
    for (const id of now.ids) say({ id });
    count += now.ids.length;
    if (state !== "" || now.state === "live") state = now.state;
    say({ type: "page", state: now.state, text: now.text, rows: now.rows, newest: now.newest, address: page.url() });
  }
}

// look runs in the page.
function look({ count, state }) {
  const status = document.getElementById("state");
  const list = document.getElementById("events");
  if (window.received.length === count && (status.dataset.kind === state || (state === "" && status.dataset.kind !== "live"))) return null;
  return {
    ids: window.received.slice(count),
    state: status.dataset.kind,
    text: status.textContent,
    rows: list.childElementCount,
    newest: list.firstElementChild?.textContent ?? "",
  };
}

async function screenshots() {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.screenshot({ path: `${SCREENSHOT}-${colorScheme}.png` });
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: `${SCREENSHOT}-phone.png` });
}
