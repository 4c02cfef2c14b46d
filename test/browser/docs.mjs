// Reads the API reference as a person would: opens BASE_URL/docs, signs up from the page, authorises with the token
// it is shown and calls GET /v1/me. Prints one JSON line; screenshots go to OUT_DIR. Exit status 1 means it failed.
//
// The browser reaches BASE_URL only. Whatever else it asks for is refused and reported.
import { chromium } from "playwright-core";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

const STEP_TIMEOUT_MS = 30_000;

const base = new URL(process.env.BASE_URL);
const outDir = process.env.OUT_DIR;
const executablePath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

const report = {
  ok: false,
  error: null,
  foreign_requests: [],
  console_errors: [],
  policy_violations: [],
  user: null,
  signup: null,
  me: null,
  anonymous_after_reload: false,
  overflows_on_phone: null,
};

// launch gives every browser a new, empty profile in a temporary directory.
const browser = await chromium.launch({
  executablePath,
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    // Below the page, too, no other name resolves.
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${base.hostname}`,
  ],
});

try {
  await readReference(browser);
  report.ok = true;
} catch (error) {
  report.error = String(error.stack ?? error);
} finally {
  await browser.close();
}
console.log(JSON.stringify(report));
process.exitCode = report.ok ? 0 : 1;

async function readReference(browser) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, serviceWorkers: "block" });
  context.setDefaultTimeout(STEP_TIMEOUT_MS);
  await confine(context);
  const page = await context.newPage();
  try {
    await walkThrough(page);
  } catch (error) {
    await page.screenshot({ path: join(outDir, "failure.png"), fullPage: true }).catch(() => {});
    throw error;
  }
}

async function walkThrough(page) {
  await open(page);

  const id = randomBytes(6).toString("hex");
  const user = { email: `reader-${id}@example.com`, name: `Reader ${id}`, password: randomBytes(18).toString("base64url") };
  report.user = { email: user.email, name: user.name };

  const signup = await expand(page, "signup");
  await signup.locator("textarea.body-param__text").fill(JSON.stringify(user));
  const created = await execute(signup);
  report.signup = { status: created.status, email: created.body.user?.email };
  if (created.status !== 201) throw new Error(`signup answered ${created.status}`);

  await authorize(page, created.body.access_token);

  const me = await expand(page, "get-me");
  const answer = await execute(me);
  report.me = { status: answer.status, email: answer.body.email, name: answer.body.name };
  await page.screenshot({ path: join(outDir, "docs-answer.png"), fullPage: true });

  await open(page);
  report.anonymous_after_reload = await page.locator(".auth-wrapper .authorize.unlocked").isVisible();
  await page.screenshot({ path: join(outDir, "docs.png"), fullPage: true });

  await page.setViewportSize({ width: 390, height: 844 });
  await expand(page, "signup");
  report.overflows_on_phone = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth;
  });
  await page.screenshot({ path: join(outDir, "docs-phone.png"), fullPage: true });
}

// confine refuses and records every request that leaves the server under test, and collects what the browser
// complains about.
async function confine(context) {
  const isForeign = (url) => new URL(url).host !== base.host;
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (!isForeign(url)) return route.continue();
    report.foreign_requests.push(url);
    return route.abort();
  });
  await context.routeWebSocket(isForeign, (socket) => {
    report.foreign_requests.push(socket.url());
    return socket.close();
  });
  await context.exposeFunction("reportViolation", (violation) => report.policy_violations.push(violation));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.reportViolation(`${event.effectiveDirective}: ${event.blockedURI}`);
    });
  });
  context.on("console", (message) => {
    if (message.type() === "error") report.console_errors.push(message.text());
  });
  context.on("weberror", (webError) => report.console_errors.push(String(webError.error())));
}

async function open(page) {
  await page.goto(new URL("/docs", base).href);
  await operation(page, "signup").waitFor();
}

// Swagger UI makes an element id of the tag and the operation id.
function operation(page, operationId) {
  return page.locator(`[id="operations-Auth-${operationId}"]`);
}

async function expand(page, operationId) {
  const block = operation(page, operationId);
  await block.locator(".opblock-summary-control").click();
  await block.locator("button.execute").waitFor();
  return block;
}

// execute presses Execute and reads the answer from the page, not from the network.
async function execute(block) {
  await block.locator("button.execute").click();
  const answer = block.locator(".live-responses-table");
  const status = await answer.locator("tbody .response-col_status").first().innerText();
  const body = await answer.locator(".highlight-code pre").first().innerText();
  return { status: Number.parseInt(status, 10), body: JSON.parse(body) };
}

async function authorize(page, token) {
  await page.locator(".auth-wrapper .btn.authorize").click();
  const dialog = page.locator(".dialog-ux .modal-ux");
  await dialog.locator("#auth-bearer-value").fill(token);
  const bearer = dialog.locator(".auth-container", { has: page.locator("#auth-bearer-value") });
  await bearer.getByRole("button", { name: "Apply credentials" }).click();
  await dialog.locator("#auth-bearer-value").waitFor({ state: "detached" });
  await dialog.locator(".close-modal").click();
}
