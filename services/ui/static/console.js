// What pages gain with JavaScript. Every page works without it.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const found = event.target.closest?.(selector);
      if (found) act(found, event);
    });

  // Copying: a tick and "Copied" for two seconds in the button's own width.
  on("click", "[data-copy]", async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      const area = document.createElement("textarea"); // a page on plain http has no clipboard object
      area.value = button.dataset.copy;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.classList.add("copied");
    const copied = button.querySelector("[data-copied]");
    copied?.setAttribute("role", "status");
    setTimeout(() => button.classList.remove("copied"), 2000);
  });

  // Theme: kept in a cookie, so that the server paints the next page right at once.
  on("click", "[data-theme-toggle]", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = `kith_theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax`;
  });

  on("click", "[data-dialog]", (button) => document.getElementById(button.dataset.dialog)?.showModal());
  // A question that came with the page stands before the rest of it, too.
  document.querySelectorAll("dialog[open]").forEach((asked) => { asked.close(); asked.showModal(); });
  on("change", "[data-submit]", (field) => field.form.requestSubmit());
  // Sent once: a second click on a form under way does nothing, and the button says that it works.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.submitter?.formTarget) return; // into a frame: a preview, which is made as often as asked for
    if (form.dataset.sent) return event.preventDefault();
    if (form.method !== "post" || event.submitter?.formMethod === "dialog") return;
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // One menu open at a time; Escape and a click elsewhere close it.
  const close = (but) => all("details.drop[open], details.menu[open]").forEach((menu) => menu !== but && (menu.open = false));
  document.addEventListener("click", (event) => close(event.target.closest?.("details")));
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());

  // Charts: the legend is the readout. The values come from the table below the drawing.
  const readable = (chart) => {
    const plot = chart.querySelector(".plot");
    const drawing = plot?.querySelector("svg.drawing");
    const rows = all("tbody tr", chart).map((row) => [...row.cells].map((cell) => cell.textContent));
    if (!drawing || !rows.length || chart.dataset.ready) return;
    chart.dataset.ready = "1";
    const when = chart.querySelector("[data-when]");
    const values = all("[data-column]", chart);
    const shade = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    shade.setAttribute("class", "shade");
    shade.setAttribute("height", "100%");
    shade.setAttribute("width", 100 / rows.length + "%");
    let at = -1;
    const show = (slot) => {
      at = slot;
      const row = rows[slot];
      when.hidden = !row;
      when.textContent = row ? row[0] : "";
      values.forEach((value) => (value.textContent = row ? row[value.dataset.column] : ""));
      if (!row) return shade.remove();
      shade.setAttribute("x", (100 * slot) / rows.length + "%");
      drawing.prepend(shade);
    };
    const point = (event) => {
      const box = drawing.getBoundingClientRect();
      show(Math.min(rows.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * rows.length))));
    };
    plot.addEventListener("pointermove", point);
    plot.addEventListener("pointerdown", point);
    plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && show(-1));
    plot.addEventListener("blur", () => show(-1));
    plot.addEventListener("keydown", (event) => {
      const last = rows.length - 1;
      const to = { ArrowRight: Math.min(last, at + 1), ArrowLeft: Math.max(0, (at < 0 ? rows.length : at) - 1), Home: 0, End: last, Escape: -1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show(to);
    });
  };

  // Names that another service knows are added behind the codes; without them the rows still read.
  const named = async (table) => {
    const places = all("[data-name]", table);
    const ids = [...new Set(places.map((place) => place.dataset.name))];
    if (!ids.length || table.dataset.named) return;
    table.dataset.named = "1";
    try {
      // An address has room for so many.
      for (let first = 0; first < ids.length; first += 200) {
        const some = ids.slice(first, first + 200);
        const answer = await fetch(`${table.dataset.names}?ids=${some.map(encodeURIComponent).join(",")}`);
        const names = answer.ok ? await answer.json() : {};
        places.forEach((place) => {
          if (names[place.dataset.name]) place.textContent = ` ${names[place.dataset.name]}`;
        });
      }
    } catch {
      // The codes stand there already.
    }
  };

  // A fragment that failed shows its own error, which stays inside its place.
  const failed = (event) => {
    const place = event.target.closest?.(".fragment");
    const error = place?.querySelector("template");
    if (!error) return;
    const id = event.detail?.ctx?.response?.headers?.get("x-request-id");
    const shown = error.content.cloneNode(true);
    shown.querySelector("[data-request]").textContent = id || "";
    place.querySelector(".wait")?.remove();
    place.querySelector(".state")?.remove();
    place.append(shown);
    place.setAttribute("aria-busy", "false");
  };
  document.addEventListener("htmx:response:error", failed);
  document.addEventListener("htmx:error", failed);
  document.addEventListener("htmx:after:swap", (event) => {
    const place = event.target.closest?.(".fragment");
    place?.setAttribute("aria-busy", "false");
    start();
  });
  on("click", "[data-retry]", (button) => button.closest(".fragment").dispatchEvent(new Event("retry")));

  // Who is leaving is not called back by a page that renews itself. A download stays here: ten seconds later all goes on.
  let left = -1e5;
  const leaving = () => performance.now() - left < 1e4;
  addEventListener("beforeunload", () => (left = performance.now()));
  for (const step of ["request", "response"])
    document.addEventListener(`htmx:before:${step}`, (event) => {
      if (leaving() && event.target.matches?.("[hx-trigger^=every]")) event.preventDefault();
    });

  // A demo's history, while it arrives: how far it has come, and a fresh page when it is there.
  const history = document.querySelector("[data-history]");
  const watch = async () => {
    const readiness = await fetch("/readyz", { cache: "no-store" }).then((answer) => answer.json(), () => null);
    const check = readiness?.checks?.find((one) => one.name === "demo");
    if (readiness && (!check || check.ok)) {
      const seen = !history.hidden;
      history.hidden = true;
      const busy = leaving() || document.querySelector("dialog[open], form :focus");
      return seen && !busy && document.querySelector("main form[method=post]") === null && location.reload();
    }
    history.hidden = !check;
    if (check) history.querySelector("progress").value = check.done ?? 0;
    setTimeout(watch, 2000);
  };
  if (history) watch();

  // Pages of figures renew themselves every minute, unless somebody is looking elsewhere or has something open or in hand.
  const renew = async () => {
    const shown = document.querySelector("[data-refresh]");
    if (document.hidden || shown.querySelector("details[open]") || document.querySelector("dialog[open]")) return;
    if (shown.contains(document.activeElement) || !getSelection().isCollapsed) return;
    const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-refresh]");
    if (!fresh) return;
    shown.replaceWith(fresh);
    start();
  };
  if (document.querySelector("[data-refresh]")) setInterval(renew, 60000);

  const start = () => {
    all("[data-chart]").forEach(readable);
    all("[data-names]").forEach(named);
  };
  start();
})();
