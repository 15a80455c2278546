// Makes pages that already work more comfortable: live parts, keys, saved views, logs that grow.
"use strict";
(() => {
  const body = document.body;
  const each = (selector, f) => document.querySelectorAll(selector).forEach(f);
  const say = (text) => {
    const place = document.getElementById("live-state");
    if (place) place.textContent = text;
  };

  // --- times in words, the exact one as a hint ---------------------------------------------------
  const words = (seconds) => {
    const steps = [[60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [2592000, 86400, "day"]];
    for (const [limit, unit, name] of steps) {
      if (seconds < limit) {
        const n = Math.floor(seconds / unit);
        return n + " " + name + (n === 1 ? "" : "s");
      }
    }
    return null;
  };
  const tellTimes = () => {
    each("time[datetime]", (element) => {
      const at = Date.parse(element.getAttribute("datetime"));
      if (Number.isNaN(at)) return;
      if (!element.dataset.exact) element.dataset.exact = element.textContent;
      const away = (Date.now() - at) / 1000;
      const text = words(Math.abs(away));
      element.title = element.dataset.exact;
      element.textContent = text === null ? element.dataset.exact : away < 0 ? "in " + text : text + " ago";
    });
  };

  // --- parts of the page that change -------------------------------------------------------------
  // The page is asked for again and its parts put in place of the old ones. Focus, folds and the
  // place in a list stay.
  let asking = false;
  let again = false;
  const refresh = async () => {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      each("[data-part]", (old) => {
        const next = fresh.getElementById(old.id);
        if (!next || next.innerHTML === old.dataset.source) return;
        const active = document.activeElement;
        const inside = active && old.contains(active) ? active.getAttribute("href") : null;
        const open = [...old.querySelectorAll("details[open] > summary")].map((s) => s.textContent);
        old.dataset.source = next.innerHTML;
        old.replaceChildren(...next.childNodes);
        old.querySelectorAll("details > summary").forEach((summary) => {
          if (open.includes(summary.textContent)) summary.parentElement.open = true;
        });
        if (inside) {
          for (const link of old.querySelectorAll("a[href]")) {
            if (link.getAttribute("href") === inside) {
              link.focus({ preventScroll: true });
              break;
            }
          }
        }
      });
      tellTimes();
      mark();
    } catch {
      // The next event asks again.
    } finally {
      asking = false;
      if (again) {
        again = false;
        later();
      }
    }
  };
  let timer = 0;
  // Many look at the same page: not all of them ask in the same moment.
  const later = () => {
    if (!timer) {
      timer = setTimeout(() => {
        timer = 0;
        if (document.hidden) missed = true;
        else refresh();
      }, 300 + Math.random() * 700);
    }
  };
  let missed = false;
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && missed) {
      missed = false;
      refresh();
    }
  });
  if (body.dataset.live && window.EventSource) {
    each("[data-part]", (part) => (part.dataset.source = part.innerHTML));
    const events = new EventSource(body.dataset.live);
    const kinds = ["series-created", "series-changed", "series-completed", "series-removed", "series-superseded",
      "series-verdict", "node-created", "node-started", "node-done", "mail-queued", "mail-held", "mail-sent",
      "mail-failed", "mail-in-doubt", "mail-dropped", "patch-created", "cover-created", "reset", "message"];
    for (const kind of kinds) events.addEventListener(kind, later);
    events.onopen = () => say("live");
    events.onerror = () => say("not live at the moment");
  }

  // --- keys --------------------------------------------------------------------------------------
  let at = -1;
  const items = () => [...document.querySelectorAll("[data-item]")].filter((item) => item.offsetParent !== null);
  const mark = () => {
    const all = items();
    each("[data-item].at", (item) => item.classList.remove("at"));
    if (at >= 0 && all[at]) all[at].classList.add("at");
  };
  const go = (step) => {
    const all = items();
    if (!all.length) return;
    at = Math.max(0, Math.min(all.length - 1, at + step));
    mark();
    const link = all[at].querySelector("th a, a");
    if (link) link.focus();
    all[at].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
    if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (!search) return;
      search.focus();
      event.preventDefault();
    } else {
      const link = /^[a-z]$/.test(event.key) ? document.querySelector('[data-key="' + event.key + '"]') : null;
      if (link) link.click();
    }
  });

  // --- folds -------------------------------------------------------------------------------------
  const button = (text, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  };
  const foldAll = (open) => each("pre.log details, details.file", (fold) => (fold.open = open));
  each("[data-folds]", (place) =>
    place.append(button("Unfold all", () => foldAll(true)), " ", button("Fold all", () => foldAll(false))));

  // --- saved views: names for filters, kept in this browser --------------------------------------
  const key = "patchmill-views";
  const saved = () => {
    try {
      const list = JSON.parse(localStorage.getItem(key));
      return Array.isArray(list) ? list.filter((v) => v && typeof v.name === "string" && typeof v.query === "string") : [];
    } catch {
      return [];
    }
  };
  const showSaved = () => {
    const list = document.querySelector(".views ul");
    each(".views [data-own]", (item) => item.remove());
    for (const view of saved()) {
      const item = document.createElement("li");
      item.dataset.own = "";
      const link = document.createElement("a");
      link.href = body.dataset.base + "/?" + view.query;
      link.textContent = view.name;
      if (location.search === "?" + view.query) link.setAttribute("aria-current", "page");
      const drop = button("×", () => {
        localStorage.setItem(key, JSON.stringify(saved().filter((other) => other.name !== view.name)));
        showSaved();
      });
      drop.setAttribute("aria-label", "Forget the view " + view.name);
      item.append(link, " ", drop);
      list.append(item);
    }
  };
  const box = document.querySelector(".save");
  if (box && box.dataset.query) {
    const label = document.createElement("label");
    const field = document.createElement("input");
    field.type = "text";
    field.maxLength = 60;
    field.value = box.dataset.name;
    field.dataset.saveName = "";
    label.append("Save as ", field);
    const save = button("Save view", () => {
      const name = field.value.trim().slice(0, 60);
      if (!name) return;
      const query = new URLSearchParams(box.dataset.query);
      query.set("name", name);
      const list = saved().filter((view) => view.name !== name);
      list.push({ name, query: query.toString() });
      try {
        localStorage.setItem(key, JSON.stringify(list.slice(-50)));
      } catch {
        say("this browser keeps nothing");
      }
      location.search = "?" + query.toString();
    });
    save.dataset.save = "";
    box.append(label, " ", save);
  }
  if (box) showSaved();
  // Filters that are not set need not be in the address.
  each("form.filter", (form) =>
    form.addEventListener("submit", () =>
      form.querySelectorAll("input, select").forEach((field) => {
        if (field.name && (!field.value || (field.name === "state" && field.value === "current"))) field.disabled = true;
      })));
  window.addEventListener("pageshow", () => each("form.filter [disabled]", (field) => (field.disabled = false)));

  // --- logs --------------------------------------------------------------------------------------
  const log = document.getElementById("log");
  if (log) {
    const toLine = () => {
      const wanted = /^#L([1-9][0-9]{0,15})$/.exec(location.hash);
      const number = wanted ? wanted[1] : log.dataset.target;
      if (!number) return;
      const line = document.getElementById("L" + number);
      if (line) {
        for (let fold = line.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
        each(".log .target", (other) => other.classList.remove("target"));
        line.classList.add("target");
        line.scrollIntoView({ block: "center" });
      } else if (wanted && new URLSearchParams(location.search).get("line") !== number) {
        location.replace(location.pathname + "?line=" + number + "#L" + number);
      }
    };
    toLine();
    window.addEventListener("hashchange", toLine);

    if (log.dataset.follow && window.EventSource) {
      const state = document.getElementById("follow-state");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = true;
      const label = document.createElement("label");
      label.append(box, " follow the end");
      document.querySelector("[data-follow-box]").append(label);
      state.textContent = "The log grows.";
      const most = 20000;  // lines kept in the page
      const events = new EventSource(log.dataset.follow);
      const toEnd = () => {
        if (box.checked && log.lastElementChild) log.lastElementChild.scrollIntoView({ block: "end" });
      };
      events.addEventListener("lines", (event) => {
        // Made by the same server code as the page; scripts in it would not run in any case.
        log.insertAdjacentHTML("beforeend", JSON.parse(event.data).html);
        while (log.childElementCount > most) log.firstElementChild.remove();
        toEnd();
      });
      events.addEventListener("done", () => {
        events.close();
        state.replaceChildren("It has ended; ");
        const link = document.createElement("a");
        link.href = location.pathname;
        link.textContent = "the whole log";
        state.append(link, ".");
      });
      events.onerror = () => say("not live at the moment");
      events.onopen = () => say("live");
      toEnd();
    }
  }

  tellTimes();
  setInterval(tellTimes, 30000);
})();
