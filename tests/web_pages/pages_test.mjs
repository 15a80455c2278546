// Looks at every page in a real browser: scripts of attackers, errors, accessibility, keys, dark
// mode, small screens, no JavaScript, live parts. Run by tests/system/pages_test.sh.
import { execFileSync, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import readline from "node:readline";
import assert from "node:assert/strict";

const modules = createRequire(process.env.PATCHMILL_NODE_MODULES + "/");
const { chromium } = modules("playwright-core");
const axe = readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.PATCHMILL_PICTURES || "";

// --- the server under test -----------------------------------------------------------------------
const server = spawn(process.env.PATCHMILL_PAGES_SERVER, ["60"], { stdio: ["pipe", "pipe", "inherit"] });
const lines = readline.createInterface({ input: server.stdout })[Symbol.asyncIterator]();
const head = (await lines.next()).value.split(" ");
const root = head[0].replace(/\/$/, "");
const id = Object.fromEntries(head.slice(1).map((pair) => pair.split("=")));
const tell = async (command) => {
  server.stdin.write(command + "\n");
  assert.equal((await lines.next()).value, "ok");
};

const browser = await chromium.launch({
  executablePath: process.env.PATCHMILL_CHROMIUM || "/usr/bin/chromium",
  args: process.getuid && process.getuid() === 0 ? ["--no-sandbox"] : [],
});

let passed = 0;
const failures = [];
const test = async (name, options, f) => {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10000);
  const troubles = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") troubles.push("console: " + message.text());
  });
  page.on("pageerror", (error) => troubles.push("error: " + error.message));
  page.on("dialog", (dialog) => {
    troubles.push("dialog: " + dialog.message());
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(root)) troubles.push("request to elsewhere: " + request.url());
  });
  try {
    await f(page, troubles);
    assert.deepEqual(troubles, [], "nothing goes wrong in the browser");
    passed += 1;
  } catch (error) {
    failures.push(name);
    console.error("FAILED " + name + "\n  " + String(error.message).split("\n").slice(0, 30).join("\n  "));
  }
  await context.close();
};

const pages = {
  inbox: "/",
  filtered: "/?verdict=fail&q=e",
  empty: "/?q=nothing-has-this",
  series: `/series/${id.v1}/`,
  "series-passed": `/series/${id.v2}/`,
  "series-running": `/series/${id.running}/`,
  "series-hostile": `/series/${id.hostile}/`,
  patch: `/series/${id.v1}/patches/1/`,
  "patch-hostile": `/series/${id.hostile}/patches/1/`,
  "range-diff": `/series/${id.v2}/range-diff/${id.v1}/`,
  node: `/nodes/${id.failed_node}/`,
  "node-hostile": `/nodes/${id.hostile_node}/`,
  log: `/nodes/${id.failed_node}/log`,
  "log-error": `/nodes/${id.failed_node}/log?line=error`,
  "log-search": `/nodes/${id.failed_node}/log?q=KERNEL`,
  "log-hostile": `/nodes/${id.hostile_node}/log?q=script`,
  "log-live": `/nodes/${id.running_node}/log`,
  queue: "/queue/",
  health: "/health/",
  stats: "/stats/",
  about: "/about/",
  projects: "/project/",
  patches: "/project/netdev/list/?state=*&archive=both",
  "patches-filtered": "/project/netdev/list/?q=frames&state=under-review&order=submitter",
  "patches-empty": "/project/netdev/list/?q=nothing-has-this",
  "patches-of-series": `/project/netdev/list/?series=${id.list_series}`,
  "patches-hostile": "/project/evil/list/",
  submission: "/project/netdev/patch/frames-v2-1@example.org/",
  "submission-hostile": "/project/evil/patch/evil-1@example.org/",
  cover: "/project/netdev/cover/frames-v2-0@example.org/",
  todo: "/user/todo/",
  "todo-of-one": "/user/ann/todo/",
};

for (const [name, address] of Object.entries(pages)) {
  await test(`page ${name}`, {}, async (page) => {
    const answer = await page.goto(root + address);
    assert.equal(answer.status(), 200);
    await page.waitForTimeout(150);
    assert.equal(await page.evaluate(() => window.pwned), undefined, "no script of an attacker runs");
    assert.equal(await page.locator("h1").count(), 1, "one first heading");
    assert.equal(await page.evaluate(() => document.querySelectorAll("script:not([src]), [style], [onclick], [onerror], [onload]").length), 0);
    const csp = answer.headers()["content-security-policy"];
    assert.match(csp, /default-src 'self'/);
    assert.doesNotMatch(csp, /unsafe/);
    // The same page again for programs.
    const twin = await (await fetch(root + address, { headers: { Accept: "application/json" } })).json();
    assert.equal(typeof twin, "object");
  });
  await test(`accessibility of ${name}`, {}, async (page) => {
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto(root + address);
      await page.evaluate(axe);
      const result = await page.evaluate(() =>
        window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
      assert.deepEqual(
        result.violations.map((v) => `${scheme}: ${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + (n.any[0] ? n.any[0].message : "")).join(" | ")}`),
        []);
    }
  });
  await test(`${name} on a phone, without JavaScript`, { viewport: { width: 360, height: 640 }, javaScriptEnabled: false, isMobile: true }, async (page) => {
    await page.goto(root + address);
    assert.ok(await page.locator("h1").isVisible());
  });
  await test(`${name} needs no sideways scrolling at 360 px`, { viewport: { width: 360, height: 640 } }, async (page) => {
    await page.goto(root + address);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    const culprits = width > 360 ? await page.evaluate(() =>
      [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > 361 && !e.closest(".scroll, pre")).slice(0, 5).map((e) => e.outerHTML.slice(0, 120))) : [];
    assert.ok(width <= 360, `the page is ${width} px wide: ${culprits.join("\n")}`);
  });
}

for (const width of [360, 1200]) {
  await test(`nothing is cut off at ${width} px`, { viewport: { width, height: 800 } }, async (page) => {
    for (const [name, address] of Object.entries(pages)) {
      await page.goto(root + address);
      const cut = await page.evaluate((wide) => {
        const out = [];
        for (const badge of document.querySelectorAll(".badge")) {
          const box = badge.getBoundingClientRect();
          if (box.left < 0 || box.width === 0) out.push("badge: " + badge.outerHTML);
        }
        for (const table of document.querySelectorAll(wide ? ".scroll table" : ".scroll table.stack")) {
          const scroll = table.parentElement;
          if (scroll.scrollWidth > scroll.clientWidth) out.push("table: " + table.caption.textContent);
        }
        for (const picture of document.querySelectorAll(".newest > svg")) {
          const end = picture.getBoundingClientRect().right - picture.parentElement.getBoundingClientRect().right;
          if (end > 1) out.push("the newest of " + picture.getAttribute("aria-label"));
        }
        return out;
      }, width > 1000);
      assert.deepEqual(cut, [], name);
    }
  });
}

// Before anything is added that nobody wants to see in a manual.
if (pictures) {
  mkdirSync(pictures, { recursive: true });
  const shots = [["inbox", "/?list=netdev.vger.example.org&state=all", 1100, 720, "light"], ["series", pages.series, 1100, 1000, "light"],
    ["log", pages["log-error"], 1100, 640, "dark"], ["phone", pages.series, 360, 640, "light"],
    ["patch", pages.patch, 1100, 900, "light"]];
  for (const [name, address, width, height, colorScheme] of shots) {
    await test("picture " + name, { viewport: { width, height }, colorScheme }, async (page) => {
      await page.goto(root + address);
      await page.waitForTimeout(200);
      await page.screenshot({ path: `${pictures}/${name}.png` });
    });
  }
}

await test("artifacts are saved, not opened", {}, async (page) => {
  await page.goto(`${root}/nodes/${id.hostile_node}/`);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "page.html" }).click()]);
  assert.equal(download.suggestedFilename(), "page.html");
  const answer = await fetch(`${root}/nodes/${id.hostile_node}/artifacts/page.html`);
  assert.match(answer.headers.get("content-disposition"), /^attachment/);
  assert.match(answer.headers.get("content-security-policy"), /sandbox/);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
});

await test("raw logs, mails and reproducers run nothing", {}, async (page) => {
  for (const address of [`/nodes/${id.hostile_node}/log?format=raw`, "/r/evil-1@example.org/raw"]) {
    const answer = await page.goto(root + address);
    assert.match(answer.headers()["content-type"], /^text\/plain/);
    assert.match(answer.headers()["content-security-policy"], /sandbox/);
    assert.equal(await page.evaluate(() => window.pwned).catch(() => undefined), undefined);
  }
});

await test("links in mails go to http and https only, without weight", {}, async (page) => {
  await page.goto(`${root}/series/${id.hostile}/patches/1/`);
  const links = await page.locator("pre.mail a").evaluateAll((all) => all.map((a) => [a.protocol, a.rel, a.href]));
  assert.ok(links.length >= 2);
  for (const [protocol, rel] of links) {
    assert.match(protocol, /^https?:$/);
    assert.match(rel, /nofollow/);
    assert.match(rel, /noopener/);
  }
  const all = await page.locator("a").evaluateAll((list) => list.map((a) => a.href));
  assert.ok(all.every((href) => /^https?:/.test(href)), all.filter((href) => !/^https?:/.test(href)).join());
});

await test("keys go through the list, search and follow", {}, async (page) => {
  await page.goto(root + "/");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await page.keyboard.press("j");
  const second = await page.locator("tr[data-item]").nth(1).locator("a.title").getAttribute("href");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), second);
  assert.equal(await page.locator("tr.at").count(), 1);
  await page.keyboard.press("/");
  await page.keyboard.type("frames");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=frames/);
  assert.ok(!page.url().includes("verdict="), "what is not set is not in the address");
  assert.equal(await page.locator("tr[data-item]").count(), 1);
  await page.locator("a.title").focus();
  const outline = await page.locator("a.title").evaluate((a) => getComputedStyle(a).outlineStyle);
  assert.notEqual(outline, "none", "focus is visible");
});

await test("views are saved in the browser and live in the address", {}, async (page) => {
  await page.goto(root + "/?verdict=fail");
  await page.locator("[data-save-name]").fill("<b>My failures</b>");
  await page.locator("[data-save]").click();
  await page.waitForURL(/name=/);
  assert.equal(await page.locator("h1").textContent(), "<b>My failures</b>");
  await page.goto(root + "/");
  await page.getByRole("link", { name: "My failures" }).click();
  await page.waitForURL(/verdict=fail/);
  await page.getByRole("button", { name: /Forget/ }).click();
  assert.equal(await page.getByRole("link", { name: "My failures" }).count(), 0);
});

await test("paging goes through all series once", { javaScriptEnabled: false }, async (page) => {
  await page.goto(root + "/?state=all");
  const seen = new Set();
  for (let n = 0; n < 10; n += 1) {
    for (const href of await page.locator("a.title").evaluateAll((all) => all.map((a) => a.getAttribute("href")))) {
      assert.ok(!seen.has(href), href + " comes twice");
      seen.add(href);
    }
    const next = page.locator('a[rel="next"]');
    if ((await next.count()) === 0) break;
    await next.click();
  }
  assert.equal(seen.size, 65);
});

await test("lines of a log are addresses, also in folds", {}, async (page) => {
  await page.goto(`${root}/nodes/${id.failed_node}/log#L20`);
  const line = page.locator("#L20");
  await line.waitFor({ state: "visible" });
  assert.ok(await line.evaluate((l) => l.classList.contains("target")));
  await page.goto(`${root}/nodes/${id.failed_node}/log`);
  await page.keyboard.press("e");
  await page.waitForURL(/line=57/);
  assert.match(await page.locator(".log .target").textContent(), /too few arguments/);
  assert.equal(await page.locator(".log details[open]").count(), 0);
  await page.getByRole("button", { name: "Unfold all" }).click();
  assert.ok((await page.locator(".log details[open]").count()) >= 2);
});

await test("a finding stands at its line of the diff", {}, async (page) => {
  await page.goto(`${root}/series/${id.v1}/patches/1/`);
  assert.match(await page.locator("pre.diff .note.error").textContent(), /too few arguments/);
  assert.equal(await page.locator("pre.diff mark").first().textContent(), ", 10");
});

await test("a Message-ID leads to its patch", { javaScriptEnabled: false }, async (page) => {
  await page.goto(root + "/r/frames-v2-2@example.org/");
  assert.equal(new URL(page.url()).pathname, `/series/${id.v2}/patches/2/`);
  await page.goto(root + "/r/frames-v1-0@example.org/");
  assert.equal(new URL(page.url()).pathname, `/series/${id.v1}/`);
});

await test("errors are pages for people", { javaScriptEnabled: false }, async (page, troubles) => {
  const answer = await page.goto(root + "/series/999999/");
  assert.equal(answer.status(), 404);
  assert.match(await page.locator("main").textContent(), /there is no series 999999/);
  assert.ok(await page.getByRole("navigation", { name: "Site" }).isVisible());
  assert.match(troubles.splice(0).join(), /^console: Failed to load resource: [^,]*404[^,]*$/);
});

await test("colours follow the system", { colorScheme: "dark" }, async (page) => {
  await page.goto(root + "/");
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(18, 22, 27)");
});

await test("new series appear by themselves", {}, async (page, troubles) => {
  await page.goto(root + "/");
  await page.locator("#live-state", { hasText: "live" }).waitFor();
  await tell("series net: appears <script>window.pwned=40</script>");
  await page.locator("a.title", { hasText: "net: appears" }).waitFor();
  assert.equal(await page.evaluate(() => window.pwned), undefined);
});

await test("a log grows while it is looked at, then ends", {}, async (page) => {
  await page.goto(`${root}/nodes/${id.running_node}/log`);
  await page.locator("#L2").waitFor();
  await tell("append one \\e[31mred\\e[0m line\\nhalf a");
  await page.locator("#L3").waitFor();
  assert.equal(await page.locator("#L3 .f1").textContent(), "red");
  assert.equal(await page.locator("#L4").count(), 0, "a line is shown when it is whole");
  await tell("append  line <script>window.pwned=41</script>\\n");
  await page.locator("#L4", { hasText: "half a line <script>" }).waitFor();
  await tell("pace 3000");
  await page.locator("#L3004").waitFor();
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  await tell("finish");
  await page.locator("#follow-state", { hasText: "It has ended" }).waitFor();
  await page.getByRole("link", { name: "the whole log" }).click();
  await page.locator("h2", { hasText: "Lines 1 to 1000" }).waitFor();
});

await test("a log reads without JavaScript", { javaScriptEnabled: false }, async (page) => {
  await page.goto(`${root}/nodes/${id.failed_node}/log`);
  await page.getByRole("link", { name: "First error" }).click();
  assert.match(page.url(), /line=57#L57$/);
  assert.match(await page.locator("#L57").textContent(), /too few arguments/);
  await page.locator("summary").first().click();
  assert.ok(await page.locator("#L20").isVisible());
});

await test("a maintainer goes from what is to do to a patch, its comments and its range-diff", { javaScriptEnabled: false }, async (page) => {
  await page.goto(root + "/");
  await page.getByRole("link", { name: "Patches", exact: true }).click();
  await page.getByRole("link", { name: "To do", exact: true }).click();
  await page.getByRole("link", { name: "Ann Example" }).click();
  assert.equal(await page.locator("tr[data-item]").count(), 2);
  await page.locator("a.title", { hasText: "count frames" }).click();
  assert.equal(new URL(page.url()).pathname, "/project/netdev/patch/frames-v2-1%40example.org/");
  assert.deepEqual(await page.locator(".comment h3 > a").allTextContents(), ["Bob Maintainer", "Ann Example", "Cara Coder"]);
  assert.ok((await page.locator(".comment").nth(1).boundingBox()).x > (await page.locator(".comment").nth(0).boundingBox()).x, "an answer is set in");
  assert.equal(await page.locator("details.file[open]").count(), 1);
  await page.locator("details.file > summary").click();
  assert.equal(await page.locator("details.file[open]").count(), 0, "files fold without a script");
  await page.getByRole("link", { name: /^range-diff/ }).click();
  assert.match(page.url(), new RegExp(`/series/${id.v2}/range-diff/${id.v1}/$`));
});

await test("the filter of patches stays in the address", {}, async (page) => {
  await page.goto(root + "/project/netdev/list/");
  await page.getByLabel("State").selectOption("any");
  await page.getByLabel("Delegate").selectOption("nobody");
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/delegate=Nobody/);
  const without = await page.locator("tr[data-item]").count();
  assert.ok(without > 1);
  assert.equal(await page.locator("a.title", { hasText: "v2 1/3" }).count() + await page.locator("a.title", { hasText: "v2,1/3" }).count(), 0);
  await page.getByRole("link", { name: "Submitter" }).click();
  await page.waitForURL(/delegate=Nobody.*order=submitter/);
  assert.equal(await page.locator("tr[data-item]").count(), without);
  assert.equal(await page.locator("th[aria-sort=ascending]").textContent(), "Submitter");
});

let lynx = true;
try {
  execFileSync("lynx", ["-version"], { stdio: "ignore" });
} catch {
  lynx = false;
  console.log("lynx is missing; run script/bootstrap --browser");
}
if (lynx) {
  await test("lynx reads a series, a diff and a log", {}, async () => {
    const read = (address) => execFileSync("lynx", ["-dump", "-width=100", root + address], { encoding: "utf8" });
    const series = read(pages.series);
    for (const text of ["net: count frames", "fail", "too few arguments to function 'frames'", "What ran", "build-um"]) {
      assert.ok(series.includes(text), `"${text}" is in the page`);
    }
    assert.match(read(pages.patch), /13\+\s+trace\("frames-v1"\)/);
    assert.match(read(pages.log), /57\s*net\/core\/frames.c:22:9: error:/);
    assert.match(read(pages.inbox), /fail\s/);
  });
}

await browser.close();
server.stdin.end();
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length ? 1 : 0);
